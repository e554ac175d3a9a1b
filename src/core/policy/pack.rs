//! The built-in pack: policies that a golden path can name, and the guards of the cluster baseline. Read when they are first asked for,
//! and once in a process.

use super::document::Policy;
use crate::domain::Guard;
use std::{collections::BTreeMap, sync::LazyLock};

/// A document of the pack, as the build read it.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/policy/pack/", $name, ".json"))
    };
}
pub(super) use document;

macro_rules! policies {
    ($($name:literal),+ $(,)?) => {
        const POLICIES: &[&str] = &[$(document!($name)),+];
        /// File names, and so names; as they were written.
        #[cfg(test)]
        const DOCUMENTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("pack/", $name, ".yaml")))),+];
    };
}

policies!(
    "disruption-budget",
    "host-namespaces",
    "image-registries",
    "image-tags",
    "load-balancer",
    "network-reachability",
    "pod-security-baseline",
    "pod-security-restricted",
    "read-only-root",
    "workload-probes",
    "workload-resources",
);

fn guard_document(guard: Guard) -> &'static str {
    match guard {
        Guard::TokenSecrets => document!("guards/token-secrets"),
        Guard::Services => document!("guards/services"),
        Guard::ClusterRoles => document!("guards/cluster-roles"),
        Guard::Namespaces => document!("guards/namespaces"),
        Guard::Pods => document!("guards/pods"),
        Guard::RoleBindings => document!("guards/role-bindings"),
        Guard::Network => document!("guards/network"),
        Guard::Quotas => document!("guards/quotas"),
        Guard::Replicas => document!("guards/replicas"),
        Guard::Ingress => document!("guards/ingress"),
        Guard::Classes => document!("guards/classes"),
    }
}

// One that can't be read would be missing; a test reads each.
static PACK: LazyLock<Vec<Policy>> =
    LazyLock::new(|| POLICIES.iter().filter_map(|json| Policy::built_in(json)).collect());

static GUARDS: LazyLock<BTreeMap<Guard, Policy>> = LazyLock::new(|| {
    let read = |guard: &Guard| Some((*guard, Policy::built_in(guard_document(*guard))?));
    Guard::ALL.iter().filter_map(read).collect()
});

/// What admission refuses to tenants, as policies. They speak of the namespace that an object is in, and of who asks.
pub fn guards() -> &'static BTreeMap<Guard, Policy> {
    &GUARDS
}

pub fn pack() -> &'static [Policy] {
    &PACK
}

#[cfg(test)]
mod tests;
