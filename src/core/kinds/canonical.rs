//! One text for one value.

pub(super) mod policy;

use crate::domain::Quantity;
use serde_json::{Map, Value};

/// Compact JSON with sorted keys; lists are sets, as they are in every kind that we render: sorted, each element once.
/// Null members and empty lists are absent ones.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            write_object(out, members(map).map(|(name, value)| (name, |out: &mut String| write(value, out))))
        }
        Value::Array(items) => write_set(out, items.iter().map(canonical_json)),
        Value::String(text) => write_string(text, out),
        other => out.push_str(&other.to_string()),
    }
}

/// The members that are there, by name. serde_json's map is sorted unless a crate of the build asks it not to be.
fn members(map: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let mut members: Vec<(&str, &Value)> =
        map.iter().filter(|(_, value)| !is_absent(value)).map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members.into_iter()
}

fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

pub(super) fn write_set(out: &mut String, items: impl Iterator<Item = String>) {
    let mut items: Vec<String> = items.collect();
    items.sort_unstable();
    items.dedup();
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(item);
    }
    out.push(']');
}

pub(super) fn write_object<'a>(out: &mut String, members: impl Iterator<Item = (&'a str, impl FnOnce(&mut String))>) {
    out.push('{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        value(out);
    }
    out.push('}');
}

/// Almost every text is plain: only the others take the way through serde_json's escapes.
pub(super) fn write_string(text: &str, out: &mut String) {
    if text.bytes().any(|b| b.is_ascii_control() || matches!(b, b'"' | b'\\')) {
        out.push_str(&Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// What is no quantity stays as it is: a live document is not ours to refuse.
pub(super) fn quantity(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse::<Quantity>().map_or(text, |quantity| quantity.to_string())
}

/// A pointer's last part: one label, tag, quota or policy.
pub fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_text_can_look_like_the_json_around_it() {
        for (text, reason) in [
            ("plain", "nothing to escape"),
            ("two words", "a space"),
            ("\"", "a quotation mark alone"),
            ("\\", "a backslash alone"),
            ("a\nb", "a line break"),
            ("\u{1f}", "the last control character"),
            ("a\",\"b", "two elements of a list"),
        ] {
            let (list, map) = (json!([text]), json!({ text: text }));
            for value in [list, map] {
                let read: Option<Value> = serde_json::from_str(&canonical_json(&value)).ok();
                assert_eq!(read, Some(value), "{reason}");
            }
        }
    }
}
