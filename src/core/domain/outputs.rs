//! What a resource computes, by the names of the HCL attributes.

use super::{
    Late,
    document::{Name, is_later, known_name},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// The value of a computed attribute, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Computed {
    /// It will be another one, that only the target knows.
    Later,
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Computed>),
    Map(BTreeMap<String, Computed>),
}

/// Computed attributes. One that is absent stays as it is, and is unknown when there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Outputs(BTreeMap<Name, Computed>);

/// What every resource computes.
pub const COMMON_OUTPUTS: [&str; 5] = ["id", "uid", "target", "objects", "drifted"];

// === impl Outputs ===

impl Outputs {
    pub fn set(&mut self, name: &'static str, value: impl Into<Computed>) {
        self.0.insert(name, value.into());
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Computed>) -> Self {
        self.set(name, value);
        self
    }

    /// It stays as it is.
    pub fn keep(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub fn get(&self, name: &str) -> Option<&Computed> {
        self.0.get(name)
    }

    /// What both say; where they differ, it is known later.
    #[must_use]
    pub fn agree(mut self, other: Self) -> Self {
        let mut other = other.0;
        for (name, value) in &mut self.0 {
            *value = std::mem::replace(value, Computed::Later).agree(other.remove(name).unwrap_or(Computed::Later));
        }
        self.0.extend(other.into_keys().map(|name| (name, Computed::Later)));
        self
    }
}

// === impl Computed ===

impl Computed {
    fn agree(self, other: Self) -> Self {
        match (self, other) {
            (mine, other) if mine == other => mine,
            // Which keys there are is known, or nothing of it is.
            (Self::Map(mine), Self::Map(mut other)) if mine.keys().eq(other.keys()) => {
                let agreed = mine.into_iter().map(|(key, value)| {
                    let other = other.remove(&key).unwrap_or(Self::Later);
                    (key, value.agree(other))
                });
                Self::Map(agreed.collect())
            }
            _ => Self::Later,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&BTreeMap<String, Computed>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }
}

impl From<bool> for Computed {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<u64> for Computed {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}
impl From<String> for Computed {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Computed {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl<T: Into<Computed>> From<Late<T>> for Computed {
    fn from(late: Late<T>) -> Self {
        match late {
            Late::Now(value) => value.into(),
            Late::Later => Self::Later,
        }
    }
}
impl<T: Into<Computed>> From<Option<T>> for Computed {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
impl<T: Into<Computed>> From<Vec<T>> for Computed {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Computed>> From<BTreeMap<String, T>> for Computed {
    fn from(members: BTreeMap<String, T>) -> Self {
        Self::Map(members.into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

impl Serialize for Computed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Later => Late::<()>::Later.serialize(serializer),
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => value.serialize(serializer),
            Self::Number(value) => value.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(members) => members.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Computed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn read(document: Value) -> Result<Computed, String> {
    Ok(match document {
        document if is_later(&document) => Computed::Later,
        Value::Null => Computed::Null,
        Value::Bool(value) => Computed::Bool(value),
        Value::Number(number) => {
            Computed::Number(number.as_u64().ok_or_else(|| format!("{number} is not a number of an output"))?)
        }
        Value::String(text) => Computed::Text(text),
        Value::Array(items) => Computed::List(items.into_iter().map(read).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| Ok((name, read(value)?)));
            Computed::Map(members.collect::<Result<_, String>>()?)
        }
    })
}

impl<'de> Deserialize<'de> for Outputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = BTreeMap::<String, Computed>::deserialize(deserializer)?.into_iter();
        let named = values.map(|(name, value)| Ok((known_name(&name)?, value)));
        named.collect::<Result<_, String>>().map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_plans_agree_on_is_known() {
        let texts = |entries: &[(&str, &str)]| {
            Computed::from(entries.iter().map(|(key, text)| ((*key).to_owned(), *text)).collect::<BTreeMap<_, _>>())
        };
        let one =
            Outputs::default().with("a", "1").with("b", texts(&[("x", "1"), ("y", "2")])).with("c", "1").with("k", "1");
        let other = Outputs::default()
            .with("a", "1")
            .with("b", texts(&[("x", "1"), ("y", "3")]))
            .with("c", texts(&[]))
            .with("d", "1");
        let expected = Outputs::default()
            .with("a", "1")
            .with("b", BTreeMap::from([("x".to_owned(), "1".into()), ("y".to_owned(), Computed::Later)]))
            .with("c", Computed::Later)
            .with("d", Computed::Later)
            .with("k", Computed::Later);
        assert_eq!(one.agree(other), expected, "a value that stays in one only is not known either");
        let keys = |key| Outputs::default().with("b", texts(&[(key, "1")]));
        assert_eq!(keys("x").agree(keys("y")).get("b"), Some(&Computed::Later), "keys that differ are not known");
    }
}
