//! Two states side by side, in the words of a failed case.

use plugin::value::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn known_texts(objects: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    objects.into_iter().filter_map(|(key, text)| Some((key, text.as_str()?.to_owned()))).collect()
}

/// Attributes that a plan changes; of maps only the elements.
pub(super) fn changes(before: &Value, after: &Value) -> String {
    let mut lines = vec![];
    for (name, now) in after.as_map().into_iter().flatten().filter(|(name, now)| before.child(name) != *now) {
        match (before.child(name).as_map(), now.as_map()) {
            (Some(_), Some(_)) => lines.push(format!("{name}:\n{}", changes(before.child(name), now))),
            _ => lines.push(format!("{name}: {:?}\n   -> {now:?}", before.child(name))),
        }
    }
    let gone = before.as_map().into_iter().flatten().filter(|(name, _)| after.get(name).is_none());
    lines.extend(gone.map(|(name, _)| format!("{name} is gone")));
    lines.join("\n")
}

pub(super) fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let other = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    other.map(|key| format!("{key}:\n  {:?}\n  {:?}", before.get(key), after.get(key))).collect::<Vec<_>>().join("\n")
}
