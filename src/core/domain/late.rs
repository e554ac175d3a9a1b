//! A value that another resource of the same run may still owe us.
//!
//! Used only for fields that never decide an object's key: `?` on [`Late::now`] makes a renderer honest (no value, no
//! body), while every key stays known and the plan shows each object. All other fields of a spec must be known before
//! anything can be rendered.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};
use std::{fmt, marker::PhantomData};

/// The newtype name under which a value tree passes an unknown; the protocol layer knows it by this text alone.
pub(super) const LATE: &str = "$late";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Late<T> {
    Now(T),
    Later,
}

/// A list that may be unknown as a whole or in single elements.
pub type LateList = Late<Vec<Late<String>>>;

impl<T> Late<T> {
    pub fn now(&self) -> Option<&T> {
        match self {
            Self::Now(value) => Some(value),
            Self::Later => None,
        }
    }
}

impl<T: Default> Default for Late<T> {
    fn default() -> Self {
        Self::Now(T::default())
    }
}

impl LateList {
    /// All of the list, once all of it is known.
    pub fn all(&self) -> Option<Vec<&str>> {
        self.now()?.iter().map(|item| item.now().map(String::as_str)).collect()
    }

    /// What is known already: a rule may refuse a wrong element before the rest arrives.
    pub fn known_items(&self) -> impl Iterator<Item = &str> {
        self.now().into_iter().flatten().filter_map(|item| item.now().map(String::as_str))
    }

    /// No element is configured: rules about an empty list need not know unknown elements.
    pub fn is_empty_list(&self) -> bool {
        matches!(self, Late::Now(items) if items.is_empty())
    }
}

impl<S: Into<String>> FromIterator<S> for LateList {
    fn from_iter<I: IntoIterator<Item = S>>(items: I) -> Self {
        Self::Now(items.into_iter().map(|item| Late::Now(item.into())).collect())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Late<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LateVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for LateVisitor<T> {
            type Value = Late<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or one that is not known yet")
            }
            fn visit_none<E>(self) -> Result<Late<T>, E> {
                Ok(Late::Later)
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Late<T>, D::Error> {
                T::deserialize(deserializer).map(Late::Now)
            }
        }
        deserializer.deserialize_newtype_struct(LATE, LateVisitor(PhantomData))
    }
}

/// A record or a request never holds a `Later`: apply begins when everything is known. In a plan it is written as the
/// protocol's unknown.
impl<T: Serialize> Serialize for Late<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now(value) => value.serialize(serializer),
            Self::Later => serializer.serialize_newtype_variant("Late", 0, LATE, &()),
        }
    }
}
