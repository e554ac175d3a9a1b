//! JSON merge patches (RFC 7386): maps are merged, everything else is replaced, null takes a field away.

use serde_json::{Map, Value};

pub fn merge_patch(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(fields) = into else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                fields.remove(&name);
            }
            value => merge_patch(fields.entry(name).or_insert(Value::Null), value),
        }
    }
}
