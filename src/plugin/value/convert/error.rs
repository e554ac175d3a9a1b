//! Why a tree is not a value of a Rust type.

use crate::{
    diagnostic::{Diagnostic, capitalize},
    path::{Path, Step},
};
use serde::de::{self, Expected, Unexpected};
use std::fmt;

/// The newtype name by which a Rust type says "I can hold an unknown".
///
/// Reading calls `deserialize_newtype_struct(LATE, visitor)` and gets `visit_none` for an unknown, `visit_newtype_struct`
/// for a known value. Writing calls `serialize_newtype_variant(_, _, LATE, &())` for an unknown.
pub const LATE: &str = "$late";

/// Why a tree is not a `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    pub path: Path,
    /// A value that must be known is not: no error, but undecided until apply.
    pub unknown: bool,
    pub text: String,
}

impl ConvertError {
    pub fn new(text: impl fmt::Display) -> Self {
        Self { path: Path::root(), unknown: false, text: text.to_string() }
    }

    pub fn unknown_value() -> Self {
        Self { unknown: true, ..Self::new("is not known yet") }
    }

    /// The same error seen from one level further out.
    #[must_use]
    pub fn inside(self, step: Step) -> Self {
        Self { path: self.path.inside(step), ..self }
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.path, self.text) }
    }
}

impl std::error::Error for ConvertError {}

/// The text says what is wrong; a bridge that shows only the summary must show it.
impl From<ConvertError> for Diagnostic {
    fn from(error: ConvertError) -> Self {
        Self::error(capitalize(&error.to_string()), "").at(error.path)
    }
}

/// In the words of HCL: serde's own texts speak of integers of so many bits, structs and units.
impl de::Error for ConvertError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format_args!("{} is required, not {}", describe_expected(expected), describe_found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format_args!("{} is required, not {length} elements", describe_expected(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format_args!("{variant:?} is not one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::new(format_args!("unsupported attribute `{field}`"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format_args!("missing attribute `{field}`"))
    }
}

fn describe_expected(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            "a whole number in range".to_owned()
        }
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "a bool".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if text.starts_with("struct ") => "an object".to_owned(),
        _ => text,
    }
}

fn describe_found(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(text) => format!("{text:?}"),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map or object".to_owned(),
        other => other.to_string(),
    }
}
