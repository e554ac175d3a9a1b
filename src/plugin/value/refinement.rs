//! What is promised about a value that is not known yet. Core shows and uses the promise at plan, and refuses an applied
//! value that breaks it; nothing compares by it.

use super::{Number, Value};

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
        Bounds { null: Some(false), prefix: Some(super::nfc(text.into())), ..Bounds::default() }.into()
    }

    pub fn bounds(&self) -> Option<&Bounds> {
        self.0.as_deref()
    }

    /// Whether a value that has become known keeps the promise; if not, what it breaks.
    pub fn broken_by(&self, value: &Value) -> Option<String> {
        let bounds = self.bounds()?;
        match value.inner() {
            Value::Unknown(_) => None,
            Value::Null => (bounds.null == Some(false)).then(|| "must not be null".to_owned()),
            Value::String(text) => {
                let prefix = bounds.prefix.as_deref()?;
                (!text.starts_with(prefix)).then(|| format!("must begin with {prefix:?}"))
            }
            Value::Number(number) => {
                let low = bounds.lower.as_ref().filter(|(low, equal)| number < low || number == low && !equal);
                let high = bounds.upper.as_ref().filter(|(high, equal)| number > high || number == high && !equal);
                low.or(high).map(|(bound, _)| format!("{number} is beyond the bound {bound}"))
            }
            Value::List(elements) | Value::Set(elements) => bounds.length(elements.len()),
            Value::Map(entries) => bounds.length(entries.len()),
            _ => None,
        }
    }
}

impl Bounds {
    fn length(&self, length: usize) -> Option<String> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let within = self.min_length.is_none_or(|min| length >= min) && self.max_length.is_none_or(|max| length <= max);
        (!within).then(|| format!("its length {length} is beyond the promised bounds"))
    }
}

impl From<Bounds> for Refinement {
    fn from(bounds: Bounds) -> Self {
        Self((bounds != Bounds::default()).then(|| Box::new(bounds)))
    }
}
