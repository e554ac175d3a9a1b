//! The record as an object: its key, its text, and writes that expect the version read before.

use super::{
    failure::Failure,
    target::{TargetCalls, pauses},
};
use crate::{
    domain::{Body, Class, Desired, Holder, Id, ObjectKey, Observed, Record, projection::SYSTEM_NAMESPACE},
    ports::{Apply, Expect},
};
use serde_json::{Map, Value, json};

/// The key under `data` of the ConfigMap.
const DATA_KEY: &str = "record";

pub(super) fn key_of(id: &Id) -> ObjectKey {
    let name = match id {
        Id::Baseline(_) => "gp-baseline".to_owned(),
        Id::Environment(id) => format!("environment.{}", id.environment),
        Id::Slot(id) => format!("slot.{}.{}", id.environment.environment, id.slot),
    };
    ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), &name)
}

pub(super) fn baseline_key() -> ObjectKey {
    key_of(&Id::Baseline(String::new()))
}

pub(super) fn is_record(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::Kube { kind, namespace: Some(namespace), name, .. }
        if kind == "ConfigMap" && namespace == SYSTEM_NAMESPACE
            && (name == "gp-baseline" || name.starts_with("environment.") || name.starts_with("slot.")))
}

/// `None` when the object carries no document: someone emptied it, and it counts as lost.
pub(super) fn parse(observed: &Observed) -> Result<Option<Record>, Failure> {
    let Some(text) = &observed.record else { return Ok(None) };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| Failure::Record { id: observed.key.to_string(), reason: error.to_string() })
}

/// The ConfigMap without its document, as it is now: what a writer that renders nothing (a removal) must keep.
pub(super) fn shell_of(observed: &Observed) -> Value {
    let mut metadata = Map::new();
    for field in observed.fields.iter().filter(|field| field.holder == Holder::Us) {
        for part in ["labels", "annotations"] {
            if let Some(name) = field.path.strip_prefix("/metadata/").and_then(|rest| rest.strip_prefix(part)) {
                let name = name.trim_start_matches('/').replace("~1", "/").replace("~0", "~");
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

/// Writes the record into its ConfigMap. A lost answer is told from a lost race by the text that is there afterwards.
pub(super) async fn write(
    target: &TargetCalls<'_>,
    key: &ObjectKey,
    shell: &Value,
    record: &Record,
    expect: Expect,
) -> Result<Observed, Failure> {
    let text = serde_json::to_string(record)
        .map_err(|error| Failure::Record { id: record.id.clone(), reason: error.to_string() })?;
    let mut document = shell.clone();
    document["data"] = json!({ DATA_KEY: text });
    let body = Body::Kube(document);
    let mut pauses = pauses();
    loop {
        let apply = Apply {
            cluster: target.cluster,
            key,
            body: &body,
            manager: Desired::MANAGER,
            expect: expect.clone(),
            take: &[],
        };
        let error = match target.objects.apply(apply).await {
            Ok(observed) => return Ok(observed),
            Err(error) => error,
        };
        if error.class == Class::Unavailable
            && let Some(now) = target.get(key).await?
            && now.record.as_deref() == Some(text.as_str())
        {
            return Ok(now);
        }
        match pauses.next() {
            Some(pause) if error.class.may_retry() => target.pause(pause, &error.to_string()).await?,
            _ => return Err(Failure::call("writing", key, error)),
        }
    }
}
