//! Rows: a field's name and its value, or the elements of its value.

use super::value::{name, value};
use serde_json::Value;

/// Names have a column of a fixed width, so that one more field never moves the others. A longer name has two spaces after
/// it.
const COLUMN: usize = 24;

/// A list that is longer than this has a line for each of its elements. Terraform indents by 16, and 160 is what a screen
/// holds.
const WIDTH: usize = 140;

pub struct Row {
    name: String,
    elements: Vec<String>,
}

// === impl Row ===

impl Row {
    /// Elements are in the form of [`value`] or in the grammar's own words.
    pub fn new(text: impl AsRef<str>, elements: Vec<String>) -> Self {
        Self { name: name(text.as_ref()), elements }
    }

    pub fn one(text: impl AsRef<str>, element: impl Into<String>) -> Self {
        Self::new(text, vec![element.into()])
    }

    /// `name=value`
    pub fn assignment(&self) -> String {
        format!("{}={}", self.name, self.elements.join(", "))
    }

    /// `name    value`
    pub fn lines(&self) -> Vec<String> {
        if self.is_narrow() {
            vec![self.line(&self.elements.join(", "))]
        } else {
            self.elements.iter().map(|element| self.line(element)).collect()
        }
    }

    fn line(&self, text: &str) -> String {
        format!("{:<width$}  {text}", self.name, width = COLUMN - 2)
    }

    /// Whether one line is wide enough for all of it.
    pub fn is_narrow(&self) -> bool {
        self.line(&self.elements.join(", ")).chars().count() <= WIDTH
    }
}

/// A field without words of its own: JSON has a row for each of its leaves.
pub fn leaf_rows(name: &str, text: &str) -> Vec<Row> {
    let mut rows = vec![];
    match serde_json::from_str(text) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) => flatten(name, &json, &mut rows),
        _ => rows.push(Row::one(name, value(text))),
    }
    rows
}

fn flatten(name: &str, json: &Value, rows: &mut Vec<Row>) {
    match json {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(member, inner)| flatten(&format!("{name}.{member}"), inner, rows));
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{name}.{at}"), item, rows));
        }
        Value::Array(items) if !items.is_empty() => rows.push(Row::new(name, items.iter().map(scalar).collect())),
        other => rows.push(Row::one(name, scalar(other))),
    }
}

fn scalar(json: &Value) -> String {
    match json {
        Value::String(text) => value(text),
        // Numbers, and the signs of what has no content: none of them is a value of plain characters.
        other => other.to_string(),
    }
}
