//! Values written down: from what Rust has literals for, and as text for the failures of tests.

use super::{Number, Value};
use std::fmt;

/// On one line and near to HCL, `?` for unknown: trees are read in the failures of tests.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, elements: &[Value]| {
            elements.iter().enumerate().try_for_each(|(at, element)| {
                f.write_str(if at == 0 { "" } else { ", " })?;
                element.fmt(f)
            })
        };
        match self {
            Self::Null => f.write_str("null"),
            Self::Unknown(_) => f.write_str("?"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{text:?}"),
            Self::List(elements) => {
                f.write_str("[")?;
                list(f, elements)?;
                f.write_str("]")
            }
            Self::Set(elements) => {
                f.write_str("set(")?;
                list(f, elements)?;
                f.write_str(")")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key:?}: {value:?}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Self::Dynamic(dynamic) => {
                write!(f, "{:?} as {}", dynamic.value, dynamic.ty.as_json())
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
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
