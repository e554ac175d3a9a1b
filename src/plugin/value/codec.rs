//! What both codecs share: their error, the limit of depth, and whether a tree has a given type.

use super::{Type, Value, set};
use crate::path::{Path, Step};
use std::{collections::BTreeMap, fmt};

/// Types of schemas are a few levels deep; only a `dynamic` inside a `dynamic` could nest without end, and a message from
/// the wire must not choose how much stack we use.
pub(super) const DEPTH: usize = 100;

/// Why bytes are not a value of a type, or a value can't be written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    pub path: Path,
    pub text: String,
}

impl CodecError {
    pub fn new(text: impl fmt::Display) -> Self {
        Self { path: Path::root(), text: text.to_string() }
    }

    pub(super) fn mismatch(wanted: &Type, found: &str) -> Self {
        Self::new(format_args!("{} is required, not {found}", wanted.noun()))
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new(format_args!("missing attribute `{name}`"))
    }

    pub(super) fn extra(name: &str) -> Self {
        Self::new(format_args!("unsupported attribute `{name}`"))
    }

    pub(super) fn too_deep() -> Self {
        Self::new(format_args!("the value is nested more than {DEPTH} levels deep"))
    }

    #[must_use]
    pub(super) fn inside(self, step: Step) -> Self {
        Self { path: self.path.inside(step), ..self }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.path, self.text) }
    }
}

impl std::error::Error for CodecError {}

/// The step to an element, made only when an error passes it.
pub(super) trait Located<T> {
    fn attribute(self, name: &str) -> Result<T, CodecError>;
    fn key(self, key: &str) -> Result<T, CodecError>;
    fn index(self, index: usize) -> Result<T, CodecError>;
}

impl<T> Located<T> for Result<T, CodecError> {
    fn attribute(self, name: &str) -> Self {
        self.map_err(|error| error.inside(Step::Attribute(name.to_owned())))
    }

    fn key(self, key: &str) -> Self {
        self.map_err(|error| error.inside(Step::Key(key.to_owned())))
    }

    fn index(self, index: usize) -> Self {
        self.map_err(|error| error.inside(Step::Index(i64::try_from(index).unwrap_or(i64::MAX))))
    }
}

/// A tree as `ty` wants it, from one that serde wrote: lists become sets, values of `dynamic` attributes get their type,
/// and attributes that an object does not name are null. What can't be mended is an error.
pub fn conform(value: Value, ty: &Type) -> Result<Value, CodecError> {
    match (value, ty) {
        (value @ (Value::Null | Value::Unknown(_) | Value::Dynamic(_)), Type::Dynamic) => Ok(value),
        (value, Type::Dynamic) => Ok(Value::dynamic(value.infer_type(), value)),
        (value @ (Value::Null | Value::Unknown(_)), _) => Ok(value),
        (value @ Value::Bool(_), Type::Bool) => Ok(value),
        (value @ Value::Number(_), Type::Number) => Ok(value),
        (value @ Value::String(_), Type::String) => Ok(value),
        (Value::List(elements) | Value::Set(elements), Type::List(ty)) => conform_all(elements, ty).map(Value::List),
        (Value::List(elements) | Value::Set(elements), Type::Set(ty)) => {
            conform_all(elements, ty).map(|elements| Value::Set(set::distinct(elements)))
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            let pairs = elements.into_iter().zip(types).enumerate();
            pairs.map(|(at, (value, ty))| conform(value, ty).index(at)).collect::<Result<_, _>>().map(Value::List)
        }
        (Value::Map(mut entries), Type::Map(ty)) => {
            for (key, value) in &mut entries {
                *value = conform(std::mem::replace(value, Value::Null), ty).key(key)?;
            }
            Ok(Value::Map(entries))
        }
        (Value::Map(mut entries), Type::Object(attributes)) => {
            let mut whole = BTreeMap::new();
            for (name, ty) in attributes {
                let value = entries.remove(name).unwrap_or(Value::Null);
                whole.insert(name.clone(), conform(value, ty).attribute(name)?);
            }
            entries.keys().next().map_or(Ok(Value::Map(whole)), |name| Err(CodecError::extra(name)))
        }
        (value, ty) => Err(CodecError::mismatch(ty, value.noun())),
    }
}

fn conform_all(elements: Vec<Value>, ty: &Type) -> Result<Vec<Value>, CodecError> {
    elements.into_iter().enumerate().map(|(at, value)| conform(value, ty).index(at)).collect()
}

/// Whether the tree is exactly of this type, as core demands of a response.
pub fn fits(value: &Value, ty: &Type) -> Result<(), CodecError> {
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(()),
        (Value::Dynamic(dynamic), Type::Dynamic) => fits(&dynamic.value, &dynamic.ty),
        (Value::List(elements), Type::List(ty)) | (Value::Set(elements), Type::Set(ty)) => {
            elements.iter().enumerate().try_for_each(|(at, value)| fits(value, ty).index(at))
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            elements.iter().zip(types).enumerate().try_for_each(|(at, (value, ty))| fits(value, ty).index(at))
        }
        (Value::Map(entries), Type::Map(ty)) => entries.iter().try_for_each(|(key, value)| fits(value, ty).key(key)),
        (Value::Map(entries), Type::Object(attributes)) => {
            if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(CodecError::extra(name));
            }
            attributes.iter().try_for_each(|(name, ty)| {
                let value = entries.get(name).ok_or_else(|| CodecError::missing(name))?;
                fits(value, ty).attribute(name)
            })
        }
        (value, ty) => Err(CodecError::mismatch(ty, value.noun())),
    }
}

/// Null of every attribute: what a schema's object is before anything is known of it.
pub fn empty(ty: &Type) -> Value {
    conform(Value::map::<String>([]), ty).unwrap_or(Value::Null)
}
