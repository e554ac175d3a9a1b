//! What the text of an object is made of: the fields that are still without words, rows, and small things of JSON.

pub(super) mod network;
pub(super) mod policy;
mod row;
mod value;

pub(super) use row::{Row, leaf_rows};
pub(super) use value::whole_value;
pub use value::{legible, value};

use crate::domain::Fields;
use serde_json::{Map, Value};

/// Fields that no words were found for yet. Words take only what they tell whole, so that no field changes unseen.
pub(super) struct Rest<'a>(Vec<(&'a str, &'a str)>);

// === impl Rest ===

impl<'a> Rest<'a> {
    pub fn of(fields: &'a Fields) -> Self {
        Self(fields.iter().map(|field| (field.path, field.text)).collect())
    }

    pub fn get(&self, path: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| *other == path).map(|(_, text)| *text)
    }

    pub fn take(&mut self, path: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(other, _)| *other == path)?;
        Some(self.0.remove(at).1)
    }

    /// One scalar under its own name.
    pub fn take_row(&mut self, path: &str, name: &str) -> Option<Row> {
        self.take(path).map(|text| Row::one(name, value(text)))
    }

    /// A leaf that is JSON, in words; `None` and still there when the words do not cover all of it.
    pub fn take_as<T>(&mut self, path: &str, words: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value: Value = serde_json::from_str(self.get(path)?).ok()?;
        let words = words(&value)?;
        self.take(path);
        Some(words)
    }

    pub fn paths_under(&self, prefix: &str) -> Vec<&'a str> {
        self.0.iter().map(|(path, _)| *path).filter(|path| path.starts_with(prefix)).collect()
    }

    pub fn fields(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.into_iter()
    }
}

/// The object, if it has no member but these: words that leave one out would hide it.
pub(super) fn only<'a>(value: &'a Value, members: &[&str]) -> Option<&'a Map<String, Value>> {
    value.as_object().filter(|map| map.keys().all(|name| members.contains(&name.as_str())))
}

/// The texts of a list, as they stand in a row.
pub(super) fn values(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|item| item.as_str().map(value)).collect()
}

/// A label selector: `a:b and c:d|e and f NotIn g`, or `all`.
pub(super) fn selector(selector: &Value) -> Option<String> {
    let map = only(selector, &["matchLabels", "matchExpressions"])?;
    let mut parts = vec![];
    for (label, text) in map.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        parts.push(format!("{}:{}", value(label), value(text.as_str()?)));
    }
    for one in map.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        parts.push(expression(one, "key")?);
    }
    Some(if parts.is_empty() { "all".to_owned() } else { parts.join(" and ") })
}

/// One requirement of a selector, whose subject is under `key`: `c:d|e` where it is among these, else with its operator.
pub(super) fn expression(expression: &Value, key: &str) -> Option<String> {
    let expression = only(expression, &[key, "operator", "values"])?;
    let text = |name: &str| expression.get(name)?.as_str();
    let subject = value(text(key)?);
    let among = expression.get("values").map(values);
    Some(match (text("operator")?, among) {
        ("In", Some(among)) => format!("{subject}:{}", among?.join("|")),
        (operator, Some(among)) => format!("{subject} {} {}", value(operator), among?.join("|")),
        (operator, None) => format!("{subject} {}", value(operator)),
    })
}
