//! What a path lets teams set besides what every environment and slot has: typed, with a default and a range, under `parameters` in HCL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub type Parameters = BTreeMap<String, Parameter>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    #[serde(rename = "type")]
    pub ty: ParameterType,
    /// In whose `parameters` it is set: the environment's or the slot's.
    #[serde(default)]
    pub of: ParameterOf,
    /// What it is for. Errors show it.
    #[serde(default)]
    pub description: String,
    /// Absent: the team must set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The smallest value, of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value, of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The only values that a string or number, or each item of a list, may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ParameterType {
    #[serde(rename = "string")]
    Text,
    #[serde(rename = "number")]
    Number,
    #[serde(rename = "bool")]
    Bool,
    #[serde(rename = "list(string)")]
    Texts,
    #[serde(rename = "map(string)")]
    Map,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParameterOf {
    #[default]
    Environment,
    Slot,
}

// === impl Parameter ===

impl Parameter {
    /// What is wrong with a value of it.
    pub fn refuses(&self, value: &Value) -> Option<String> {
        if !self.ty.admits(value) {
            return Some(format!("it is not a {}", self.ty.as_str()));
        }
        if let Value::Number(number) = value {
            // JSON has numbers of any length: one that nothing compares lies in no range.
            let Some(number) = number.as_f64() else { return Some("it is no number that can be compared".to_owned()) };
            let (min, max) = (self.min.unwrap_or(f64::NEG_INFINITY), self.max.unwrap_or(f64::INFINITY));
            if number < min {
                return Some(format!("it is less than {min}"));
            }
            if number > max {
                return Some(format!("it is more than {max}"));
            }
        }
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let choices = self.choices.as_ref()?;
        let other = items.iter().find(|item| !choices.contains(item))?;
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        Some(format!("{other} is not one of {}", choices.join(", ")))
    }

    /// What a document may not say of it.
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut found = vec![];
        let is_number = self.ty == ParameterType::Number;
        if !is_number && (self.min.is_some() || self.max.is_some()) {
            found.push(("type", "only a number has min and max".to_owned()));
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            found.push(("min", "it is more than max".to_owned()));
        }
        if matches!(self.ty, ParameterType::Bool | ParameterType::Map) && self.choices.is_some() {
            found.push(("choices", format!("a {} has none", self.ty.as_str())));
        }
        let refused = self.default.as_ref().and_then(|default| self.refuses(default));
        found.extend(refused.map(|reason| ("default", reason)));
        found
    }
}

impl ParameterType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Texts => "list(string)",
            Self::Map => "map(string)",
        }
    }

    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) | (Self::Bool, Value::Bool(_)) => true,
            (Self::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Self::Map, Value::Object(members)) => members.values().all(Value::is_string),
            _ => false,
        }
    }
}

/// Each field that is wrong, from `parameters` on.
pub(super) fn check(parameters: &Parameters) -> Vec<(String, String)> {
    let mut found = vec![];
    for (name, parameter) in parameters {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(is_name) {
            found.push((name.clone(), "a name has a-z, 0-9 and '_', and begins with a letter".to_owned()));
        }
        found.extend(parameter.check().into_iter().map(|(field, reason)| (format!("{name}.{field}"), reason)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(members: Value) -> Parameter {
        serde_json::from_value(members).expect("a parameter")
    }

    #[test]
    fn a_value_has_its_type_and_lies_in_its_range() {
        let beyond = || serde_json::from_str("1e400").expect("a number of JSON");
        for (of, value, words, reason) in [
            (json!({"type": "number", "min": 1, "max": 30}), json!(30), "", "the maximum is inside"),
            (json!({"type": "number", "min": 1, "max": 30}), json!(1), "", "the lower one, too"),
            (json!({"type": "number", "min": 1, "max": 30}), json!(31), "more than 30", "above"),
            (json!({"type": "number", "min": 1}), json!(0.5), "less than 1", "below"),
            (json!({"type": "number", "max": 30}), beyond(), "no number that can be compared", "beyond every float"),
            (json!({"type": "number"}), json!("3"), "not a number", "a text"),
            (json!({"type": "bool"}), json!(true), "", "a bool"),
            (json!({"type": "string", "choices": ["a", "b"]}), json!("c"), "not one of \"a\", \"b\"", "another"),
            (json!({"type": "list(string)", "choices": ["a", "b"]}), json!(["a", "b", "a"]), "", "each item"),
            (
                json!({"type": "list(string)", "choices": ["a", "b"]}),
                json!(["a", "c"]),
                "\"c\" is not one",
                "one of them",
            ),
            (json!({"type": "list(string)"}), json!(["a", 1]), "not a list(string)", "a mixed list"),
            (json!({"type": "map(string)"}), json!({"a": "b"}), "", "a map"),
            (json!({"type": "map(string)"}), json!({"a": {}}), "not a map(string)", "a deeper one"),
        ] {
            let found = parameter(of).refuses(&value).unwrap_or_default();
            assert!(found.contains(words) && found.is_empty() == words.is_empty(), "{reason}: {found:?}");
        }
    }

    #[test]
    fn a_declaration_makes_sense() {
        for (name, of, field, reason) in [
            ("days", json!({"type": "number", "default": 1}), None, "as it should be"),
            ("Days", json!({"type": "number"}), Some("Days"), "no name of an attribute"),
            ("day_1", json!({"type": "number", "default": 1}), None, "every character that a name may have"),
            ("1_day", json!({"type": "number"}), Some("1_day"), "it begins with a digit"),
            ("day-1", json!({"type": "number"}), Some("day-1"), "HCL would subtract"),
            ("days", json!({"type": "number", "min": 1, "max": 1}), None, "one value lies between"),
            ("days", json!({"type": "string", "min": 1}), Some("days.type"), "a range of a text"),
            ("days", json!({"type": "number", "min": 2, "max": 1}), Some("days.min"), "nothing lies between"),
            (
                "days",
                json!({"type": "number", "max": 1, "default": 2}),
                Some("days.default"),
                "a default outside of the range",
            ),
            ("on", json!({"type": "bool", "choices": [true]}), Some("on.choices"), "a bool with one value"),
        ] {
            let found = check(&[(name.to_owned(), parameter(of))].into());
            let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, Vec::from_iter(field), "{reason}");
        }
    }
}
