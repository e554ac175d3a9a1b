//! The syntax of an expression: from its text, and as JSON without its places. The build parses what is built in, so that no start of
//! the plugin has to: the parser warms its tables for some 10 ms, which is a third of what a small plan takes.
//!
//! A part of the build script too: it knows nothing else of this crate.

use kube_cel::cel::{
    IdedExpr,
    common::ast::{
        CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, ListExpr, LiteralValue, MapEntryExpr, MapExpr,
        SelectExpr,
    },
    parser::{ParseErrors, Parser},
};
use serde_json::{Value, json};

pub fn parse(text: &str) -> Result<IdedExpr, ParseErrors> {
    Parser::new().enable_optional_syntax(true).parse(text)
}

/// Names are texts, plain literals themselves, all else an object of one member. `None`: a form that no built-in expression has.
// The library uses one direction, the build the other.
#[allow(dead_code)]
pub fn to_json(expression: &IdedExpr) -> Option<Value> {
    let all = |nodes: &[IdedExpr]| nodes.iter().map(to_json).collect::<Option<Vec<Value>>>();
    Some(match &expression.expr {
        Expr::Ident(name) => name.as_str().into(),
        Expr::Literal(literal) => match literal {
            LiteralValue::Null => Value::Null,
            LiteralValue::Boolean(value) => (*value.inner()).into(),
            LiteralValue::Int(value) => (*value.inner()).into(),
            LiteralValue::UInt(value) => json!({ "uint": value.inner() }),
            LiteralValue::Double(value) => json!({ "double": value.inner() }),
            LiteralValue::String(value) => json!({ "text": value.inner() }),
            LiteralValue::Bytes(_) => return None,
        },
        Expr::Call(CallExpr { func_name, target: None, args }) => json!({ func_name: all(args)? }),
        Expr::Call(CallExpr { func_name, target: Some(target), args }) => {
            json!({ "call": [func_name, to_json(target)?, all(args)?] })
        }
        Expr::Select(SelectExpr { operand, field, test: false }) => json!({ "field": [to_json(operand)?, field] }),
        Expr::Select(SelectExpr { operand, field, test: true }) => json!({ "has": [to_json(operand)?, field] }),
        Expr::List(ListExpr { elements, optional_indices }) => json!({ "list": [all(elements)?, optional_indices] }),
        Expr::Map(MapExpr { entries }) => {
            let entry = |entry: &IdedEntryExpr| match &entry.expr {
                EntryExpr::MapEntry(MapEntryExpr { key, value, optional }) => {
                    Some(json!([to_json(key)?, to_json(value)?, optional]))
                }
                EntryExpr::StructField(_) => None,
            };
            json!({ "map": entries.iter().map(entry).collect::<Option<Vec<Value>>>()? })
        }
        Expr::Comprehension(of) => {
            let ComprehensionExpr {
                iter_range,
                iter_var,
                iter_var2,
                accu_var,
                accu_init,
                loop_cond,
                loop_step,
                result,
            } = &**of;
            let parts = [iter_range, accu_init, loop_cond, loop_step, result].map(to_json);
            json!({ "loop": [iter_var, iter_var2, accu_var, parts.into_iter().collect::<Option<Vec<Value>>>()?] })
        }
        Expr::Struct(_) | Expr::Unspecified => return None,
    })
}

/// What [`to_json`] has written. Its places are not known.
#[allow(dead_code)]
pub fn read(stored: &Value) -> Option<IdedExpr> {
    let expr = match stored {
        Value::String(name) => Expr::Ident(name.clone()),
        Value::Null => Expr::Literal(LiteralValue::Null),
        Value::Bool(value) => Expr::Literal(LiteralValue::Boolean((*value).into())),
        Value::Number(value) => Expr::Literal(LiteralValue::Int(value.as_i64()?.into())),
        Value::Object(form) => {
            let (form, value) = form.iter().next()?;
            of_form(form, value)?
        }
        Value::Array(_) => return None,
    };
    Some(IdedExpr { id: 0, expr })
}

fn of_form(form: &str, value: &Value) -> Option<Expr> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let select = |operand: &Value, field: &Value, test| {
        Some(Expr::Select(SelectExpr { operand: Box::new(read(operand)?), field: text(field)?, test }))
    };
    Some(match (form, value.as_array().map_or(&[] as &[Value], Vec::as_slice)) {
        ("uint", _) => Expr::Literal(LiteralValue::UInt(value.as_u64()?.into())),
        ("double", _) => Expr::Literal(LiteralValue::Double(value.as_f64()?.into())),
        ("text", _) => Expr::Literal(LiteralValue::String(value.as_str()?.into())),
        ("call", [name, target, arguments]) => Expr::Call(CallExpr {
            func_name: text(name)?,
            target: Some(Box::new(read(target)?)),
            args: all(arguments.as_array()?)?,
        }),
        ("field", [operand, field]) => select(operand, field, false)?,
        ("has", [operand, field]) => select(operand, field, true)?,
        ("list", [elements, optional]) => {
            let index = |index: &Value| usize::try_from(index.as_u64()?).ok();
            let optional = optional.as_array()?.iter().map(index).collect::<Option<_>>()?;
            Expr::List(ListExpr { elements: all(elements.as_array()?)?, optional_indices: optional })
        }
        ("map", entries) => Expr::Map(MapExpr { entries: entries.iter().map(entry).collect::<Option<_>>()? }),
        ("loop", [item, second, accumulator, parts]) => {
            let [iter_range, accu_init, loop_cond, loop_step, result] = all(parts.as_array()?)?.try_into().ok()?;
            Expr::Comprehension(Box::new(ComprehensionExpr {
                iter_range,
                iter_var: text(item)?,
                iter_var2: text(second),
                accu_var: text(accumulator)?,
                accu_init,
                loop_cond,
                loop_step,
                result,
            }))
        }
        // No function has one of those names.
        (function, arguments) => {
            Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args: all(arguments)? })
        }
    })
}

fn all(stored: &[Value]) -> Option<Vec<IdedExpr>> {
    stored.iter().map(read).collect()
}

fn entry(stored: &Value) -> Option<IdedEntryExpr> {
    let [key, value, optional] = stored.as_array()?.as_slice() else { return None };
    let entry = MapEntryExpr { key: read(key)?, value: read(value)?, optional: optional.as_bool()? };
    Some(IdedEntryExpr { id: 0, expr: EntryExpr::MapEntry(entry) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_whole() {
        for text in [
            "a.b[0].?c.orValue(-1) == 2u ? 'x' : \"y\"",
            "has(a.b) && !(1.5 > a) || null in [true, ?b]",
            "{'k': 1, ?'o': b}",
            "a.exists(i, v, v.all(x, x > i)) && a.map(x, x > 1, x * 2).size() == 0",
            "cel.bind(x, a.b, x.startsWith('p')) && quantity('1Gi').isLessThan(quantity(a))",
        ] {
            let stored = to_json(&parse(text).unwrap()).unwrap();
            assert_eq!(to_json(&read(&stored).unwrap()), Some(stored), "{text}");
        }
    }
}
