//! JSON documents that another process wrote, in which a value may still be [`Later`](super::Late).
//!
//! `serde_json` writes such a leaf as `{"$late": null}` and can't read it back: it hands every newtype on to what is inside. This
//! reader stops there. Everything else it leaves to `serde_json`.

use super::late::LATE;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
};
use serde_json::{Error, Value};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

pub fn from_document<T: DeserializeOwned>(document: &Value) -> Result<T, Error> {
    T::deserialize(Document(document))
}

pub fn from_document_text<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    from_document(&serde_json::from_slice(text)?)
}

/// Whether it stands for what is not known yet.
pub(super) fn is_later(document: &Value) -> bool {
    matches!(document, Value::Object(entries) if entries.len() == 1 && entries.get(LATE) == Some(&Value::Null))
}

#[derive(Clone, Copy)]
struct Document<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, Error> for Document<'de> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Document<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.iter().map(Document));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(entries) => {
                let mut entries =
                    MapDeserializer::new(entries.iter().map(|(name, value)| (name.as_str(), Document(value))));
                let value = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
            leaf => leaf.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == LATE && is_later(self.0) { visitor.visit_none() } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(entries) if entries.len() == 1 => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), Document(value)));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries)))
            }
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A name that is part of the program: of a code, or of an output.
pub type Name = &'static str;

/// More than all releases together have; a peer can't make this process grow with names of its own.
const MOST_NAMES: usize = 2000;
const LONGEST_NAME: usize = 80;

static NAMES: Mutex<Names> = Mutex::new(Names(BTreeSet::new()));

struct Names(BTreeSet<Name>);

impl Names {
    /// The same name, for as long as the process lives.
    fn intern(&mut self, text: &str) -> Result<Name, String> {
        if let Some(name) = self.0.get(text) {
            return Ok(name);
        }
        let is_in_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
        let is_name = (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(is_in_form);
        if !is_name || self.0.len() >= MOST_NAMES {
            return Err(format!("{text:?} is not a name of this program"));
        }
        let name: Name = Box::leak(text.to_owned().into_boxed_str());
        self.0.insert(name);
        Ok(name)
    }
}

pub(super) fn known_name(text: &str) -> Result<Name, String> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).intern(text)
}

pub(super) fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    known_name(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Computed, Late, LateList, Outputs};
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_not_known_yet_is_read_back_wherever_it_stands() {
        type Leaves = BTreeMap<String, Option<LateList>>;
        let later = json!({ "$late": null });
        for (document, reason) in [
            (json!({ "a": ["x", later] }), "an element"),
            (json!({ "a": later, "b": null, "c": [] }), "a whole list beside none and an empty one"),
        ] {
            let read: Leaves = from_document(&document).expect(reason);
            assert_eq!(serde_json::to_value(&read).expect(reason), document, "{reason}");
        }
        let outputs = Outputs::default()
            .with("id", "demo/pay")
            .with("role_arn", Computed::Later)
            .with("rbac_groups", BTreeMap::from([("viewer".to_owned(), Computed::Later)]));
        let text = serde_json::to_vec(&outputs).unwrap();
        assert_eq!(from_document_text::<Outputs>(&text).unwrap(), outputs);
    }

    #[test]
    fn numbers_and_choices_are_those_of_json() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Choice {
            Plain,
            Held(Late<u64>),
        }
        let read: Vec<Choice> = from_document(&json!(["plain", { "held": { "$late": null } }, { "held": 7 }])).unwrap();
        assert_eq!(read, [Choice::Plain, Choice::Held(Late::Later), Choice::Held(Late::Now(7))]);
        assert!(from_document::<Choice>(&json!({ "held": 1, "plain": null })).is_err(), "two at once");
        assert!(from_document::<(u8, u8)>(&json!([1, 2, 3])).is_err(), "one too many");
        let exact: Value = serde_json::from_str(r#"{"a": 1.10, "b": 123456789012345678901234567890}"#).unwrap();
        assert_eq!(from_document::<Value>(&exact).unwrap(), exact, "numbers keep their text");
    }

    #[test]
    fn names_are_few_and_short() {
        let mut names = Names(BTreeSet::new());
        assert_eq!(names.intern("record.resume"), Ok("record.resume"));
        for (text, reason) in [("", "nothing"), ("Some text.", "a sentence"), (&*"a".repeat(81), "too long")] {
            assert!(names.intern(text).is_err(), "{reason}");
        }
        let refused = (0..MOST_NAMES).filter(|number| names.intern(&format!("flood.{number}")).is_err()).count();
        assert_eq!(refused, 1, "a peer can't make names without end");
        assert_eq!(names.intern("record.resume"), Ok("record.resume"), "those that are known stay");
    }
}
