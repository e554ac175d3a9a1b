//! `T` -> `Value`, by way of `serde_json`, whose numbers keep their exact text (`arbitrary_precision`).

use super::error::{ConvertError, LATE};
use crate::value::Value;
use serde::Serialize;
use serde_json::Value as Json;

pub fn try_to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, ConvertError> {
    from_json(serde_json::to_value(value).map_err(ConvertError::new)?)
}

/// Without a schema, an array is a list and an object a map.
fn from_json(json: Json) -> Result<Value, ConvertError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number.as_str().parse().map_err(ConvertError::new)?),
        Json::String(text) => Value::string(text),
        Json::Array(elements) => Value::List(elements.into_iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(entries) if entries.len() == 1 && entries.get(LATE) == Some(&Json::Null) => Value::unknown(),
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, json)| Ok((key, from_json(json)?)));
            Value::map(entries.collect::<Result<Vec<_>, ConvertError>>()?)
        }
    })
}
