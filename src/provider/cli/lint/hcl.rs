//! Native syntax.

use super::tree::{Block, Lines, Member, Node, Unreadable};
use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey},
    parser::parse_body,
    structure,
};

/// Functions whose result has each argument, or each element of it, at its own place.
const TRANSPARENT: [&str; 8] = ["merge", "concat", "coalesce", "try", "tolist", "toset", "tomap", "sensitive"];

pub fn blocks(text: &str) -> Result<Vec<Block>, Unreadable> {
    // Some editors write it, and HCL's own scanner skips it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = parse_body(text).map_err(|error| Unreadable {
        line: error.location().line(),
        message: format!("syntax error: {}", error.message().replace('\n', "; ")),
    })?;
    let lines = Lines::of(text);
    Ok(body.blocks().filter_map(|found| block(found, &lines)).collect())
}

fn block(found: &structure::Block, lines: &Lines) -> Option<Block> {
    let mut labels = found.labels.iter().map(|label| label.as_str().to_owned());
    let name = labels.next()?;
    let body = found.body.attributes().map(|attribute| Member {
        name: Some(attribute.key.as_str().to_owned()),
        line: line(&attribute.key, lines),
        value: node(&attribute.value, lines),
    });
    Some(Block { block: found.ident.as_str().to_owned(), name, label: labels.next(), body: body.collect() })
}

fn line(place: &impl Span, lines: &Lines) -> usize {
    place.span().map_or(0, |span| lines.line(span.start))
}

fn node(expression: &Expression, lines: &Lines) -> Node {
    match expression {
        Expression::Object(object) => Node::Object(
            object
                .iter()
                .map(|(key, value)| Member {
                    name: name(key),
                    line: line(key, lines),
                    value: node(value.expr(), lines),
                })
                .collect(),
        ),
        Expression::Array(elements) => Node::List(elements.iter().map(|element| node(element, lines)).collect()),
        Expression::Parenthesis(inner) => node(inner.inner(), lines),
        Expression::Conditional(choice) => {
            Node::Joined([&choice.true_expr, &choice.false_expr].map(|one| node(one, lines)).into())
        }
        Expression::FuncCall(call) => {
            let is_transparent = call.name.namespace.is_empty() && TRANSPARENT.contains(&call.name.name.as_str());
            // `merge(list...)`: the elements of the last argument are the arguments.
            let is_expanded = |at: usize| call.args.expand_final() && at + 1 == call.args.len();
            let arguments = call.args.iter().enumerate().map(|(at, argument)| match node(argument, lines) {
                Node::List(elements) if is_expanded(at) => Node::Joined(elements),
                _ if is_expanded(at) => Node::Opaque,
                other => other,
            });
            if is_transparent { Node::Joined(arguments.collect()) } else { Node::Opaque }
        }
        Expression::ForExpr(each) => {
            let value = node(&each.value_expr, lines);
            let value = if each.grouping { Node::List(vec![value]) } else { value };
            match &each.key_expr {
                None => Node::List(vec![value]),
                Some(key) => Node::Object(vec![Member { name: text(key), line: line(key, lines), value }]),
            }
        }
        _ => Node::Opaque,
    }
}

fn name(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(ident) => Some(ident.as_str().to_owned()),
        ObjectKey::Expression(expression) => text(expression),
    }
}

fn text(expression: &Expression) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}
