//! What is promised about a value that is not known yet. Core shows and uses the promise at plan, and refuses an applied
//! value that does not keep it; nothing compares by it.

use super::{number::Number, text::nfc};

/// Boxed, since almost no unknown has one and every value would pay for the room.
#[derive(Clone, Debug, Default)]
pub struct Refinement(Option<Box<Bounds>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// `Some(false)`: will not be null.
    pub null: Option<bool>,
    pub prefix: Option<String>,
    /// The bound, and whether the value may equal it.
    pub lower: Option<(Number, bool)>,
    pub upper: Option<(Number, bool)>,
    pub min_length: Option<i64>,
    pub max_length: Option<i64>,
}

impl Refinement {
    pub fn none() -> Self {
        Self(None)
    }

    pub fn not_null() -> Self {
        Bounds { null: Some(false), ..Bounds::default() }.into()
    }

    pub fn prefix(text: impl Into<String>) -> Self {
        Bounds { null: Some(false), prefix: Some(nfc(text.into())), ..Bounds::default() }.into()
    }

    pub fn bounds(&self) -> Option<&Bounds> {
        self.0.as_deref()
    }
}

impl From<Bounds> for Refinement {
    fn from(bounds: Bounds) -> Self {
        Self((bounds != Bounds::default()).then(|| Box::new(bounds)))
    }
}
