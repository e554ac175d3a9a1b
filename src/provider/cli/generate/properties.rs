//! Attributes of our schemas as JSON Schema: of a custom resource, and of a file that people edit.

use super::names::camel;
use plugin::{
    Type,
    schema::{Attribute, AttributeType, Mode, Nesting, Object},
};
use serde_json::{Map, Value as Json, json};

/// What the schema is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Dialect {
    /// Names are as Kubernetes writes them, and the API server itself sees to those that are not known.
    CustomResource,
    /// Names are those of HCL, and one that is not known is an error.
    File,
}

// === impl Dialect ===

impl Dialect {
    fn name(self, name: &str) -> String {
        match self {
            Self::CustomResource => camel(name),
            Self::File => name.to_owned(),
        }
    }

    fn object(self, properties: Map<String, Json>) -> Json {
        match self {
            Self::CustomResource => json!({ "type": "object", "properties": properties }),
            Self::File => json!({ "type": "object", "properties": properties, "additionalProperties": false }),
        }
    }

    /// Of texts alone: Kubernetes knows no set of objects.
    fn set(self, element: Json) -> Json {
        match self {
            Self::CustomResource => json!({ "type": "array", "x-kubernetes-list-type": "set", "items": element }),
            Self::File => json!({ "type": "array", "items": element }),
        }
    }

    fn anything(self) -> Json {
        match self {
            Self::CustomResource => json!({ "x-kubernetes-preserve-unknown-fields": true }),
            Self::File => json!({}),
        }
    }
}

/// Words that are only declared to be refused are none that anybody should write.
pub(super) fn is_offered(attribute: &Attribute) -> bool {
    attribute.mode != Mode::Computed && attribute.refused.is_none()
}

pub(super) fn first_paragraph(text: &str) -> &str {
    text.split("\n\n").next().unwrap_or(text)
}

pub(in crate::cli) fn object(dialect: Dialect, attributes: &[&Attribute]) -> Json {
    let required: Vec<String> = attributes.iter().filter(|a| a.is_required()).map(|a| dialect.name(a.name)).collect();
    let mut object = dialect.object(properties(dialect, attributes));
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

pub(super) fn properties(dialect: Dialect, attributes: &[&Attribute]) -> Map<String, Json> {
    attributes.iter().map(|attribute| (dialect.name(attribute.name), property(dialect, attribute))).collect()
}

fn property(dialect: Dialect, attribute: &Attribute) -> Json {
    let mut property = match &attribute.kind {
        AttributeType::Plain(ty) => of_type(dialect, ty),
        AttributeType::Nested(nesting, inside) => nested_schema(dialect, *nesting, inside, attribute.may_be_empty),
    };
    property["description"] = first_paragraph(&attribute.description).into();
    if !attribute.choices.is_empty() {
        property["enum"] = json!(attribute.choices);
    }
    property
}

fn nested_schema(dialect: Dialect, nesting: Nesting, inside: &Object, may_be_empty: bool) -> Json {
    let offered: Vec<&Attribute> = inside.attributes.iter().filter(|attribute| is_offered(attribute)).collect();
    let mut element = object(dialect, &offered);
    match nesting {
        Nesting::Single => {
            // The provider refuses an object in which nothing is set.
            if !may_be_empty {
                element["minProperties"] = 1.into();
            }
            element
        }
        Nesting::List | Nesting::Set => json!({ "type": "array", "items": element }),
        Nesting::Map => json!({ "type": "object", "additionalProperties": element }),
    }
}

fn of_type(dialect: Dialect, ty: &Type) -> Json {
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Number => json!({ "type": "number" }),
        Type::String => json!({ "type": "string" }),
        Type::Set(element) if **element == Type::String => dialect.set(of_type(dialect, element)),
        Type::List(element) | Type::Set(element) => json!({ "type": "array", "items": of_type(dialect, element) }),
        Type::Map(element) => json!({ "type": "object", "additionalProperties": of_type(dialect, element) }),
        Type::Object(members) => {
            dialect.object(members.iter().map(|(name, ty)| (dialect.name(name), of_type(dialect, ty))).collect())
        }
        Type::Dynamic | Type::Tuple(_) => dialect.anything(),
    }
}
