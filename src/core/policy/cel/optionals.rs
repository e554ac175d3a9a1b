//! Values that may be absent.

use super::error::EvaluationError;
use kube_cel::cel::{Value, objects::OptionalValue};
use std::sync::Arc;

pub(super) fn some(value: Value) -> Value {
    Value::Opaque(Arc::new(OptionalValue::of(value)))
}

pub(super) fn none() -> Value {
    Value::Opaque(Arc::new(OptionalValue::none()))
}

/// `None`: the value is no optional.
pub(super) fn inner(value: &Value) -> Option<Option<&Value>> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<OptionalValue>().map(OptionalValue::value),
        _ => None,
    }
}

/// Whose values are left out of lists: those that are absent.
pub(super) fn present_values(list: &[Value]) -> Result<Value, EvaluationError> {
    let mut values = vec![];
    for optional in list {
        match inner(optional) {
            Some(value) => values.extend(value.cloned()),
            None => return Err(EvaluationError::NoSuchOverload(String::new())),
        }
    }
    Ok(Value::List(Arc::new(values)))
}
