//! Rust types from trees and trees from Rust types, by serde: the domain's own structs are the only model of a resource.
//!
//! Reading differs from JSON in three points. An unknown is not an error but "undecided" ([`Fault::unknown`]), unless the
//! target says by the newtype name [`LATE`] that it can hold one. A null attribute of a struct is one that was not
//! written: `Option` reads `None` and `#[serde(default)]` its default, since a tree from core always names every
//! attribute. Elements of a map keep their nulls, for there `{ api = null }` means something.

mod reader;
mod writer;

use super::Value;
use crate::{
    diagnostic::Diagnostic,
    path::{Path, Step},
};
use serde::{Serialize, de, de::DeserializeOwned, ser};
use std::fmt;

/// The newtype name by which a Rust type says "I can hold an unknown".
///
/// Reading calls `deserialize_newtype_struct(LATE, visitor)` and gets `visit_none` for an unknown, `visit_newtype_struct`
/// for a known value. Writing calls `serialize_newtype_variant(_, _, LATE, &())` for an unknown.
pub const LATE: &str = "$late";

/// Why a tree is not a `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub path: Path,
    /// A value that must be known is not: no error, but undecided until apply.
    pub unknown: bool,
    pub text: String,
}

impl Fault {
    pub fn new(text: impl fmt::Display) -> Self {
        Self { path: Path::root(), unknown: false, text: text.to_string() }
    }

    pub fn undecided() -> Self {
        Self { unknown: true, ..Self::new("is not known yet") }
    }

    /// The same fault seen from one level further out.
    #[must_use]
    pub fn inside(self, step: Step) -> Self {
        Self { path: self.path.inside(step), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.path, self.text) }
    }
}

impl std::error::Error for Fault {}

/// The text says what is wrong; a bridge that shows only the summary must show it.
impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        Self::error(fault.to_string(), "").at(fault.path)
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text)
    }
}

impl ser::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text)
    }
}

/// Steps in the fault's path are attributes where the target is a struct and keys where it is a map;
/// [`crate::Schema::resolve_path`] corrects them where a schema says otherwise.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    T::deserialize(value)
}

/// Sequences become lists; [`super::codec::conform`] makes them sets where the type says so.
///
/// # Panics
/// When the type itself can't be written (keys of a map that are not strings, an infinite float). That is a mistake of
/// the program and not of its input, and a test that writes one value finds it; see [`try_to_value`].
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    match try_to_value(value) {
        Ok(tree) => tree,
        Err(fault) => panic!("{} can't be written as a value: {fault}", std::any::type_name::<T>()),
    }
}

pub fn try_to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, Fault> {
    value.serialize(writer::Writer)
}

#[cfg(test)]
mod tests;
