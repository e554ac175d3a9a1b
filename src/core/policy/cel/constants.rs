//! What of a call is known when an expression is loaded, and wrong.

use super::{
    error::ExpressionProblem,
    formats,
    functions::{self, Function},
    tree::Node,
};
use kube_cel::cel::Value;
use std::sync::Arc;

/// What the API server evaluates when it compiles a policy: conversions of literals, regular expressions, formats. It refuses those that
/// fail.
pub(super) fn constant(function: &Function, name: &str, nodes: &[Node]) -> Option<ExpressionProblem> {
    const CONVERSIONS: &[&str] = &["bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"];
    let literal = |node: &Node| match node {
        Node::Literal(value) => Some(value.clone()),
        _ => None,
    };
    let unsupported = |reason| Some(ExpressionProblem::Unsupported { function: name.to_owned(), reason });
    let arguments: Vec<Value> = match (name, nodes) {
        ("getEscapedPath", _) => return unsupported("an address without a path looks like one with the path / here"),
        ("matches", [_, Node::Literal(pattern)]) => vec![Value::String(Arc::default()), pattern.clone()],
        ("format", [Node::Literal(Value::String(pattern)), Node::List(elements)])
            if let Err(problem) = formats::check(pattern, elements.len()) =>
        {
            return Some(ExpressionProblem::Constant(problem));
        }
        (name, [_, zone]) if name.starts_with("get") => {
            let is_offset = |zone: &str| zone == "UTC" || zone.trim_start_matches(['+', '-']).split(':').count() == 2;
            if matches!(zone, Node::Literal(Value::String(zone)) if is_offset(zone)) {
                return None;
            }
            return unsupported("a time zone is written as an offset, like '+02:00'");
        }
        ("format", [Node::Literal(_), Node::List(elements)]) => {
            let elements = elements.iter().map(|element| literal(&element.value)).collect::<Option<Vec<_>>>()?;
            vec![literal(&nodes[0])?, Value::List(Arc::new(elements))]
        }
        (name, [node]) if CONVERSIONS.contains(&name) => vec![literal(node)?],
        _ => return None,
    };
    functions::call(function, &arguments).err().map(ExpressionProblem::Constant)
}
