//! The built-in pack: policies that a golden path can name. Read when they are first asked for, and once in a process.

use super::document::Policy;
use std::sync::LazyLock;

/// File names, and so names.
const DOCUMENTS: &[(&str, &str)] = &[
    ("disruption-budget", include_str!("pack/disruption-budget.yaml")),
    ("host-namespaces", include_str!("pack/host-namespaces.yaml")),
    ("image-registries", include_str!("pack/image-registries.yaml")),
    ("image-tags", include_str!("pack/image-tags.yaml")),
    ("load-balancer", include_str!("pack/load-balancer.yaml")),
    ("pod-security-baseline", include_str!("pack/pod-security-baseline.yaml")),
    ("pod-security-restricted", include_str!("pack/pod-security-restricted.yaml")),
    ("read-only-root", include_str!("pack/read-only-root.yaml")),
    ("workload-probes", include_str!("pack/workload-probes.yaml")),
    ("workload-resources", include_str!("pack/workload-resources.yaml")),
];

// One that can't be read would be missing; a test reads each.
static PACK: LazyLock<Vec<Policy>> =
    LazyLock::new(|| DOCUMENTS.iter().filter_map(|(_, text)| Policy::read(text).ok()).collect());

pub fn pack() -> &'static [Policy] {
    &PACK
}

/// Name and text of each document.
pub fn pack_documents() -> &'static [(&'static str, &'static str)] {
    DOCUMENTS
}

#[cfg(test)]
mod tests;
