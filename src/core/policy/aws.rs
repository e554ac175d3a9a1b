//! Objects of AWS as documents, in the shape of Kubernetes' own, so that a policy in CEL speaks of them too. No API server knows the
//! group: such a policy holds in plans and applies.

use crate::domain::{AccessEntry, Body, ClusterArn, Desired, ObjectKey, PodIdentityAssociation, Role};
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
        let kind = key.kind();
        let aws = |namespace, name| Self { api: API, kind, namespace, name, document: None };
        match key {
            ObjectKey::Role { name } => aws(None, name),
            ObjectKey::AccessEntry { principal } => aws(None, principal),
            ObjectKey::AccessPolicy { namespace, principal, .. } => aws(Some(namespace), principal),
            ObjectKey::PodIdentityAssociation { namespace, service_account } => aws(Some(namespace), service_account),
            ObjectKey::Kube { api_version, kind, namespace, name } => {
                Self { api: api_version, kind, namespace: namespace.as_deref(), name, document: None }
            }
        }
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

/// Field names as AWS's own APIs have them, in lower camel case. What is not set is absent.
fn spec(body: &Body, key: &ObjectKey, cluster: &ClusterArn) -> Value {
    let mut spec = match body {
        Body::Role(role) => {
            let Role { path, trust, inline, attached, boundary, max_session_seconds, description, tags } = role;
            json!({
                "path": path, "trustPolicy": trust, "inlinePolicies": inline, "managedPolicies": attached,
                "permissionsBoundary": boundary, "maxSessionDuration": max_session_seconds, "description": description,
                "tags": tags, "partition": cluster.partition(), "account": cluster.account(),
            })
        }
        Body::AccessEntry(AccessEntry { group, tags }) => json!({ "kubernetesGroups": [group], "tags": tags }),
        Body::PodIdentityAssociation(association) => {
            let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } = association;
            json!({
                "roleArn": role_arn, "targetRoleArn": target_role_arn, "disableSessionTags": disable_session_tags,
                "policy": policy, "tags": tags,
            })
        }
        Body::AccessPolicy(_) | Body::Kube(_) => json!({}),
    };
    if let ObjectKey::AccessPolicy { policy, .. } = key {
        spec["policy"] = json!(policy);
    }
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    spec
}
