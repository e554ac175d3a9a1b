//! What the words of a line are made of: the fields that are still without words, and small things of JSON.

pub(super) mod network;
pub(super) mod policy;

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

    /// A leaf that is JSON, in words; `None` and still there when the words do not cover all of it.
    pub fn take_as(&mut self, path: &str, words: impl FnOnce(&Value) -> Option<String>) -> Option<String> {
        let value: Value = serde_json::from_str(self.get(path)?).ok()?;
        let words = words(&value)?;
        self.take(path);
        Some(words)
    }

    /// The last parts of their paths, and their texts.
    pub fn take_under(&mut self, prefix: &str) -> Vec<(String, &'a str)> {
        let paths = self.paths_under(prefix).into_iter();
        paths.filter_map(|path| Some((unescaped(&path[prefix.len()..]), self.take(path)?))).collect()
    }

    pub fn paths_under(&self, prefix: &str) -> Vec<&'a str> {
        self.0.iter().map(|(path, _)| *path).filter(|path| path.starts_with(prefix)).collect()
    }

    pub fn drop(&mut self, paths: &[&str]) {
        self.0.retain(|(path, _)| !paths.contains(path));
    }

    pub fn left(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.into_iter()
    }
}

pub(super) fn unescaped(part: &str) -> String {
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~") } else { part.to_owned() }
}

/// The object, if it has no member but these: words that leave one out would hide it.
pub(super) fn only<'a>(value: &'a Value, members: &[&str]) -> Option<&'a Map<String, Value>> {
    value.as_object().filter(|map| map.keys().all(|name| members.contains(&name.as_str())))
}

pub(super) fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

pub(super) fn list(value: &Value) -> Option<String> {
    Some(format!("[{}]", strings(value)?.join(", ")))
}

/// A label selector: `a=b,c In [d, e]`, or `*`.
pub(super) fn selector(value: &Value) -> Option<String> {
    let map = only(value, &["matchLabels", "matchExpressions"])?;
    let mut parts = vec![];
    for (label, text) in map.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        parts.push(format!("{label}={}", text.as_str()?));
    }
    for expression in map.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let expression = only(expression, &["key", "operator", "values"])?;
        let text = |name: &str| expression.get(name)?.as_str();
        let values = match expression.get("values") {
            None => String::new(),
            Some(values) => format!(" {}", list(values)?),
        };
        parts.push(format!("{} {}{values}", text("key")?, text("operator")?));
    }
    Some(if parts.is_empty() { "*".to_owned() } else { parts.join(",") })
}
