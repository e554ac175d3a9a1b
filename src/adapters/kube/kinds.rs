//! From a kind to the path where the API server serves it.
//!
//! The kinds that golden paths render stand in a table, so that a plan asks for none of this; the rest (a catalogue may render
//! anything) is asked of the API server once.

use super::{
    call::{Ask, Connection},
    refused::Refused,
};
use goldenpath_core::{
    domain::{Class, ObjectKey},
    ports::PortError,
};
use serde::Deserialize;
use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub api_version: Cow<'static, str>,
    pub kind: Cow<'static, str>,
    pub plural: Cow<'static, str>,
    pub is_namespaced: bool,
}

pub(super) const fn known(
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    is_namespaced: bool,
) -> Resource {
    Resource {
        api_version: Cow::Borrowed(api_version),
        kind: Cow::Borrowed(kind),
        plural: Cow::Borrowed(plural),
        is_namespaced,
    }
}

pub(super) const NAMESPACE: Resource = known("v1", "Namespace", "namespaces", false);
pub(super) const ROLE_BINDING: Resource = known("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", true);
pub(super) const SERVICE_ACCOUNT: Resource = known("v1", "ServiceAccount", "serviceaccounts", true);
pub(super) const CONFIG_MAP: Resource = known("v1", "ConfigMap", "configmaps", true);
pub(super) const CLUSTER_ROLE_BINDING: Resource =
    known("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", false);

/// All that a golden path renders: what a listing of ours holds. One that the cluster does not serve has no objects.
pub(super) const LISTED: [Resource; 12] = [
    NAMESPACE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    known("v1", "LimitRange", "limitranges", true),
    known("v1", "ResourceQuota", "resourcequotas", true),
    known("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true),
    known("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy", "applicationnetworkpolicies", true),
    known("cilium.io/v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", true),
    known("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false),
    known("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    known("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
];

/// What was asked of one API server, by version and kind.
pub(super) type Discovered = Mutex<HashMap<(String, String), Resource>>;

/// `metav1.APIResourceList`, as far as it matters.
#[derive(Deserialize)]
struct Served {
    resources: Vec<ServedResource>,
}

#[derive(Deserialize)]
struct ServedResource {
    /// `deployments`, or a subresource: `deployments/scale`.
    name: String,
    namespaced: bool,
    kind: String,
}

// === impl Resource ===

impl Resource {
    pub fn key(&self, namespace: Option<&str>, name: &str) -> ObjectKey {
        ObjectKey::kube(&self.api_version, &self.kind, namespace, name)
    }

    /// Of all objects, or of those in one namespace.
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let mut path = group_path(&self.api_version);
        if let Some(namespace) = namespace {
            path.push_str("/namespaces/");
            path.push_str(&segment(namespace));
        }
        path.push('/');
        path.push_str(&self.plural);
        path
    }

    pub fn object(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), segment(name))
    }
}

pub(super) fn group_path(api_version: &str) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{api_version}")
}

/// A name as a path or a query holds it; names of roles may hold anything but `/` and `%`.
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

// === impl Connection ===

impl Connection {
    /// The kind that the key names; `NotFound` when the cluster serves none such.
    pub async fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, Refused> {
        let is_it = |resource: &&Resource| resource.api_version == api_version && resource.kind == kind;
        if let Some(known) = LISTED.iter().find(is_it) {
            return Ok(known.clone());
        }
        let name = (api_version.to_owned(), kind.to_owned());
        let discovered = || self.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = discovered().get(&name) {
            return Ok(known.clone());
        }
        let call = format!("discover {kind}");
        let found = self.served(&call, api_version).await?;
        let found = found.and_then(|served| {
            let is_it = |resource: &ServedResource| resource.kind == kind && !resource.name.contains('/');
            served.resources.into_iter().find(is_it)
        });
        let found = found.ok_or_else(|| unserved(&call, api_version, kind))?;
        let resource = Resource {
            api_version: Cow::Owned(name.0.clone()),
            kind: Cow::Owned(name.1.clone()),
            plural: Cow::Owned(found.name),
            is_namespaced: found.namespaced,
        };
        // Only what is there is remembered: a CRD may come at any time.
        discovered().insert(name, resource.clone());
        Ok(resource)
    }

    async fn served(&self, call: &str, api_version: &str) -> Result<Option<Served>, Refused> {
        match self.document(&Ask::get(call, group_path(api_version))).await {
            Ok(document) => {
                Served::deserialize(document).map(Some).map_err(|error| super::refused::unreadable(call, &error))
            }
            Err(refused) if refused.error.class == Class::NotFound => Ok(None),
            Err(refused) => Err(refused),
        }
    }
}

/// In kubectl's words.
pub(super) fn unserved(call: &str, api_version: &str, kind: &str) -> Refused {
    let message = format!("no matches for kind {kind:?} in version {api_version:?}: the cluster does not serve it");
    Refused { is_unserved: true, ..PortError::new(Class::NotFound, call, message).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api_conventions() {
        for (path, expected, reason) in [
            (NAMESPACE.object(None, "pay"), "/api/v1/namespaces/pay", "the core group, cluster-scoped"),
            (CONFIG_MAP.collection(None), "/api/v1/configmaps", "all namespaces"),
            (
                ROLE_BINDING.object(Some("pay"), "gp:deployer"),
                "/apis/rbac.authorization.k8s.io/v1/namespaces/pay/rolebindings/gp:deployer",
                "a group, a namespace, a colon",
            ),
            (
                CLUSTER_ROLE_BINDING.object(None, "a b?c"),
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/a%20b%3Fc",
                "a name that would end the path",
            ),
        ] {
            assert_eq!(path, expected, "{reason}");
        }
    }
}
