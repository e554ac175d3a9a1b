//! `T` -> `Value`, without a detour by JSON: a number keeps its exact text and an unknown its place.

use super::{Fault, LATE, try_to_value};
use crate::{
    path::Step,
    value::{Number, Value},
};
use serde::{
    Serialize,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant, Serializer,
    },
};
use std::collections::BTreeMap;

pub(super) struct Writer;

impl Serializer for Writer {
    type Ok = Value;
    type Error = Fault;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, value: bool) -> Result<Value, Fault> {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, Fault> {
        Ok(Value::Number(value.into()))
    }

    fn serialize_i128(self, value: i128) -> Result<Value, Fault> {
        Ok(Value::Number(value.into()))
    }

    fn serialize_u8(self, value: u8) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, Fault> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, Fault> {
        Ok(Value::Number(value.into()))
    }

    fn serialize_u128(self, value: u128) -> Result<Value, Fault> {
        value.to_string().parse().map(Value::Number).map_err(Fault::new)
    }

    fn serialize_f32(self, value: f32) -> Result<Value, Fault> {
        // By its own shortest text: 0.1f32 is 0.1 here and not 0.10000000149011612.
        value.to_string().parse().map(Value::Number).map_err(Fault::new)
    }

    fn serialize_f64(self, value: f64) -> Result<Value, Fault> {
        Number::try_from(value).map(Value::Number).map_err(Fault::new)
    }

    fn serialize_char(self, value: char) -> Result<Value, Fault> {
        Ok(Value::string(value))
    }

    fn serialize_str(self, value: &str) -> Result<Value, Fault> {
        Ok(Value::string(value))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Fault> {
        Ok(Value::List(bytes.iter().map(|byte| i64::from(*byte).into()).collect()))
    }

    fn serialize_none(self) -> Result<Value, Fault> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Fault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Fault> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, Fault> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<Value, Fault> {
        Ok(Value::string(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<Value, Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Fault> {
        if variant == LATE {
            return Ok(Value::unknown());
        }
        Ok(Value::map([(variant, written_at(variant, value)?)]))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Elements, Fault> {
        Ok(Elements { variant: None, elements: Vec::with_capacity(length.unwrap_or(0).min(1024)) })
    }

    fn serialize_tuple(self, length: usize) -> Result<Elements, Fault> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Elements, Fault> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Elements, Fault> {
        Ok(Elements { variant: Some(variant), ..self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries, Fault> {
        Ok(Entries { variant: None, entries: BTreeMap::new(), key: None })
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Entries, Fault> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Entries, Fault> {
        Ok(Entries { variant: Some(variant), ..self.serialize_map(None)? })
    }
}

fn written_at<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<Value, Fault> {
    try_to_value(value).map_err(|fault| fault.inside(Step::Attribute(name.to_owned())))
}

/// The value of an enum's variant is an object with one attribute, as the reader takes it.
fn tagged(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::map([(variant, value)]),
        None => value,
    }
}

pub(super) struct Elements {
    variant: Option<&'static str>,
    elements: Vec<Value>,
}

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let index = i64::try_from(self.elements.len()).unwrap_or(i64::MAX);
        self.elements.push(try_to_value(value).map_err(|fault| fault.inside(Step::Index(index)))?);
        Ok(())
    }

    fn finish(self) -> Result<Value, Fault> {
        Ok(tagged(self.variant, Value::List(self.elements)))
    }
}

/// Serde has four traits for one thing.
macro_rules! sequence {
    ($($trait:ident $push:ident),* $(,)?) => {$(
        impl $trait for Elements {
            type Ok = Value;
            type Error = Fault;

            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.push(value)
            }

            fn end(self) -> Result<Value, Fault> {
                self.finish()
            }
        }
    )*};
}

sequence! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

pub(super) struct Entries {
    variant: Option<&'static str>,
    entries: BTreeMap<String, Value>,
    key: Option<String>,
}

impl Entries {
    fn finish(self) -> Result<Value, Fault> {
        Ok(tagged(self.variant, Value::Map(self.entries)))
    }
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        self.key = Some(key_text(try_to_value(key)?)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let key = self.key.take().ok_or_else(|| Fault::new("a value was written before its key"))?;
        let value = try_to_value(value).map_err(|fault| fault.inside(Step::Key(key.clone())))?;
        self.entries.insert(key, value);
        Ok(())
    }

    fn end(self) -> Result<Value, Fault> {
        self.finish()
    }
}

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl $trait for Entries {
            type Ok = Value;
            type Error = Fault;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
                self.entries.insert(name.to_owned(), written_at(name, value)?);
                Ok(())
            }

            fn end(self) -> Result<Value, Fault> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant }

/// Keys of maps: strings, and what is written as one (newtypes, enums without data, whole numbers).
fn key_text(key: Value) -> Result<String, Fault> {
    match key {
        Value::String(text) => Ok(text),
        Value::Number(number) if number.is_whole() => Ok(number.to_string()),
        other => Err(Fault::new(format_args!("{} can't be the key of a map", other.noun()))),
    }
}
