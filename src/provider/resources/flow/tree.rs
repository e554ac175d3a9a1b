//! Between trees and the domain: reading single leaves, and what was computed.

use super::objects;
use goldenpath_core::{domain::Outputs, provision::KeptKeys};
use plugin::{
    Schema, Value,
    schema::{Mode, Timeouts},
    value::{from_value, to_value},
};
use std::{collections::BTreeMap, str::FromStr};

/// One known and sound text of the configuration.
pub fn leaf<T: FromStr>(tree: &Value, name: &str) -> Option<T> {
    tree.child(name).as_str()?.parse().ok()
}

pub(super) fn text(tree: &Value, name: &str) -> String {
    tree.child(name).as_str().unwrap_or_default().to_owned()
}

pub(super) fn maybe_text(tree: &Value, name: &str) -> Option<String> {
    tree.child(name).as_str().map(str::to_owned)
}

pub(super) fn maybe_bool(tree: &Value, name: &str) -> Option<bool> {
    match tree.child(name) {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn timeouts(tree: &Value) -> Timeouts {
    // Sound by the schema's own checks; null reads as no limits.
    from_value::<Option<Timeouts>>(tree.child("timeouts")).ok().flatten().unwrap_or_default()
}

/// Computed attributes by name: null is a value, and what was not given is absent. With what has to be remembered of them.
pub(super) fn computed_values(outputs: &Outputs, kept: &KeptKeys) -> (BTreeMap<String, Value>, KeptKeys) {
    let Value::Map(mut attributes) = to_value(outputs) else { return Default::default() };
    let Some(objects) = attributes.remove(objects::OBJECTS) else { return (attributes, KeptKeys::new()) };
    if let Some(drifted) = attributes.get(objects::DRIFTED) {
        let drifted = objects::shown_keys(drifted, &objects, kept);
        attributes.insert(objects::DRIFTED.to_owned(), drifted);
    }
    let (objects, kept) = objects::with_short_keys(objects, kept);
    attributes.insert(objects::OBJECTS.to_owned(), objects);
    (attributes, kept)
}

/// What is decided once for an instance, whatever its configuration becomes.
const LASTING: [&str; 4] = ["id", "uid", "target", "provisioning"];

/// What a plan computes that can't be decided yet. What follows from the configuration is unknown, for it may change; what
/// lasts is left to the prior state.
pub(super) fn undecided_values(schema: &Schema, id: Option<String>) -> Value {
    let ours = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
    let unknown = ours.filter(|attribute| !LASTING.contains(&attribute.name)).map(|a| (a.name, Value::unknown()));
    Value::map(unknown.chain(id.map(|id| ("id", id.into()))))
}

pub(super) fn set(tree: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Map(attributes) = tree {
        attributes.insert(name.to_owned(), value.into());
    }
}
