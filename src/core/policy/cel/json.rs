//! Documents to values of expressions and back.

use super::error::EvaluationError;
use kube_cel::cel::{
    Value,
    objects::{Key, Map, Opaque},
};
use serde_json::Value as Json;
use std::{collections::HashMap, sync::Arc};

/// As the API server decodes them, integers that don't fit are doubles.
pub(super) fn read(document: &Json) -> Value {
    match document {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(read).collect())),
        Json::Object(fields) => map(fields.iter().map(|(key, value)| (key.as_str().into(), read(value)))),
    }
}

pub(super) fn map(entries: impl IntoIterator<Item = (Key, Value)>) -> Value {
    Value::Map(Map { map: Arc::new(entries.into_iter().collect::<HashMap<_, _>>()) })
}

/// Sorted, so that what an expression says is the same at each run.
pub(super) fn sorted_entries(map: &Map) -> Vec<(&Key, &Value)> {
    let mut entries: Vec<_> = map.map.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    entries
}

pub(super) fn to_json(value: &Value) -> Result<Json, EvaluationError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => (*value).into(),
        Value::UInt(value) => (*value).into(),
        Value::Float(value) => match serde_json::Number::from_f64(*value) {
            Some(number) => Json::Number(number),
            None => return Err(EvaluationError::NotJson("double that is no number")),
        },
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let mut fields = serde_json::Map::new();
            for (key, value) in sorted_entries(map) {
                let Key::String(key) = key else {
                    return Err(EvaluationError::NotJson("map with keys that are no strings"));
                };
                fields.insert(key.as_str().to_owned(), to_json(value)?);
            }
            Json::Object(fields)
        }
        other => return Err(EvaluationError::NotJson(type_name(other))),
    })
}

/// As the API server names types in errors, but for short names of times.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null_type",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::UInt(_) => "uint",
        Value::Float(_) => "double",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Timestamp(_) => "google.protobuf.Timestamp",
        Value::Duration(_) => "google.protobuf.Duration",
        Value::Function(..) => "function",
        Value::Opaque(opaque) => match opaque.runtime_type_name() {
            "optional_type" => "optional_type",
            "kubernetes.Quantity" => "kubernetes.Quantity",
            "kubernetes.URL" => "kubernetes.URL",
            "net.IP" | "kubernetes.IP" => "net.IP",
            "net.CIDR" | "kubernetes.CIDR" => "net.CIDR",
            "kubernetes.Semver" => "kubernetes.Semver",
            "kubernetes.Format" => "kubernetes.NamedFormat",
            "type" => "type",
            _ => "opaque",
        },
    }
}

/// In a message.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        other => type_name(other).to_owned(),
    }
}

/// What `type()` answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypeName(pub &'static str);

impl Opaque for TypeName {
    fn runtime_type_name(&self) -> &str {
        "type"
    }
}

pub(super) fn named_type(value: &Value) -> &'static str {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<TypeName>().map_or("type", |name| name.0),
        _ => "type",
    }
}
