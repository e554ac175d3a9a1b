//! Rust types from trees and trees from Rust types, by serde: the domain's own structs are the only model of a resource.
//!
//! Reading differs from JSON in three points. An unknown is not an error but "undecided" ([`ConvertError::unknown`]), unless the
//! Rust type says by the newtype name [`LATE`] that it can hold one. A null attribute of a struct is one that was not
//! written: `Option` reads `None` and `#[serde(default)]` its default, since a tree from core always names every
//! attribute. Elements of a map keep their nulls, for there `{ api = null }` means something.

mod error;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{ConvertError, LATE};
pub use writer::try_to_value;

use super::tree::Value;
use serde::{Serialize, de::DeserializeOwned};

/// Steps in the error's path are attributes where the Rust type is a struct and keys where it is a map;
/// [`crate::Schema::resolve_path`] corrects them where a schema says otherwise.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, ConvertError> {
    T::deserialize(value)
}

/// Sequences become lists; [`super::codec::conform`] makes them sets where the type says so.
///
/// # Panics
/// When the type itself can't be written (keys of a map that are not strings). That is a mistake of the program and not of
/// its input, and a test that writes one value finds it; see [`try_to_value`].
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    match try_to_value(value) {
        Ok(tree) => tree,
        Err(error) => panic!("{} can't be written as a value: {error}", std::any::type_name::<T>()),
    }
}
