//! `objects` in trees and in the engine. A tree has keys as people read them, the engine has whole ones; what a shown key does
//! not say is remembered in the private bytes.

use goldenpath_core::{
    domain::{Late, ObjectKey},
    provision::{KeptKeys, kept_keys, short_keys, whole_key},
};
use plugin::{Value, value::from_value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const OBJECTS: &str = "objects";
pub(super) const DRIFTED: &str = "drifted";

/// From the engine: under the keys that people read, and what has to be remembered of these. `kept` is remembered of the
/// state.
pub(super) fn with_short_keys(objects: Value, kept: &KeptKeys) -> (Value, KeptKeys) {
    let Value::Map(objects) = objects else { return (objects, KeptKeys::new()) };
    let shown = short_keys(objects.keys(), kept);
    let named = objects.into_iter().map(|(key, text)| (shown.get(&key).cloned().unwrap_or(key), text));
    (Value::Map(named.collect()), kept_keys(shown))
}

/// Keys alone, in order; some may be of objects that are gone.
pub(super) fn shown_keys(keys: &Value, objects: &Value, kept: &KeptKeys) -> Value {
    let Ok(keys) = from_value::<Vec<String>>(keys) else { return keys.clone() };
    let shown = short_keys(objects.as_map().into_iter().flatten().map(|(key, _)| key).chain(&keys), kept);
    let names: BTreeSet<&String> = keys.iter().map(|key| shown.get(key).unwrap_or(key)).collect();
    Value::List(names.into_iter().map(|name| name.as_str().into()).collect())
}

/// From a state. A key that nobody can read any more, since the private bytes are lost, is in the record's inventory.
pub(super) fn of_state(tree: &Value, kept: &KeptKeys) -> BTreeMap<String, String> {
    let texts = tree.child(OBJECTS).as_map().into_iter().flatten();
    texts.filter_map(|(key, text)| Some((whole_key(key, kept)?.to_string(), text.as_str()?.to_owned()))).collect()
}

/// From a plan; `None` where they were unknown as a whole.
pub(super) fn of_plan(tree: &Value, kept: &KeptKeys) -> Option<BTreeMap<String, Late<String>>> {
    let late = |text: &Value| text.as_str().map_or(Late::Later, |text| Late::Now(text.to_owned()));
    let whole = |key: &String| whole_key(key, kept).map_or_else(|| key.clone(), |key| key.to_string());
    Some(tree.child(OBJECTS).as_map()?.iter().map(|(key, text)| (whole(key), late(text))).collect())
}

pub(super) fn keys(tree: &Value, kept: &KeptKeys) -> Vec<ObjectKey> {
    tree.child(OBJECTS).as_map().into_iter().flatten().filter_map(|(key, _)| whole_key(key, kept)).collect()
}
