//! Out-of-band changes on a real API server for the contract suite: a colleague with kubectl, a GitOps engine.

use super::{
    call::{APPLY, ApiRequest, Connection},
    client::Kube,
    delete,
    kinds::Resource,
    managed::Holders,
    observe,
};
use crate::errors::invalid;
use async_trait::async_trait;
use goldenpath_contract::{FieldRef, OutOfBand};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, pointer},
    ports::{Expect, PortError},
};
use http::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const CALL: &str = "out-of-band change";
const MERGE: &str = "application/merge-patch+json";

/// Uses the same connection, as other field managers.
pub struct KubectlEditor(pub Arc<Kube>);

#[async_trait]
impl OutOfBand for KubectlEditor {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), PortError> {
        let (connection, Body::Kube(document)) = (self.0.connection(cluster).await?, body) else {
            return Err(invalid(CALL, format!("{key} is not in Kubernetes")));
        };
        let path = path(&connection, key).await?;
        let path = format!("{path}?fieldManager={manager}&fieldValidation=Strict");
        send(&connection, Method::PATCH, path, (APPLY, document.clone())).await
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError> {
        let connection = self.0.connection(field.cluster).await?;
        // Null removes the field (RFC 7386).
        let patch = nest(field.pointer, value.unwrap_or(Value::Null));
        let path = path(&connection, field.key).await?;
        let path = format!("{path}?fieldManager={}", field.manager);
        send(&connection, Method::PATCH, path, (MERGE, patch)).await
    }

    async fn declare(&self, field: FieldRef<'_>, value: Value) -> Result<(), PortError> {
        let connection = self.0.connection(field.cluster).await?;
        let (resource, live) = find(&connection, field.key).await?;
        // What it declared before it still declares: an apply without it would remove it.
        let before = Holders::of(&live).declared_by(field.manager);
        let mut declared = before.map_or_else(|| json!({}), |fields| part(fields, &live));
        merge(&mut declared, nest(field.pointer, value));
        declared["apiVersion"] = resource.api_version.as_ref().into();
        declared["kind"] = resource.kind.as_ref().into();
        let path = path(&connection, field.key).await?;
        let path = format!("{path}?fieldManager={}&force=true", field.manager);
        send(&connection, Method::PATCH, path, (APPLY, declared)).await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        delete::delete(&*self.0.connection(cluster).await?, key, &Expect::Any).await?;
        Ok(())
    }

    async fn hold(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        let change = |all: &mut Vec<String>| all.push(finalizer.to_owned());
        finalizers(&*self.0.connection(cluster).await?, key, change).await
    }

    async fn release(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        let change = |all: &mut Vec<String>| all.retain(|other| other != finalizer);
        finalizers(&*self.0.connection(cluster).await?, key, change).await
    }
}

async fn finalizers(
    connection: &Connection,
    key: &ObjectKey,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), PortError> {
    let (_, live) = find(connection, key).await?;
    let held = live.pointer("/metadata/finalizers").and_then(Value::as_array);
    let held = held.into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<String> = held.map(str::to_owned).collect();
    change(&mut all);
    let path = path(connection, key).await?;
    send(connection, Method::PATCH, path, (MERGE, json!({"metadata": {"finalizers": all}}))).await
}

async fn find(connection: &Connection, key: &ObjectKey) -> Result<(Resource, Value), PortError> {
    let found = observe::document(connection, key).await?;
    found.ok_or_else(|| PortError::new(Class::NotFound, CALL, format!("{key} does not exist")))
}

async fn path(connection: &Connection, key: &ObjectKey) -> Result<String, PortError> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Err(invalid(CALL, format!("{key} is not in Kubernetes")));
    };
    Ok(connection.resource(api_version, kind).await?.object(namespace.as_deref(), name))
}

async fn send(
    connection: &Connection,
    method: Method,
    path: String,
    content: (&'static str, Value),
) -> Result<(), PortError> {
    connection.send(&ApiRequest::with(method, CALL, path, content)).await?;
    Ok(())
}

// === Documents ===

/// `{"spec": {"hard": {"pods": value}}}` of `/spec/hard/pods`.
fn nest(pointer: &str, value: Value) -> Value {
    let parts = pointer.trim_start_matches('/').rsplit('/');
    parts.fold(value, |inner, part| {
        let name = pointer::unescape(part);
        Value::Object(Map::from_iter([(name, inner)]))
    })
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// The fields of a manager as a document of their live values; a list is taken whole.
fn part(fields: &Map<String, Value>, live: &Value) -> Value {
    let mut document = Map::new();
    for (name, inner) in fields {
        let Some(name) = name.strip_prefix("f:") else { continue };
        let (Some(inner), Some(live)) = (inner.as_object(), live.get(name)) else {
            continue;
        };
        let has_parts = inner.keys().any(|name| name.starts_with("f:"));
        let value = if has_parts { part(inner, live) } else { live.clone() };
        document.insert(name.to_owned(), value);
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_declares_again_what_it_declared() {
        let live = json!({"metadata": {"labels": {"a/b": "1", "c": "2"}}, "spec": {"list": [1, 2], "n": 3}});
        let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:a/b": {}}}, "f:spec": {"f:list": {"v:1": {}}}});
        let mut declared = part(fields.as_object().expect("a tree"), &live);
        assert_eq!(declared, json!({"metadata": {"labels": {"a/b": "1"}}, "spec": {"list": [1, 2]}}));
        merge(&mut declared, nest("/metadata/labels/x~1y", json!("z")));
        assert_eq!(declared["metadata"]["labels"], json!({"a/b": "1", "x/y": "z"}));
    }
}
