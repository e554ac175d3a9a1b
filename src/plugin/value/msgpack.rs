//! The binary form, the one that core sends and reads. Rules: cty's msgpack encoding as core speaks it.
//!
//! Decoding is on the path of every call for every resource, so it works on the slice as it lies there: no intermediate
//! tree, one allocation for each string that is kept, none for what the bytes merely claim.

mod read;
mod scalar;
#[cfg(test)]
mod tests;
mod unknown;

use super::{
    CodecError, Type, Value,
    codec::{DEPTH, Located, fits},
    set,
    text::nfc,
};
use read::Reader;
use rmp::{Marker, encode};
use scalar::{infallible, length, number, write_number};
use std::collections::BTreeMap;

/// Absent bytes are null, as an absent `DynamicValue` is.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader::new(bytes);
    let value = value(&mut reader, ty, DEPTH)?;
    if reader.rest() == 0 { Ok(value) } else { Err(CodecError::new("there are bytes after the value")) }
}

pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(256);
    fits(value, ty)?;
    write(&mut out, value)?;
    Ok(out)
}

// === bytes -> Value ===

fn value(reader: &mut Reader<'_>, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(CodecError::too_deep());
    };
    let marker = reader.marker()?;
    if marker == Marker::Null {
        return Ok(Value::Null);
    }
    if let Some((code, payload)) = reader.extension(marker)? {
        return unknown::read(code, payload).map(Value::Unknown);
    }
    let found = match ty {
        Type::Bool => match marker {
            Marker::True => Some(Value::Bool(true)),
            Marker::False => Some(Value::Bool(false)),
            _ => None,
        },
        Type::String => reader.string(marker)?.map(|text| Value::String(nfc(text.to_owned()))),
        Type::Number => number(reader, marker)?.map(Value::Number),
        _ => collection(reader, marker, ty, depth)?,
    };
    found.ok_or_else(|| CodecError::mismatch(ty, read::noun(marker)))
}

/// Apart from the leaves, and each kind by itself: these functions recurse, and their frames should be small.
fn collection(reader: &mut Reader<'_>, marker: Marker, ty: &Type, depth: usize) -> Result<Option<Value>, CodecError> {
    if ty == &Type::Dynamic {
        return if reader.array(marker)? == Some(2) { dynamic(reader, depth).map(Some) } else { Ok(None) };
    }
    let length = match ty {
        Type::Map(_) | Type::Object(_) => reader.map(marker)?,
        _ => reader.array(marker)?,
    };
    let Some(length) = length else { return Ok(None) };
    match ty {
        Type::List(ty) => elements(reader, length, ty, depth).map(Value::List),
        Type::Set(ty) => elements(reader, length, ty, depth).map(|elements| Value::Set(set::distinct(elements))),
        Type::Tuple(types) => tuple(reader, length, types, depth),
        Type::Map(ty) => map(reader, length, ty, depth),
        Type::Object(attributes) => object(reader, length, attributes, depth),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => return Ok(None),
    }
    .map(Some)
}

fn dynamic(reader: &mut Reader<'_>, depth: usize) -> Result<Value, CodecError> {
    let ty = Type::from_json(reader.binary()?).map_err(CodecError::new)?;
    let value = value(reader, &ty, depth)?;
    // A nested `dynamic` says nothing: its value already carries its own type, or has none.
    Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
}

fn tuple(reader: &mut Reader<'_>, length: usize, types: &[Type], depth: usize) -> Result<Value, CodecError> {
    if length != types.len() {
        return Err(CodecError::new(format_args!("{} elements are needed, not {length}", types.len())));
    }
    let mut elements = Vec::with_capacity(types.len().min(reader.rest()));
    for (at, ty) in types.iter().enumerate() {
        elements.push(value(reader, ty, depth).index(at)?);
    }
    Ok(Value::List(elements))
}

fn map(reader: &mut Reader<'_>, length: usize, ty: &Type, depth: usize) -> Result<Value, CodecError> {
    let mut entries = BTreeMap::new();
    for _ in 0..length {
        let key = nfc(reader.key()?.to_owned());
        let element = value(reader, ty, depth).key(&key)?;
        entries.insert(key, element);
    }
    Ok(Value::Map(entries))
}

fn elements(reader: &mut Reader<'_>, length: usize, ty: &Type, depth: usize) -> Result<Vec<Value>, CodecError> {
    // An element takes a byte at least, so a claimed length never allocates more than the message's own size.
    let mut elements = Vec::with_capacity(length.min(reader.rest()).min(1024));
    for at in 0..length {
        elements.push(value(reader, ty, depth).index(at)?);
    }
    Ok(elements)
}

/// Exactly the attributes of the type, in any order.
fn object(
    reader: &mut Reader<'_>,
    length: usize,
    attributes: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, CodecError> {
    let mut entries = BTreeMap::new();
    for _ in 0..length {
        let name = reader.key()?;
        let (name, ty) = attributes.get_key_value(name).ok_or_else(|| CodecError::extra(name))?;
        let element = value(reader, ty, depth).attribute(name)?;
        if entries.insert(name.clone(), element).is_some() {
            return Err(CodecError::new(format_args!("the object has the attribute {name:?} twice")));
        }
    }
    match attributes.keys().find(|name| !entries.contains_key(*name)) {
        Some(name) => Err(CodecError::missing(name)),
        None => Ok(Value::Map(entries)),
    }
}

// === Value -> bytes ===

/// What fits its type is written without looking at the type again.
fn write(out: &mut Vec<u8>, value: &Value) -> Result<(), CodecError> {
    match value {
        Value::Null => out.push(Marker::Null.to_u8()),
        Value::Unknown(refinement) => unknown::write(out, refinement)?,
        Value::Bool(value) => out.push(if *value { Marker::True } else { Marker::False }.to_u8()),
        Value::String(text) => infallible(encode::write_str(out, text))?,
        Value::Number(number) => write_number(out, number)?,
        Value::List(elements) | Value::Set(elements) => {
            infallible(encode::write_array_len(out, length(elements.len())?))?;
            elements.iter().try_for_each(|element| write(out, element))?;
        }
        Value::Map(entries) => {
            infallible(encode::write_map_len(out, length(entries.len())?))?;
            for (key, element) in entries {
                infallible(encode::write_str(out, key))?;
                write(out, element)?;
            }
        }
        Value::Dynamic(dynamic) => {
            infallible(encode::write_array_len(out, 2))?;
            infallible(encode::write_bin(out, &dynamic.ty.to_json()))?;
            write(out, &dynamic.value)?;
        }
    }
    Ok(())
}
