//! Whether a value that has become known keeps what was promised of it.

use crate::value::{Bounds, Refinement, Value};

/// What it should have been.
pub(super) fn violation(refinement: &Refinement, value: &Value) -> Option<String> {
    let bounds = refinement.bounds()?;
    match value.inner() {
        Value::Null => (bounds.null == Some(false)).then(|| "it must not be null".to_owned()),
        Value::String(text) => {
            let prefix = bounds.prefix.as_deref()?;
            (!text.starts_with(prefix)).then(|| format!("it must begin with {prefix:?}"))
        }
        Value::Number(number) => {
            let low = bounds.lower.as_ref().filter(|(low, equal)| number < low || number == low && !equal);
            let high = bounds.upper.as_ref().filter(|(high, equal)| number > high || number == high && !equal);
            low.or(high).map(|(bound, _)| format!("{number} is beyond the bound {bound}"))
        }
        Value::List(elements) | Value::Set(elements) => length(bounds, elements.len()),
        Value::Map(entries) => length(bounds, entries.len()),
        _ => None,
    }
}

fn length(bounds: &Bounds, length: usize) -> Option<String> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let within = bounds.min_length.is_none_or(|min| length >= min) && bounds.max_length.is_none_or(|max| length <= max);
    (!within).then(|| format!("its length {length} is beyond the promised bounds"))
}
