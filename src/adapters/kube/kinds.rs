//! From a kind to the path where the API server serves it.

use goldenpath_core::{
    domain::ObjectKey,
    kinds::{
        Kind,
        kubernetes::{config_map, namespace},
    },
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{borrow::Cow, collections::HashMap, sync::Mutex};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub api_version: Cow<'static, str>,
    pub kind: Cow<'static, str>,
    pub plural: Cow<'static, str>,
    pub is_namespaced: bool,
}

pub(super) const fn resource(
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

pub(super) const NAMESPACE: Resource = Resource::of(&namespace::KIND);
pub(super) const CONFIG_MAP: Resource = Resource::of(&config_map::KIND);
pub(super) const CLUSTER_ROLE_BINDING: Resource =
    resource("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", false);

/// What one API server serves, by version and kind.
pub(super) type Discovered = Mutex<HashMap<(String, String), Resource>>;

// === impl Resource ===

impl Resource {
    pub const fn of(kind: &Kind) -> Self {
        resource(kind.api, kind.name, kind.plural, kind.is_namespaced())
    }

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
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::kinds::kubernetes::role_binding;

    #[test]
    fn paths_are_those_of_the_api_conventions() {
        for (path, expected, reason) in [
            (NAMESPACE.object(None, "pay"), "/api/v1/namespaces/pay", "the core group, cluster-scoped"),
            (CONFIG_MAP.collection(None), "/api/v1/configmaps", "all namespaces"),
            (
                Resource::of(&role_binding::KIND).object(Some("pay"), "gp:deployer"),
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
