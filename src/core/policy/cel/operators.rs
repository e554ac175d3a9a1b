//! Arithmetic, order, membership and fields, as CEL defines them. Each overflow is an error.

use super::{
    error::EvaluationError::{self, *},
    json,
};
use kube_cel::cel::{Value, objects::KeyRef};
use std::{cmp::Ordering, sync::Arc};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    In,
}

type Result<T = Value> = std::result::Result<T, EvaluationError>;

pub(super) fn no_such_overload<T>() -> Result<T> {
    Err(NoSuchOverload(String::new()))
}

pub(super) fn binary(operator: Binary, left: &Value, right: &Value) -> Result {
    Ok(match operator {
        Binary::Equal => Value::Bool(left == right),
        Binary::NotEqual => Value::Bool(left != right),
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
            let order = compare(left, right).map_err(|error| name_operator(error, operator, left))?;
            Value::Bool(match operator {
                Binary::Less => order.is_lt(),
                Binary::LessOrEqual => order.is_le(),
                Binary::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        Binary::In => Value::Bool(contains(right, left)?),
        Binary::Add => return add(left, right).map_err(|error| name_operator(error, operator, left)),
        Binary::Subtract => return subtract(left, right).map_err(|error| name_operator(error, operator, left)),
        Binary::Multiply => return multiply(left, right).map_err(|error| name_operator(error, operator, left)),
        Binary::Divide => return divide(left, right).map_err(|error| name_operator(error, operator, left)),
        Binary::Modulo => return modulo(left, right).map_err(|error| name_operator(error, operator, left)),
    })
}

/// The API server names an operator that the left side does not have at all.
fn name_operator(error: EvaluationError, operator: Binary, left: &Value) -> EvaluationError {
    let (name, has_it) = match operator {
        Binary::Add => ("_+_", !matches!(left, Value::Bool(_) | Value::Null | Value::Map(_) | Value::Opaque(_))),
        Binary::Subtract => ("_-_", !matches!(left, Value::Bool(_) | Value::Null | Value::Map(_) | Value::Opaque(_))),
        Binary::Multiply => ("_*_", true),
        Binary::Divide => ("_/_", true),
        Binary::Modulo => ("_%_", true),
        other => {
            let name = match other {
                Binary::Less => "_<_",
                Binary::LessOrEqual => "_<=_",
                Binary::Greater => "_>_",
                _ => "_>=_",
            };
            (name, !matches!(left, Value::Null | Value::Map(_) | Value::List(_) | Value::Opaque(_)))
        }
    };
    match error {
        NoSuchOverload(_) if !has_it => NoSuchOverload(format!(": {name}")),
        error => error,
    }
}

pub(super) fn compare(left: &Value, right: &Value) -> Result<Ordering> {
    match (left, right) {
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a.cmp(b)),
        (Value::Null, Value::Null) => no_such_overload(),
        (Value::Float(a), _) if a.is_nan() => not_comparable(),
        (Value::Int(_) | Value::UInt(_) | Value::Float(_), Value::Float(b)) if b.is_nan() => not_comparable(),
        _ => left.partial_cmp(right).map_or_else(no_such_overload, Ok),
    }
}

fn not_comparable<T>() -> Result<T> {
    Err(Failed("NaN values cannot be ordered".to_owned()))
}

fn contains(container: &Value, item: &Value) -> Result<bool> {
    match container {
        Value::List(items) => Ok(items.contains(item)),
        Value::Map(map) => Ok(KeyRef::try_from(item).is_ok_and(|key| map.get(&key).is_some())),
        _ => no_such_overload(),
    }
}

fn add(left: &Value, right: &Value) -> Result {
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b).ok_or(Overflow("integer"))?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a.checked_add(*b).ok_or(Overflow("unsigned integer"))?),
        (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
        (Value::String(a), Value::String(b)) => Value::String(Arc::new(format!("{a}{b}"))),
        (Value::Bytes(a), Value::Bytes(b)) => Value::Bytes(Arc::new([a.as_slice(), b].concat())),
        (Value::List(a), Value::List(b)) => Value::List(Arc::new([a.as_slice(), b].concat())),
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_add(b).ok_or(Overflow("duration"))?),
        (Value::Timestamp(at), Value::Duration(by)) | (Value::Duration(by), Value::Timestamp(at)) => {
            Value::Timestamp(at.checked_add_signed(*by).ok_or(Overflow("timestamp"))?)
        }
        _ => return no_such_overload(),
    })
}

fn subtract(left: &Value, right: &Value) -> Result {
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_sub(*b).ok_or(Overflow("integer"))?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a.checked_sub(*b).ok_or(Overflow("unsigned integer"))?),
        (Value::Float(a), Value::Float(b)) => Value::Float(a - b),
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(a.checked_sub(b).ok_or(Overflow("duration"))?),
        (Value::Timestamp(a), Value::Timestamp(b)) => Value::Duration(a.signed_duration_since(b)),
        (Value::Timestamp(at), Value::Duration(by)) => {
            Value::Timestamp(at.checked_sub_signed(*by).ok_or(Overflow("timestamp"))?)
        }
        _ => return no_such_overload(),
    })
}

fn multiply(left: &Value, right: &Value) -> Result {
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_mul(*b).ok_or(Overflow("integer"))?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a.checked_mul(*b).ok_or(Overflow("unsigned integer"))?),
        (Value::Float(a), Value::Float(b)) => Value::Float(a * b),
        _ => return no_such_overload(),
    })
}

fn divide(left: &Value, right: &Value) -> Result {
    Ok(match (left, right) {
        (Value::Int(_), Value::Int(0)) | (Value::UInt(_), Value::UInt(0)) => return Err(DivisionByZero),
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_div(*b).ok_or(Overflow("integer"))?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a / b),
        (Value::Float(a), Value::Float(b)) => Value::Float(a / b),
        _ => return no_such_overload(),
    })
}

fn modulo(left: &Value, right: &Value) -> Result {
    Ok(match (left, right) {
        (Value::Int(_), Value::Int(0)) | (Value::UInt(_), Value::UInt(0)) => return Err(ModulusByZero),
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_rem(*b).ok_or(Overflow("integer"))?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a % b),
        _ => return no_such_overload(),
    })
}

pub(super) fn negate(value: &Value) -> Result {
    Ok(match value {
        Value::Int(value) => Value::Int(value.checked_neg().ok_or(Overflow("integer"))?),
        Value::Float(value) => Value::Float(-value),
        _ => return no_such_overload(),
    })
}

/// `None`: it is not there, as nothing is in what has no fields.
pub(super) fn field(of: &Value, name: &str) -> Result<Option<Value>> {
    match of {
        Value::Map(map) => Ok(map.get(&KeyRef::String(name)).cloned()),
        Value::List(_) => Err(Failed("unsupported index type 'string' in list".to_owned())),
        _ => Ok(None),
    }
}

/// `None`: it is not there.
pub(super) fn index(of: &Value, index: &Value) -> Result<Option<Value>> {
    match of {
        Value::List(items) => {
            let at = position(index)?;
            Ok(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned())
        }
        Value::Map(map) => Ok(KeyRef::try_from(index).ok().and_then(|key| map.get(&key)).cloned()),
        _ => Ok(None),
    }
}

pub(super) fn missing(of: &Value, index: &Value) -> EvaluationError {
    match (of, position(index)) {
        (Value::List(_), Ok(at)) => IndexOutOfBounds(at),
        _ => NoSuchKey(json::text(index)),
    }
}

fn position(index: &Value) -> Result<i64> {
    match index {
        Value::Int(at) => Ok(*at),
        Value::UInt(at) => Ok(i64::try_from(*at).unwrap_or(i64::MAX)),
        Value::Float(at) if at.fract() == 0.0 => Ok(*at as i64),
        Value::Float(at) => Err(Failed(format!("unsupported index value {at} in list"))),
        other => Err(Failed(format!("unsupported index type '{}' in list", json::type_name(other)))),
    }
}
