//! The textual form: state files, and values that a client chooses to send so. It can't hold an unknown.
//!
//! Numbers keep their text (`serde_json` with `arbitrary_precision`); the reader's own limit of 128
//! levels bounds every recursion here.

use super::{
    CodecError, Type, Value,
    codec::{DEPTH, Located, fits},
    number::Number,
    set,
    text::nfc,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Absent bytes are null, as in the binary form.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    from_json(serde_json::from_slice(bytes).map_err(CodecError::new)?, ty)
}

/// An attribute that is not there is null, for state may be older than the schema; one that the type does not know is an
/// error, for its value would be lost.
pub fn from_json(json: Json, ty: &Type) -> Result<Value, CodecError> {
    read(json, ty, DEPTH)
}

fn read(json: Json, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(CodecError::too_deep());
    };
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Bool, Json::String(text)) if text == "true" => Ok(Value::Bool(true)),
        (Type::Bool, Json::String(text)) if text == "false" => Ok(Value::Bool(false)),
        (Type::Number, Json::Number(number)) => number.as_str().parse().map(Value::Number).map_err(CodecError::new),
        (Type::Number, Json::String(text)) => text.parse().map(Value::Number).map_err(CodecError::new),
        (Type::String, Json::String(text)) => Ok(Value::String(nfc(text))),
        (Type::String, Json::Number(number)) => {
            number.as_str().parse::<Number>().map(|n| Value::String(n.to_string())).map_err(CodecError::new)
        }
        (Type::String, Json::Bool(value)) => Ok(Value::String(value.to_string())),
        (Type::List(ty), Json::Array(elements)) => read_all(elements, ty, depth).map(Value::List),
        (Type::Set(ty), Json::Array(elements)) => {
            read_all(elements, ty, depth).map(|elements| Value::Set(set::distinct(elements)))
        }
        (Type::Tuple(types), Json::Array(elements)) if types.len() == elements.len() => {
            let pairs = elements.into_iter().zip(types).enumerate();
            pairs.map(|(at, (json, ty))| read(json, ty, depth).index(at)).collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(ty), Json::Object(entries)) => {
            let mut map = BTreeMap::new();
            for (key, json) in entries {
                let element = read(json, ty, depth).key(&key)?;
                map.insert(nfc(key), element);
            }
            Ok(Value::Map(map))
        }
        (Type::Object(attributes), Json::Object(mut entries)) => {
            let mut object = BTreeMap::new();
            for (name, ty) in attributes {
                let json = entries.remove(name).unwrap_or(Json::Null);
                object.insert(name.clone(), read(json, ty, depth).attribute(name)?);
            }
            entries.keys().next().map_or(Ok(Value::Map(object)), |name| Err(CodecError::extra(name)))
        }
        (Type::Dynamic, Json::Object(mut entries)) => {
            let (Some(ty), Some(json), true) = (entries.remove("type"), entries.remove("value"), entries.is_empty())
            else {
                return Err(CodecError::new(r#"a dynamic value is written as {"value": .., "type": ..}"#));
            };
            let ty = Type::read(ty).map_err(CodecError::new)?;
            let value = read(json, &ty, depth)?;
            Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
        }
        (ty, json) => Err(CodecError::mismatch(ty, noun(&json))),
    }
}

fn read_all(elements: Vec<Json>, ty: &Type, depth: usize) -> Result<Vec<Value>, CodecError> {
    elements.into_iter().enumerate().map(|(at, json)| read(json, ty, depth).index(at)).collect()
}

/// As core writes state.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    fits(value, ty)?;
    write(value).map(|json| json.to_string().into_bytes())
}

/// What fits its type is written without looking at the type again.
fn write(value: &Value) -> Result<Json, CodecError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => return Err(CodecError::new("an unknown value can't be written as JSON")),
        Value::Bool(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => Json::Number(number.to_string().parse().map_err(CodecError::new)?),
        Value::List(elements) | Value::Set(elements) => {
            let elements = elements.iter().enumerate();
            elements.map(|(at, element)| write(element).index(at)).collect::<Result<_, _>>().map(Json::Array)?
        }
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, element)| Ok((key.clone(), write(element).key(key)?)));
            entries.collect::<Result<_, _>>().map(Json::Object)?
        }
        Value::Dynamic(dynamic) => json!({ "value": write(&dynamic.value)?, "type": dynamic.ty.as_json() }),
    })
}

fn noun(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
