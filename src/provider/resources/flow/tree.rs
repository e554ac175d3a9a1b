//! Between trees and the domain: reading single leaves, and what was computed.

use goldenpath_core::domain::{Late, ObjectKey, Outputs};
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

/// The lines of state.
pub(super) fn objects(tree: &Value) -> BTreeMap<String, String> {
    let lines = tree.child("objects").as_map().into_iter().flatten();
    lines.filter_map(|(key, line)| Some((key.clone(), line.as_str()?.to_owned()))).collect()
}

/// The lines of a plan; `None` where they were unknown as a whole.
pub(super) fn planned_objects(tree: &Value) -> Option<BTreeMap<String, Late<String>>> {
    let late = |line: &Value| line.as_str().map_or(Late::Later, |text| Late::Now(text.to_owned()));
    Some(tree.child("objects").as_map()?.iter().map(|(key, line)| (key.clone(), late(line))).collect())
}

pub(super) fn object_keys(tree: &Value) -> Vec<ObjectKey> {
    // A key of a later release that this one can't read is in the record's inventory as well.
    tree.child("objects").as_map().into_iter().flatten().filter_map(|(key, _)| key.parse().ok()).collect()
}

/// Computed attributes by name: null is a value, and what was not given is absent.
pub(super) fn computed(outputs: &Outputs) -> BTreeMap<String, Value> {
    match to_value(outputs) {
        Value::Map(attributes) => attributes,
        _ => BTreeMap::new(),
    }
}

/// What is decided once for an instance, whatever its configuration becomes.
const LASTING: [&str; 4] = ["id", "uid", "target", "provisioning"];

/// What a plan computes that can't be decided yet. What follows from the configuration is unknown, for it may change; what
/// lasts is left to the prior state.
pub(super) fn undecided(schema: &Schema, id: Option<String>) -> Value {
    let ours = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
    let unknown = ours.filter(|attribute| !LASTING.contains(&attribute.name)).map(|a| (a.name, Value::unknown()));
    Value::map(unknown.chain(id.map(|id| ("id", id.into()))))
}

pub(super) fn set(tree: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Map(attributes) = tree {
        attributes.insert(name.to_owned(), value.into());
    }
}
