//! The types of the protocol and their JSON form.

use super::text::nfc;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Bool,
    Number,
    String,
    /// Known with the value only.
    Dynamic,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Type>),
}

#[derive(Debug, thiserror::Error)]
pub enum TypeError {
    #[error("a type is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("{0} is not a type")]
    Shape(String),
    /// They belong to module variables; a value's type never has them.
    #[error("an object type with optional attributes is not the type of a value")]
    OptionalAttributes,
}

impl Type {
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Compact JSON, the form of `Attribute.type`.
    pub fn to_json(&self) -> Vec<u8> {
        self.as_json().to_string().into_bytes()
    }

    pub fn from_json(bytes: &[u8]) -> Result<Self, TypeError> {
        Self::read(serde_json::from_slice(bytes)?)
    }

    pub fn as_json(&self) -> Json {
        match self {
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => json!(["list", element.as_json()]),
            Self::Set(element) => json!(["set", element.as_json()]),
            Self::Map(element) => json!(["map", element.as_json()]),
            Self::Tuple(elements) => json!(["tuple", elements.iter().map(Self::as_json).collect::<Vec<_>>()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.clone(), ty.as_json()));
                json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
            }
        }
    }

    /// Recursion is bounded: the JSON reader refuses more than 128 levels.
    pub fn read(json: Json) -> Result<Self, TypeError> {
        let shape = |json: &Json| TypeError::Shape(json.to_string().chars().take(60).collect());
        match json {
            Json::String(name) => match name.as_str() {
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(TypeError::Shape(format!("{name:?}"))),
            },
            Json::Array(parts) => {
                let described = shape(&Json::Array(parts.iter().take(1).cloned().collect()));
                let mut parts = parts.into_iter();
                let (name, argument, rest) = (parts.next(), parts.next(), parts.next());
                match (name.as_ref().and_then(Json::as_str), argument, rest) {
                    (Some("list"), Some(element), None) => Ok(Self::list(Self::read(element)?)),
                    (Some("set"), Some(element), None) => Ok(Self::set(Self::read(element)?)),
                    (Some("map"), Some(element), None) => Ok(Self::map(Self::read(element)?)),
                    (Some("tuple"), Some(Json::Array(elements)), None) => {
                        Ok(Self::Tuple(elements.into_iter().map(Self::read).collect::<Result<_, _>>()?))
                    }
                    (Some("object"), Some(Json::Object(attributes)), None) => attributes
                        .into_iter()
                        .map(|(name, ty)| Ok((nfc(name), Self::read(ty)?)))
                        .collect::<Result<_, _>>()
                        .map(Self::Object),
                    (Some("object"), Some(Json::Object(_)), Some(_)) => Err(TypeError::OptionalAttributes),
                    _ => Err(described),
                }
            }
            other => Err(shape(&other)),
        }
    }

    /// What a message calls it.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Dynamic => "any value",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}
