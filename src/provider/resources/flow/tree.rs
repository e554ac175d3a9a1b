//! Between trees and the domain: reading single leaves, the spec, and what was computed.

use super::Kind;
use goldenpath_core::domain::{Late, ObjectKey, Outputs, Spec};
use plugin::{
    Schema, Value,
    schema::{Mode, Timeouts, inputs},
    value::{Fault, from_value, to_value},
};
use std::{collections::BTreeMap, str::FromStr};

/// One known and sound text of the configuration.
pub fn leaf<T: FromStr>(tree: &Value, name: &str) -> Option<T> {
    tree.child(name).as_str()?.parse().ok()
}

pub(super) fn text(tree: &Value, name: &str) -> String {
    tree.child(name).as_str().unwrap_or_default().to_owned()
}

pub(super) fn maybe_bool(tree: &Value, name: &str) -> Option<bool> {
    match tree.child(name) {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn maybe_text(tree: &Value, name: &str) -> Option<String> {
    tree.child(name).as_str().map(str::to_owned)
}

/// All that is configured, but `timeouts`: those are about the call and not about what is asked for.
pub(super) fn spec<K: Kind>(schema: &Schema, tree: &Value) -> Result<Spec, Fault> {
    let mut configured = inputs(schema, tree);
    if let Value::Map(attributes) = &mut configured {
        attributes.remove("timeouts");
    }
    from_value::<K::Spec>(&configured).map(K::wrap)
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
    let lines = tree.child("objects").as_map()?;
    Some(
        lines
            .iter()
            .map(|(key, line)| {
                let line = line.as_str().map_or(Late::Later, |text| Late::Now(text.to_owned()));
                (key.clone(), line)
            })
            .collect(),
    )
}

pub(super) fn object_keys(tree: &Value) -> Vec<ObjectKey> {
    // A key of a later release that this one can't read is in the record's inventory as well.
    tree.child("objects").as_map().into_iter().flatten().filter_map(|(key, _)| key.parse().ok()).collect()
}

pub(super) fn lines(objects: &BTreeMap<String, String>) -> Value {
    Value::map(objects.iter().map(|(key, line)| (key.as_str(), Value::from(line.as_str()))))
}

/// Computed attributes by name: null is a value, and what was not given is absent.
pub(super) fn computed(outputs: &Outputs) -> Value {
    Value::Map(given(outputs))
}

pub(super) fn given(outputs: &Outputs) -> BTreeMap<String, Value> {
    let absent = absent(outputs);
    let written = match outputs {
        Outputs::Baseline(outputs) => to_value(outputs),
        Outputs::Environment(outputs) => to_value(outputs),
        Outputs::Slot(outputs) => to_value(outputs),
    };
    match written {
        Value::Map(attributes) => attributes.into_iter().filter(|(name, _)| !absent.contains(&name.as_str())).collect(),
        _ => BTreeMap::new(),
    }
}

/// A leaf of a leaf tells "null" from "not given"; the tree can't, so it is asked of the struct. Destructured in full: a
/// new output must be handled here.
fn absent(outputs: &Outputs) -> Vec<&'static str> {
    use goldenpath_core::domain::{BaselineOutputs, EnvironmentOutputs, SlotOutputs};
    macro_rules! missing {
        ($($leaf:ident),*) => { [$((stringify!($leaf), $leaf.is_none())),*].into_iter().filter(|(_, none)| *none).map(|(name, _)| name).collect() };
    }
    match outputs {
        Outputs::Baseline(BaselineOutputs { id, uid, target, objects }) => missing!(id, uid, target, objects),
        Outputs::Environment(EnvironmentOutputs {
            id,
            uid,
            target,
            objects,
            resolved_version,
            namespace_names,
            rbac_groups,
            role_arns,
            access_entry_arns,
            provisioning,
        }) => missing!(
            id,
            uid,
            target,
            objects,
            resolved_version,
            namespace_names,
            rbac_groups,
            role_arns,
            access_entry_arns,
            provisioning
        ),
        Outputs::Slot(SlotOutputs {
            id,
            uid,
            target,
            objects,
            namespace_name,
            service_account,
            role_arn,
            role_unique_id,
            association_id,
            external_id,
            identity_ready,
            manifests,
        }) => missing!(
            id,
            uid,
            target,
            objects,
            namespace_name,
            service_account,
            role_arn,
            role_unique_id,
            association_id,
            external_id,
            identity_ready,
            manifests
        ),
    }
}

/// What is decided once for an instance, whatever its configuration becomes.
const LASTING: [&str; 4] = ["id", "uid", "target", "provisioning"];

/// The answer of a plan that can't be decided yet. What follows from the configuration is unknown, for it may change; what
/// lasts is left to the prior state.
pub(super) fn undecided(schema: &Schema, id: Option<String>) -> Value {
    let ours = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
    let unknown = ours.filter(|attribute| !LASTING.contains(&attribute.name)).map(|a| (a.name, Value::unknown()));
    Value::map(unknown.chain(id.map(|id| ("id", id.into()))))
}

pub(super) fn set(tree: &mut Value, name: &str, value: Value) {
    if let Value::Map(attributes) = tree {
        attributes.insert(name.to_owned(), value);
    }
}
