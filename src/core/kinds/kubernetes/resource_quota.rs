//! What the pods of a namespace may ask for together.

use crate::kinds::{
    canonical::quantity,
    kind::Kind,
    words::{Rest, list, only},
};
use serde_json::Value;

const HARD: &str = "/spec/hard/";

pub const KIND: Kind = Kind {
    atomic: &["scopeSelector"],
    canonical: |path, value| path.starts_with(HARD).then(|| quantity(value)),
    words,
    has_status: true,
    immutable: &["/spec/scopes"],
    ..Kind::namespaced("v1", "ResourceQuota", "resourcequotas")
};

/// `pods=40 requests.cpu=8 where PriorityClass In [batch]`
fn words(rest: &mut Rest<'_>) -> Vec<String> {
    let hard = rest.take_under(HARD).into_iter();
    let mut words: Vec<String> = hard.map(|(name, quantity)| format!("{name}={quantity}")).collect();
    words.extend(rest.take_as("/spec/scopeSelector", |selector| {
        let expressions = only(selector, &["matchExpressions"])?.get("matchExpressions")?.as_array()?;
        let texts: Option<Vec<String>> = expressions.iter().map(expression).collect();
        Some(format!("where {}", texts?.join(" and ")))
    }));
    words
}

fn expression(expression: &Value) -> Option<String> {
    let expression = only(expression, &["scopeName", "operator", "values"])?;
    let text = |name: &str| expression.get(name)?.as_str();
    Some(format!("{} {} {}", text("scopeName")?, text("operator")?, list(expression.get("values")?)?))
}
