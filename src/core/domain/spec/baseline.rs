//! What is needed once per cluster.

use crate::domain::{ClusterRef, Given, PathVersion, VersionConstraint, choices::choices};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineSpec {
    pub cluster: ClusterRef,
    /// By name, what environments of this cluster may be made by; absent: whatever their catalogue has.
    #[serde(default)]
    pub golden_paths: Option<BTreeMap<String, AcceptedPath>>,
    /// On unless switched off.
    #[serde(default)]
    pub guards: Option<BTreeMap<Guard, Option<bool>>>,
    /// Who holds it: what a create must say to take over what exists.
    #[serde(default)]
    pub claim: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptedPath {
    pub version: Option<VersionConstraint>,
    /// Of documents; none: any of that version.
    pub digests: Given<Vec<String>>,
}

choices! {
    /// What admission refuses to tenants.
    #[derive(PartialOrd, Ord)]
    pub enum Guard {
        TokenSecrets = "token_secrets",
        Services = "services",
        ClusterRoles = "cluster_roles",
        Namespaces = "namespaces",
        Pods = "pods",
        RoleBindings = "role_bindings",
        Network = "network",
        Quotas = "quotas",
        Replicas = "replicas",
        Ingress = "ingress",
        Classes = "classes",
    }
}

// === impl BaselineSpec ===

impl BaselineSpec {
    pub fn has(&self, guard: Guard) -> bool {
        let written = self.guards.as_ref().and_then(|guards| *guards.get(&guard)?);
        written.unwrap_or(true)
    }
}

// === impl AcceptedPath ===

impl AcceptedPath {
    pub fn admits(&self, path: &PathVersion) -> bool {
        let is_known = self.digests.is_empty() || self.digests.contains(&path.digest);
        is_known && self.version.as_ref().is_none_or(|version| version.admits(path.version))
    }
}
