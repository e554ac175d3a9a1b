//! A resource type's schema as a CompositeResourceDefinition: what is configured is `spec`, what is computed `status`.

use super::names::{Kind, camel};
use plugin::{
    Schema, Type,
    schema::{Attribute, AttributeType, Mode, Nesting, Object},
};
use serde_json::{Map, Value as Json, json};

/// What the Composition writes itself.
pub(super) const CLAIM: &str = "claim";
/// Long, and for plans.
const NOT_PUBLISHED: [&str; 1] = ["objects"];

/// Attributes that a user sets.
pub(super) fn configured(schema: &Schema) -> Vec<&Attribute> {
    schema.attributes.iter().filter(|attribute| is_offered(attribute) && attribute.name != CLAIM).collect()
}

/// Attributes that a status shows.
pub(super) fn published(schema: &Schema) -> Vec<&Attribute> {
    let is_shown =
        |attribute: &&Attribute| attribute.mode == Mode::Computed && !NOT_PUBLISHED.contains(&attribute.name);
    schema.attributes.iter().filter(is_shown).collect()
}

/// Words that are only declared to be refused are none that anybody should write.
pub(super) fn is_offered(attribute: &Attribute) -> bool {
    attribute.mode != Mode::Computed && attribute.refused.is_none()
}

pub(super) fn definition(kind: &Kind, schema: &Schema, group: &str) -> Json {
    let Kind { kind, plural, .. } = kind;
    let mut status = properties(&published(schema));
    let message = "What Crossplane's provider says of the last try, if it failed.";
    status.insert("message".to_owned(), json!({ "type": "string", "description": message }));
    let column = |name: &str, path: &str| json!({ "name": name, "type": "string", "jsonPath": path });
    json!({
        "apiVersion": "apiextensions.crossplane.io/v2",
        "kind": "CompositeResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "names": { "kind": kind, "plural": plural },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "referenceable": true,
                "additionalPrinterColumns": [column("ID", ".status.id"), column("MESSAGE", ".status.message")],
                "schema": { "openAPIV3Schema": {
                    "type": "object",
                    "description": first_paragraph(&schema.description),
                    "required": ["spec"],
                    "properties": {
                        "spec": object(&configured(schema)),
                        "status": { "type": "object", "properties": status },
                    },
                } },
            }],
        },
    })
}

fn first_paragraph(text: &str) -> &str {
    text.split("\n\n").next().unwrap_or(text)
}

fn object(attributes: &[&Attribute]) -> Json {
    let required: Vec<String> = attributes.iter().filter(|a| a.is_required()).map(|a| camel(a.name)).collect();
    let mut object = json!({ "type": "object", "properties": properties(attributes) });
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

fn properties(attributes: &[&Attribute]) -> Map<String, Json> {
    attributes.iter().map(|attribute| (camel(attribute.name), property(attribute))).collect()
}

fn property(attribute: &Attribute) -> Json {
    let mut property = match &attribute.kind {
        AttributeType::Plain(ty) => of_type(ty),
        AttributeType::Nested(nesting, inside) => nested(*nesting, inside, attribute.may_be_empty),
    };
    property["description"] = first_paragraph(&attribute.description).into();
    if !attribute.choices.is_empty() {
        property["enum"] = json!(attribute.choices);
    }
    property
}

fn nested(nesting: Nesting, inside: &Object, may_be_empty: bool) -> Json {
    let offered: Vec<&Attribute> = inside.attributes.iter().filter(|attribute| is_offered(attribute)).collect();
    let mut element = object(&offered);
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

fn of_type(ty: &Type) -> Json {
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Number => json!({ "type": "number" }),
        Type::String => json!({ "type": "string" }),
        Type::List(element) => json!({ "type": "array", "items": of_type(element) }),
        // Sets of texts alone: Kubernetes knows no set of objects.
        Type::Set(element) if **element == Type::String => {
            json!({ "type": "array", "x-kubernetes-list-type": "set", "items": of_type(element) })
        }
        Type::Set(element) => json!({ "type": "array", "items": of_type(element) }),
        Type::Map(element) => json!({ "type": "object", "additionalProperties": of_type(element) }),
        Type::Object(members) => {
            let properties = members.iter().map(|(name, ty)| (camel(name), of_type(ty)));
            json!({ "type": "object", "properties": properties.collect::<Map<_, _>>() })
        }
        Type::Dynamic | Type::Tuple(_) => json!({ "x-kubernetes-preserve-unknown-fields": true }),
    }
}
