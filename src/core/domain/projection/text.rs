//! One text for one value.

use crate::domain::Quantity;
use serde_json::Value;

/// The canonical text of one leaf. What is a quantity is known by kind and path, never guessed from the looks of a value.
pub(super) fn field_text(kind: &str, path: &str, value: &Value) -> String {
    match (kind, value) {
        ("ResourceQuota", _) if path.starts_with("/spec/hard/") => quantity(value),
        ("LimitRange", Value::Array(items)) if path == "/spec/limits" => set(items.iter().map(limit_range_item)),
        (_, Value::String(text)) => text.clone(),
        (_, other) => canonical_json(other),
    }
}

/// Compact JSON with sorted keys; lists are sets, as they are in every kind that we render: sorted, each element once.
/// Null members and empty lists are absent ones.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().filter(|(_, value)| !is_absent(value)).collect();
            members.sort_by_key(|(name, _)| name.as_str());
            object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.as_str(), canonical_json(value))),
            )
        }
        Value::Array(items) => set(items.iter().map(canonical_json)),
        other => other.to_string(),
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

pub(super) fn set(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort_unstable();
    items.dedup();
    format!("[{}]", items.join(","))
}

pub(super) fn object<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut all = String::from("{");
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            all.push(',');
        }
        all.push_str(&json_string(name));
        all.push(':');
        all.push_str(&value);
    }
    all.push('}');
    all
}

pub(super) fn json_string(text: &str) -> String {
    Value::from(text).to_string()
}

/// `{type, max, min, default, defaultRequest, maxLimitRequestRatio}`: maps of quantities but for the type.
fn limit_range_item(item: &Value) -> String {
    let Value::Object(map) = item else {
        return canonical_json(item);
    };
    let mut members: Vec<_> = map.iter().filter(|(_, value)| !is_absent(value)).collect();
    members.sort_by_key(|(name, _)| name.as_str());
    object(members.into_iter().map(|(name, value)| {
        let text = match value {
            Value::Object(resources) => {
                let mut resources: Vec<_> = resources.iter().collect();
                resources.sort_by_key(|(name, _)| name.as_str());
                object(
                    resources
                        .into_iter()
                        .map(|(name, value)| (name.as_str(), json_string(&quantity(value)))),
                )
            }
            other => canonical_json(other),
        };
        (name.as_str(), text)
    }))
}

/// What is no quantity stays as it is: a live document is not ours to refuse.
fn quantity(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse::<Quantity>().map_or(text, |quantity| quantity.to_string())
}
