//! Amounts of resources by the names that a ResourceQuota counts.

use crate::domain::{Problems, Quantity};
use std::collections::BTreeMap;

/// Kubernetes resource names to quantities: `requests.cpu` -> `4`.
pub type Quantities = BTreeMap<String, Quantity>;

/// Kubernetes' own countable resources (`pkg/apis/core/helper.IsStandardQuotaResourceName`).
const COUNTS: [&str; 9] = [
    "pods",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "persistentvolumeclaims",
    "configmaps",
    "secrets",
    "replicationcontrollers",
    "resourcequotas",
];

/// Resources of pods: what a quota scoped by PriorityClass may hold, and what follows from a slot's share.
pub(super) const OF_PODS: [&str; 4] = ["limits.memory", "pods", "requests.cpu", "requests.memory"];

/// Why a name is no resource of a quota. Those that every container would have to set itself are refused as well: a pod
/// that sets nothing must be admitted, and the LimitRange has defaults for CPU and memory requests and memory limits only.
pub fn resource_is_known(name: &str) -> Result<(), String> {
    match name {
        "requests.cpu" | "requests.memory" | "limits.memory" | "requests.storage" => Ok(()),
        "cpu" | "memory" => Err(format!("`{name}` is ambiguous: write `requests.{name}`")),
        "limits.cpu" | "requests.ephemeral-storage" | "limits.ephemeral-storage" | "ephemeral-storage" => Err(format!(
            "`{name}` has no default in the LimitRange, so every pod that does not set it would be refused: leave it out"
        )),
        _ if COUNTS.contains(&name) => Ok(()),
        _ if name.strip_prefix("count/").is_some_and(|rest| !rest.is_empty()) => Ok(()),
        // Extended resources: requests.nvidia.com/gpu.
        _ if name.strip_prefix("requests.").is_some_and(|rest| rest.contains('/')) => Ok(()),
        _ if name.contains(".storageclass.storage.k8s.io/") => Ok(()),
        _ => Err(format!(
            "{name:?} is not a resource of a ResourceQuota: use requests.cpu, requests.memory, limits.memory, requests.storage, \
             {}, count/<resource> or requests.<extended resource>",
            COUNTS.join(", ")
        )),
    }
}

fn is_count(name: &str) -> bool {
    COUNTS.contains(&name) || name.contains('/') && !name.ends_with("requests.storage")
}

/// An amount of bytes, of which there are no thousandths.
pub fn is_bytes(name: &str) -> bool {
    name.ends_with("memory") || name.ends_with("requests.storage")
}

pub(super) fn check_quantities(quantities: &Quantities, at: &[&str], problems: &mut Problems) {
    for (resource, quantity) in quantities {
        let at = [at, &[resource.as_str()]].concat();
        if let Err(reason) = resource_is_known(resource) {
            problems.error(
                "environment.quota_resource",
                &at,
                reason,
                "Write the name of a resource that a ResourceQuota counts, or leave it out.",
            );
        } else if quantity.is_negative() {
            problems.error(
                "environment.quota_negative",
                &at,
                format!("{resource} of {} is negative", quantity.original()),
                "Write 0 or more.",
            );
        } else if is_count(resource) && !quantity.is_whole() {
            problems.error(
                "environment.quota_fraction",
                &at,
                format!("{resource} of {} is not a whole number", quantity.original()),
                "It counts objects. Write a whole number.",
            );
        } else if is_bytes(resource) {
            check_bytes(resource, quantity, &at, problems);
        }
    }
}

/// `100m` of memory is a tenth of a byte.
pub(super) fn check_bytes(what: &str, quantity: &Quantity, at: &[&str], problems: &mut Problems) {
    if !quantity.is_whole() {
        let written = quantity.original();
        let meant = written.strip_suffix('m').map_or("512Mi".to_owned(), |number| format!("{number}Mi"));
        problems.error(
            "quantity.part_of_a_byte",
            at,
            format!("{what} of {written} is not a whole number of bytes"),
            format!("The suffix `m` means thousandths, and `M` or `Mi` means millions of bytes. Write an amount such as {meant}."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_quota_counts_is_a_resource() {
        for (name, expected, reason) in [
            ("requests.cpu", "", "a sum over pods"),
            ("pods", "", "a count"),
            ("count/jobs.batch", "", "a count of any kind"),
            ("count/", "is not a resource", "a count of nothing"),
            ("requests.nvidia.com/gpu", "", "an extended resource"),
            ("requests.gpu", "is not a resource", "an extended resource has a domain"),
            ("gold.storageclass.storage.k8s.io/requests.storage", "", "of a storage class"),
            ("gold.storageclass/requests.storage", "is not a resource", "no storage class"),
            ("cpu", "write `requests.cpu`", "requests or limits?"),
            ("memory", "write `requests.memory`", "requests or limits?"),
            ("limits.cpu", "every pod that does not set it would be refused", "the LimitRange has no default"),
        ] {
            match resource_is_known(name) {
                Ok(()) => assert_eq!(expected, "", "{reason}: {name}"),
                Err(said) => assert!(!expected.is_empty() && said.contains(expected), "{reason}: {said}"),
            }
        }
    }
}
