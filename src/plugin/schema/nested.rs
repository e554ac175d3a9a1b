//! What the passes share: the objects of a nested value, and the same value with others in their places.

use super::Nesting;
use crate::{path::Step, value::Value};

/// Which object of a nested value.
#[derive(Clone, Copy)]
pub(crate) enum At<'v> {
    /// The one of [`Nesting::Single`].
    Whole,
    Index(usize),
    Key(&'v str),
    /// Of a set, by its current order: it has no address.
    Element(usize),
}

impl At<'_> {
    pub(crate) fn step(self) -> Option<Step> {
        match self {
            Self::Whole | Self::Element(_) => None,
            Self::Index(index) => Some(Step::Index(i64::try_from(index).unwrap_or(i64::MAX))),
            Self::Key(key) => Some(Step::Key(key.to_owned())),
        }
    }

    /// What another tree has there. The partners of a set's elements are found by [`super::pairing`].
    pub(crate) fn partner<'t>(self, tree: &'t Value, of_set: &[Option<&'t Value>]) -> Option<&'t Value> {
        match self {
            Self::Whole => Some(tree),
            Self::Index(index) => tree.elements()?.get(index),
            Self::Key(key) => tree.get(key),
            Self::Element(index) => of_set.get(index).copied().flatten(),
        }
    }
}

/// What a nested value consists of. Null and unknown values consist of nothing.
pub(crate) fn objects(nesting: Nesting, value: &Value) -> Vec<(At<'_>, &Value)> {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => vec![(At::Whole, value)],
        (Nesting::List, Value::List(elements)) => (0..).map(At::Index).zip(elements).collect(),
        (Nesting::Set, Value::Set(elements)) => (0..).map(At::Element).zip(elements).collect(),
        (Nesting::Map, Value::Map(entries)) => entries.iter().map(|(key, value)| (At::Key(key), value)).collect(),
        _ => vec![],
    }
}

/// The same nesting with each object replaced; null, unknown, and what does not match the schema stay as they are.
pub(super) fn rebuild(nesting: Nesting, value: &Value, mut each: impl FnMut(At<'_>, &Value) -> Value) -> Value {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => each(At::Whole, value),
        (Nesting::List, Value::List(elements)) => {
            Value::List((0..).zip(elements).map(|(at, element)| each(At::Index(at), element)).collect())
        }
        (Nesting::Set, Value::Set(elements)) => {
            Value::Set((0..).zip(elements).map(|(at, element)| each(At::Element(at), element)).collect())
        }
        (Nesting::Map, Value::Map(entries)) => {
            Value::Map(entries.iter().map(|(key, element)| (key.clone(), each(At::Key(key), element))).collect())
        }
        _ => value.clone(),
    }
}
