//! A resource type's schema as a CompositeResourceDefinition: what is configured is `spec`, what is computed `status`.

use super::{
    names::CompositeKind,
    properties::{Dialect, first_paragraph, is_offered, object, properties},
};
use plugin::{
    Schema,
    schema::{Attribute, Mode},
};
use serde_json::{Value as Json, json};

/// What the Composition writes itself.
pub(super) const CLAIM: &str = "claim";
/// Long, and for plans.
const NOT_PUBLISHED: [&str; 1] = ["objects"];

/// Attributes that a user sets.
pub(super) fn configured_attributes(schema: &Schema) -> Vec<&Attribute> {
    schema.attributes.iter().filter(|attribute| is_offered(attribute) && attribute.name != CLAIM).collect()
}

/// Attributes that a status shows.
pub(super) fn published_attributes(schema: &Schema) -> Vec<&Attribute> {
    let is_shown =
        |attribute: &&Attribute| attribute.mode == Mode::Computed && !NOT_PUBLISHED.contains(&attribute.name);
    schema.attributes.iter().filter(is_shown).collect()
}

pub(super) fn definition(kind: &CompositeKind, schema: &Schema, group: &str) -> Json {
    let CompositeKind { kind, plural, .. } = kind;
    let mut status = properties(Dialect::CustomResource, &published_attributes(schema));
    let message = "What the Workspace reports about its last attempt, if that failed.";
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
                        "spec": object(Dialect::CustomResource, &configured_attributes(schema)),
                        "status": { "type": "object", "properties": status },
                    },
                } },
            }],
        },
    })
}
