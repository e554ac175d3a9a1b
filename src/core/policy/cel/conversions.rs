//! Conversions between types, as CEL's standard library makes them.

use super::{error::EvaluationError, json, library::LibraryCall};
use kube_cel::cel::Value;
use std::sync::Arc;

type Result<T = Value> = std::result::Result<T, EvaluationError>;

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(EvaluationError::Failed(message.into()))
}

fn impossible<T>(value: &Value, to: &str) -> Result<T> {
    error(format!("type conversion error from '{}' to '{to}'", json::type_name(value)))
}

fn text(text: impl Into<String>) -> Result {
    Ok(Value::String(Arc::new(text.into())))
}

pub(super) fn bool(value: &Value) -> Result {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => impossible(value, "bool"),
        },
        _ => impossible(value, "bool"),
    }
}

pub(super) fn int(value: &Value) -> Result {
    const OVERFLOW: EvaluationError = EvaluationError::Overflow("integer");
    match value {
        Value::Int(_) => Ok(value.clone()),
        Value::UInt(unsigned) => Ok(Value::Int(i64::try_from(*unsigned).map_err(|_| OVERFLOW)?)),
        // Both ends are out: as doubles they equal what is beyond them.
        Value::Float(double) if *double > i64::MIN as f64 && *double < i64::MAX as f64 => {
            Ok(Value::Int(*double as i64))
        }
        Value::Float(_) => Err(OVERFLOW),
        Value::String(digits) => match digits.parse() {
            Ok(number) => Ok(Value::Int(number)),
            Err(_) => impossible(value, "int"),
        },
        Value::Timestamp(at) => Ok(Value::Int(at.timestamp())),
        Value::Duration(duration) => Ok(Value::Int(duration.num_nanoseconds().ok_or(OVERFLOW)?)),
        _ => impossible(value, "int"),
    }
}

pub(super) fn uint(value: &Value) -> Result {
    const OVERFLOW: EvaluationError = EvaluationError::Overflow("unsigned integer");
    match value {
        Value::UInt(_) => Ok(value.clone()),
        Value::Int(signed) => Ok(Value::UInt(u64::try_from(*signed).map_err(|_| OVERFLOW)?)),
        Value::Float(double) if *double >= 0.0 && *double < u64::MAX as f64 => Ok(Value::UInt(*double as u64)),
        Value::Float(_) => Err(OVERFLOW),
        Value::String(digits) if !digits.starts_with('+') => match digits.parse() {
            Ok(number) => Ok(Value::UInt(number)),
            Err(_) => impossible(value, "uint"),
        },
        _ => impossible(value, "uint"),
    }
}

pub(super) fn double(value: &Value) -> Result {
    match value {
        Value::Float(_) => Ok(value.clone()),
        Value::Int(signed) => Ok(Value::Float(*signed as f64)),
        Value::UInt(unsigned) => Ok(Value::Float(*unsigned as f64)),
        Value::String(digits) => match digits.parse::<f64>() {
            // Infinity is a word, and no number too large.
            Ok(number) if number.is_infinite() && digits.contains(|c: char| c.is_ascii_digit()) => {
                impossible(value, "double")
            }
            Ok(number) => Ok(Value::Float(number)),
            Err(_) => impossible(value, "double"),
        },
        _ => impossible(value, "double"),
    }
}

pub(super) fn bytes(value: &Value) -> Result {
    match value {
        Value::Bytes(_) => Ok(value.clone()),
        Value::String(text) => Ok(Value::Bytes(Arc::new(text.as_bytes().to_vec()))),
        _ => impossible(value, "bytes"),
    }
}

/// `None`: of a text, which the library reads.
pub(super) fn timestamp(arguments: &[Value]) -> Option<Result> {
    match arguments {
        [Value::Timestamp(_)] => Some(Ok(arguments[0].clone())),
        [Value::Int(seconds)] => Some(match jiff::Timestamp::from_second(*seconds) {
            Ok(at) => LibraryCall::new("timestamp", false, 1).value(&[Value::String(Arc::new(at.to_string()))]),
            Err(_) => Err(EvaluationError::Overflow("timestamp")),
        }),
        _ => None,
    }
}

/// `None`: of a type that is the library's.
pub(super) fn string(value: &Value) -> Option<Result> {
    Some(match value {
        Value::String(_) => Ok(value.clone()),
        Value::Bool(value) => text(value.to_string()),
        Value::Int(value) => text(value.to_string()),
        Value::UInt(value) => text(value.to_string()),
        Value::Float(value) => text(shortest(*value)),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(valid) => text(valid),
            Err(_) => error("invalid UTF-8 in bytes, cannot convert to string"),
        },
        Value::Duration(duration) => {
            let seconds = duration.num_nanoseconds().unwrap_or(i64::MAX) as f64 / 1e9;
            text(format!("{seconds}s"))
        }
        Value::Timestamp(at) => {
            text(rfc3339(&at.format("%Y-%m-%dT%H:%M:%S%.9f").to_string(), &at.format("%:z").to_string()))
        }
        Value::Opaque(_) => return None,
        _ => impossible(value, "string"),
    })
}

/// Fractions of a second without trailing zeros, and UTC as `Z`.
fn rfc3339(time: &str, offset: &str) -> String {
    let time = time.trim_end_matches('0').trim_end_matches('.');
    format!("{time}{}", if offset == "+00:00" { "Z" } else { offset })
}

/// As Go's `%g` writes doubles: the shortest digits that mean it, with an exponent below -4 and from 6 on.
pub(super) fn shortest(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
