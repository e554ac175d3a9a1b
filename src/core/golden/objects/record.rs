//! The record as an object: rendering knows its name and its mark. Its data is the engine's, and changes with every edit.

use super::document::document;
use crate::domain::{Body, Desired, Id, ObjectKey, SYSTEM_NAMESPACE};
use serde_json::{Map, Value};

pub fn object(id: &Id, labels: Map<String, Value>) -> Desired {
    let name = id.record_name();
    let body = document("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), &name, labels, Value::Null);
    let key = ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), &name);
    Desired { inside: Some(ObjectKey::namespace_object(SYSTEM_NAMESPACE)), ..Desired::new(key, Some(Body::Kube(body))) }
}
