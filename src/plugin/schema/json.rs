//! A schema in the words of `terraform providers schema -json`, for tools that read that and should need no CLI.

use super::{Attribute, AttributeType, Nesting, Object, Schema};
use serde_json::{Map, Value as Json, json};

impl Schema {
    pub fn as_json(&self) -> Json {
        let block = json!({
            "attributes": attributes(&self.attributes),
            "description": self.description,
            "description_kind": "markdown",
        });
        json!({ "version": self.version, "block": block })
    }
}

fn attributes(attributes: &[Attribute]) -> Json {
    attributes.iter().map(|attribute| (attribute.name.to_owned(), of_attribute(attribute))).collect()
}

/// What is false or empty is left out, as core does.
fn of_attribute(attribute: &Attribute) -> Json {
    let mut json = Map::new();
    match &attribute.kind {
        AttributeType::Plain(ty) => json.insert("type".to_owned(), ty.as_json()),
        AttributeType::Nested(nesting, object) => json.insert("nested_type".to_owned(), of_object(*nesting, object)),
    };
    if !attribute.description.is_empty() {
        json.insert("description".to_owned(), attribute.description.as_str().into());
    }
    json.insert("description_kind".to_owned(), "markdown".into());
    for (name, is_set) in [
        ("required", attribute.is_required()),
        ("optional", attribute.is_optional()),
        ("computed", attribute.is_computed()),
        ("sensitive", attribute.sensitive),
        ("write_only", attribute.write_only),
        ("deprecated", attribute.deprecated.is_some()),
    ] {
        if is_set {
            json.insert(name.to_owned(), true.into());
        }
    }
    Json::Object(json)
}

fn of_object(nesting: Nesting, object: &Object) -> Json {
    let mode = match nesting {
        Nesting::Single => "single",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    };
    json!({ "attributes": attributes(&object.attributes), "nesting_mode": mode })
}
