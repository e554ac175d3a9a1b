//! Values written down: from what Rust has literals for, and as text for the failures of tests.

use super::{Number, Value};
use std::fmt;

/// On one line and near to HCL, `?` for unknown: trees are read in the failures of tests.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Unknown(_) => f.write_str("?"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{text:?}"),
            Self::List(elements) => write!(f, "{elements:?}"),
            Self::Set(elements) => write!(f, "set{elements:?}"),
            Self::Map(entries) => write!(f, "{entries:?}"),
            Self::Dynamic(dynamic) => write!(f, "{:?} as {}", dynamic.value, dynamic.ty.as_json()),
        }
    }
}

macro_rules! literals {
    ($($type:ty: $literal:ident => $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($literal: $type) -> Self {
                $value
            }
        }
    )*};
}

literals! {
    &str: text => Self::string(text);
    String: text => Self::string(text);
    bool: value => Self::Bool(value);
    i64: value => Self::Number(value.into());
    Number: value => Self::Number(value);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }
}

/// Trees of tests, from `json!`: `"?"` is unknown, and [`super::codec::conform`] makes sets of lists where the type says so.
#[cfg(test)]
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::String(text) if text == "?" => Self::unknown(),
            Json::Array(elements) => elements.into_iter().map(Self::from).collect::<Vec<_>>().into(),
            Json::Object(entries) => Self::map(entries.into_iter().map(|(key, json)| (key, json.into()))),
            leaf => super::to_value(&leaf),
        }
    }
}
