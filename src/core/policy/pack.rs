//! The built-in pack: policies that a golden path can name, and the guards of the cluster baseline. Read when they are first asked for,
//! and once in a process.

use super::document::Policy;
use crate::domain::Guard;
use std::{collections::BTreeMap, sync::LazyLock};

/// File names, and so names.
const DOCUMENTS: &[(&str, &str)] = &[
    ("disruption-budget", include_str!("pack/disruption-budget.yaml")),
    ("host-namespaces", include_str!("pack/host-namespaces.yaml")),
    ("image-registries", include_str!("pack/image-registries.yaml")),
    ("image-tags", include_str!("pack/image-tags.yaml")),
    ("load-balancer", include_str!("pack/load-balancer.yaml")),
    ("network-reachability", include_str!("pack/network-reachability.yaml")),
    ("pod-security-baseline", include_str!("pack/pod-security-baseline.yaml")),
    ("pod-security-restricted", include_str!("pack/pod-security-restricted.yaml")),
    ("read-only-root", include_str!("pack/read-only-root.yaml")),
    ("workload-probes", include_str!("pack/workload-probes.yaml")),
    ("workload-resources", include_str!("pack/workload-resources.yaml")),
];

fn guard_document(guard: Guard) -> &'static str {
    match guard {
        Guard::TokenSecrets => include_str!("pack/guards/token-secrets.yaml"),
        Guard::Services => include_str!("pack/guards/services.yaml"),
        Guard::ClusterRoles => include_str!("pack/guards/cluster-roles.yaml"),
        Guard::Namespaces => include_str!("pack/guards/namespaces.yaml"),
        Guard::Pods => include_str!("pack/guards/pods.yaml"),
        Guard::RoleBindings => include_str!("pack/guards/role-bindings.yaml"),
        Guard::Network => include_str!("pack/guards/network.yaml"),
        Guard::Replicas => include_str!("pack/guards/replicas.yaml"),
        Guard::Ingress => include_str!("pack/guards/ingress.yaml"),
        Guard::Classes => include_str!("pack/guards/classes.yaml"),
    }
}

// One that can't be read would be missing; a test reads each.
static PACK: LazyLock<Vec<Policy>> =
    LazyLock::new(|| DOCUMENTS.iter().filter_map(|(_, text)| Policy::read(text).ok()).collect());

static GUARDS: LazyLock<BTreeMap<Guard, Policy>> = LazyLock::new(|| {
    let read = |guard: &Guard| Some((*guard, Policy::read(guard_document(*guard)).ok()?));
    Guard::ALL.iter().filter_map(read).collect()
});

/// What admission refuses to tenants, as policies. They speak of the namespace that an object is in, and of who asks.
pub fn guards() -> &'static BTreeMap<Guard, Policy> {
    &GUARDS
}

pub fn pack() -> &'static [Policy] {
    &PACK
}

/// Name and text of each document.
pub fn pack_documents() -> &'static [(&'static str, &'static str)] {
    DOCUMENTS
}

#[cfg(test)]
mod tests;
