//! `Value` -> `T`.

use super::error::{ConvertError, LATE};
use crate::{
    path::Step,
    value::{Number, Value},
};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use std::{collections::btree_map, iter::Enumerate, slice};

impl<'de> Deserializer<'de> for &'de Value {
    type Error = ConvertError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self {
            Value::Unknown(_) => Err(ConvertError::unknown_value()),
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::List(elements) | Value::Set(elements) => visitor.visit_seq(Elements(elements.iter().enumerate())),
            Value::Map(entries) => visitor.visit_map(Entries::all(entries)),
            Value::Dynamic(dynamic) => dynamic.value.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        if name == LATE && self.is_unknown() { visitor.visit_none() } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        match self.inner() {
            Value::Map(entries) => visitor.visit_map(Entries::of_object(entries)),
            other => other.deserialize_any(visitor),
        }
    }

    /// A string is a variant without data. An object is the variant of its one attribute that is written: in HCL, a
    /// choice among several is one object of which all but one stay null.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        match self.inner() {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(entries) => {
                let mut written = entries.iter().filter(|(_, value)| !value.is_null());
                match (written.next(), written.next()) {
                    (Some((name, value)), None) => visitor.visit_enum(Chosen { name, value }),
                    _ => Err(ConvertError::new(format_args!("exactly one of {} must be set", variants.join(", ")))),
                }
            }
            Value::Unknown(_) => Err(ConvertError::unknown_value()),
            other => Err(ConvertError::invalid_type(Unexpected::Other(other.noun()), &name)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

/// The exact value where Rust has a type for it; a fraction is given as the nearest float.
fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, ConvertError> {
    if let Some(value) = number.as_i64() {
        visitor.visit_i64(value)
    } else if let Some(value) = number.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = number.as_i128() {
        visitor.visit_i128(value)
    } else {
        visitor.visit_f64(number.to_f64())
    }
}

struct Elements<'de>(Enumerate<slice::Iter<'de, Value>>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = ConvertError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ConvertError> {
        let Some((index, element)) = self.0.next() else {
            return Ok(None);
        };
        let step = |error: ConvertError| error.inside(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)));
        seed.deserialize(element).map(Some).map_err(step)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'de> {
    rest: btree_map::Iter<'de, String, Value>,
    current: Option<(&'de String, &'de Value)>,
    /// The Rust type is a struct: names are attributes, and null is the same as absent.
    attributes: bool,
}

impl<'de> Entries<'de> {
    fn all(entries: &'de btree_map::BTreeMap<String, Value>) -> Self {
        Self { rest: entries.iter(), current: None, attributes: false }
    }

    fn of_object(entries: &'de btree_map::BTreeMap<String, Value>) -> Self {
        Self { attributes: true, ..Self::all(entries) }
    }

    fn step(&self, name: &str) -> Step {
        if self.attributes { Step::Attribute(name.to_owned()) } else { Step::Key(name.to_owned()) }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = ConvertError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConvertError> {
        let skip_null = self.attributes;
        self.current = self.rest.by_ref().find(|(_, value)| !(skip_null && value.is_null()));
        let Some((name, _)) = self.current else { return Ok(None) };
        let key = seed.deserialize(name.as_str().into_deserializer());
        key.map(Some).map_err(|error: ConvertError| error.inside(self.step(name)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ConvertError> {
        let Some((name, value)) = self.current.take() else {
            return Err(ConvertError::new("a value was read before its key"));
        };
        seed.deserialize(value).map_err(|error| error.inside(self.step(name)))
    }
}

struct Chosen<'de> {
    name: &'de str,
    value: &'de Value,
}

impl<'de> EnumAccess<'de> for Chosen<'de> {
    type Error = ConvertError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ConvertError> {
        let name: serde::de::value::StrDeserializer<'_, ConvertError> = self.name.into_deserializer();
        seed.deserialize(name).map(|variant| (variant, self))
    }
}

impl<'de> Chosen<'de> {
    fn locate<T>(&self, result: Result<T, ConvertError>) -> Result<T, ConvertError> {
        result.map_err(|error| error.inside(Step::Attribute(self.name.to_owned())))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'de> {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ConvertError> {
        self.locate(seed.deserialize(self.value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ConvertError> {
        self.locate(self.value.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.locate(self.value.deserialize_struct("", fields, visitor))
    }
}
