//! The tree itself and the ways into it.

use super::{number::Number, refinement::Refinement, text::nfc, ty::Type};
use crate::path::{Path, Step};
use std::collections::BTreeMap;

#[derive(Clone)]
pub enum Value {
    Null,
    /// Not known before apply. All unknowns are equal: core ignores refinements when it compares.
    Unknown(Refinement),
    Bool(bool),
    Number(Number),
    /// Always NFC, as core's strings are; [`Value::string`] makes it so.
    String(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// Equal to a set with the same elements in any order.
    Set(Vec<Value>),
    /// A map or an object.
    Map(BTreeMap<String, Value>),
    /// A value of an attribute whose type is `dynamic`, with the type that it came with.
    Dynamic(Box<Dynamic>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dynamic {
    pub ty: Type,
    pub value: Value,
}

/// What is not there, to borrow.
pub static NULL: Value = Value::Null;

impl Value {
    pub fn unknown() -> Self {
        Self::Unknown(Refinement::none())
    }

    /// A string in NFC: core compares normalised text, so anything else would be an inconsistent result.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(nfc(text.into()))
    }

    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (nfc(key.into()), value)).collect())
    }

    pub fn dynamic(ty: Type, value: Value) -> Self {
        Self::Dynamic(Box::new(Dynamic { ty, value }))
    }

    pub fn is_null(&self) -> bool {
        matches!(self.inner(), Self::Null)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.inner(), Self::Unknown(_))
    }

    /// Nothing in it is unknown, however deep.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(dynamic) => dynamic.value.is_wholly_known(),
        }
    }

    /// The value without the type that a `dynamic` attribute wraps around it.
    pub fn inner(&self) -> &Self {
        match self {
            Self::Dynamic(dynamic) => dynamic.value.inner(),
            plain => plain,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self.inner() { Some(text) } else { None }
    }

    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        if let Self::Map(entries) = self.inner() { Some(entries) } else { None }
    }

    /// The elements of a list, tuple or set.
    pub fn elements(&self) -> Option<&[Value]> {
        if let Self::List(elements) | Self::Set(elements) = self.inner() { Some(elements) } else { None }
    }

    /// An attribute of an object or an element of a map.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_map()?.get(name)
    }

    /// Like [`Value::get`], where "absent" and "null" mean the same.
    pub fn child(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }

    /// An element of a list, tuple or set; null where there is none.
    pub fn element(&self, index: usize) -> &Self {
        self.elements().and_then(|elements| elements.get(index)).unwrap_or(&NULL)
    }

    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match step {
            Step::Attribute(name) | Step::Key(name) => value.get(name),
            Step::Index(index) => value.elements()?.get(usize::try_from(*index).ok()?),
        })
    }

    /// Where it is not known. A set with unknowns counts as a whole: its elements have no address in the protocol. Steps into
    /// maps and objects are keys; [`crate::Schema::resolve_path`] tells them apart.
    pub fn unknown_paths(&self) -> Vec<Path> {
        fn go(value: &Value, at: &mut Path, found: &mut Vec<Path>) {
            let mut child = |step: Step, value: &Value| {
                at.push(step);
                go(value, at, found);
                at.pop();
            };
            match value {
                Value::Unknown(_) => found.push(at.clone()),
                Value::Set(_) if !value.is_wholly_known() => found.push(at.clone()),
                Value::List(elements) => {
                    (0i64..).zip(elements).for_each(|(index, element)| child(Step::Index(index), element));
                }
                Value::Map(entries) => {
                    entries.iter().for_each(|(key, element)| child(Step::Key(key.clone()), element));
                }
                Value::Dynamic(dynamic) => go(&dynamic.value, at, found),
                _ => {}
            }
        }
        let mut found = vec![];
        go(self, &mut Path::root(), &mut found);
        found
    }

    /// The narrowest type that the tree by itself has; what a `dynamic` attribute is written with.
    pub fn infer_type(&self) -> Type {
        match self {
            Self::Null | Self::Unknown(_) => Type::Dynamic,
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(elements) => Type::Tuple(elements.iter().map(Self::infer_type).collect()),
            Self::Set(elements) => Type::set(elements.first().map_or(Type::Dynamic, Self::infer_type)),
            Self::Map(entries) => {
                Type::Object(entries.iter().map(|(name, value)| (name.clone(), value.infer_type())).collect())
            }
            Self::Dynamic(dynamic) => dynamic.ty.clone(),
        }
    }

    /// What a message calls it.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map or object",
            Self::Dynamic(_) => "a value with its type",
        }
    }
}
