//! Objects of AWS as documents, in the shape of Kubernetes' own, so that a policy in CEL speaks of them too. No API server knows the
//! group: such a policy holds in plans and applies.

use crate::domain::{Body, ClusterArn, Desired, ObjectKey};
use serde_json::{Value, json};
use std::borrow::Cow;

pub const GROUP: &str = "aws.goldenpath.internal";
const API: &str = "aws.goldenpath.internal/v1";

/// An object as policies see it; `None` for its document while that waits for another resource.
pub struct Judged<'a> {
    pub api: &'a str,
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    /// Of an access entry and an access policy the principal's ARN.
    pub name: &'a str,
    pub document: Option<Cow<'a, Value>>,
}

// === impl Judged ===

impl<'a> Judged<'a> {
    pub fn of(object: &'a Desired, cluster: &ClusterArn) -> Self {
        let named = Self::of_key(&object.key);
        let document = object.body.as_ref().map(|body| match body {
            Body::Kube(document) => Cow::Borrowed(document),
            body => Cow::Owned(named.with(spec(body, &object.key, cluster))),
        });
        Self { document, ..named }
    }

    /// Without its document.
    pub fn of_key(key: &'a ObjectKey) -> Self {
        let api = match key {
            ObjectKey::Kube { api_version, .. } => api_version,
            _ => API,
        };
        Self { api, kind: key.kind(), namespace: key.namespace(), name: key.name(), document: None }
    }

    fn with(&self, spec: Value) -> Value {
        let Self { api, kind, namespace, name, .. } = self;
        let mut metadata = json!({ "name": name });
        if let Some(namespace) = namespace {
            metadata["namespace"] = json!(namespace);
        }
        json!({ "apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec })
    }
}

/// What is not set is absent.
fn spec(body: &Body, key: &ObjectKey, cluster: &ClusterArn) -> Value {
    let mut spec = body.api_fields();
    if key.is_iam() {
        spec.insert("partition".to_owned(), cluster.partition().into());
        spec.insert("account".to_owned(), cluster.account().into());
    }
    if let ObjectKey::AccessPolicy { policy, .. } = key {
        spec.insert("policy".to_owned(), policy.as_str().into());
    }
    spec.retain(|_, value| !value.is_null());
    Value::Object(spec)
}
