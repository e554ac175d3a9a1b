//! What is needed once per cluster.

use crate::domain::{ClusterRef, choices::choices};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineSpec {
    pub cluster: ClusterRef,
    /// On unless switched off.
    #[serde(default)]
    pub guards: Option<BTreeMap<Guard, Option<bool>>>,
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
        Replicas = "replicas",
        Ingress = "ingress",
        Classes = "classes",
    }
}

impl BaselineSpec {
    pub fn has(&self, guard: Guard) -> bool {
        let written = self.guards.as_ref().and_then(|guards| *guards.get(&guard)?);
        written.unwrap_or(true)
    }
}
