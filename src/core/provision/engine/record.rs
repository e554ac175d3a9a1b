//! The record as an object: its key and its text. Pure.

use super::failure::Failure;
use crate::domain::{Holder, Id, ObjectKey, Observed, Record, SYSTEM_NAMESPACE, pointer};
use serde_json::{Map, Value, json};

pub fn key_of(id: &Id) -> ObjectKey {
    record_key(&id.record_name())
}

pub fn baseline_key() -> ObjectKey {
    record_key(Id::BASELINE_RECORD)
}

fn record_key(name: &str) -> ObjectKey {
    ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), name)
}

pub fn is_record(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::Kube { kind, namespace: Some(namespace), name, .. }
        if kind == "ConfigMap" && namespace == SYSTEM_NAMESPACE && Id::is_record_name(name))
}

/// `None` when the object carries no document: someone emptied it, and it counts as lost.
pub fn parse(observed: &Observed) -> Result<Option<Record>, Failure> {
    let Some(text) = &observed.record else { return Ok(None) };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| Failure::Record { id: observed.key.to_string(), reason: error.to_string() })
}

/// The ConfigMap without its document, as it is now: what a writer that renders nothing (a removal) must keep.
pub fn shell_of(observed: &Observed) -> Value {
    let mut metadata = Map::new();
    for field in observed.fields.iter().filter(|field| field.holder == Holder::Us) {
        for part in ["labels", "annotations"] {
            if let Some(name) = field.path.strip_prefix("/metadata/").and_then(|rest| rest.strip_prefix(part)) {
                let name = pointer::unescape(name.trim_start_matches('/'));
                let map = metadata.entry(part).or_insert_with(|| json!({}));
                map[name] = json!(field.text);
            }
        }
    }
    if let ObjectKey::Kube { namespace, name, .. } = &observed.key {
        metadata.insert("name".to_owned(), json!(name));
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata })
}

/// Of what was observed, the record of this id.
pub fn find(id: &Id, observed: &[Observed]) -> Result<Option<Record>, Failure> {
    let key = key_of(id);
    observed.iter().find(|object| object.key == key).map_or(Ok(None), parse)
}

/// All records that can be read.
pub fn all(observed: &[Observed]) -> Vec<Record> {
    let records = observed.iter().filter(|object| is_record(&object.key));
    records.filter_map(|object| parse(object).ok().flatten()).collect()
}

/// Keys of the objects that it names.
pub fn keys(record: Option<&Record>) -> impl Iterator<Item = ObjectKey> {
    record.into_iter().flat_map(|record| &record.inventory).filter_map(|key| key.parse().ok())
}

/// `operation op-1a2b3c`, for messages.
pub fn operation(record: &Record) -> String {
    match &record.operation {
        Some(operation) => format!("operation {}", operation.id),
        None => "an operation".to_owned(),
    }
}

/// `slot.pay.ledger` -> `slot pay/ledger`, for messages.
pub fn words(key: &ObjectKey) -> String {
    let ObjectKey::Kube { name, .. } = key else { return key.to_string() };
    match name.split('.').collect::<Vec<_>>().as_slice() {
        [kind, environment, name] => format!("{kind} {environment}/{name}"),
        [kind, environment] => format!("{kind} {environment}"),
        _ => name.clone(),
    }
}
