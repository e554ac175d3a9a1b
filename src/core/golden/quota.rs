//! The algebra of quotas: which resources there are, the total of an environment, and its parts.
//!
//! The total is over the environment's namespaces. Slots' shares are drawn from it by arithmetic, in plans; an isolated
//! slot's namespace has its share as a quota of its own, which the environment, not knowing its slots, can't subtract. What
//! bounds both together is that shares never add up to more than the total.

use super::catalogue::Tier;
use crate::domain::{DnsLabel, Problem, Quantities, Quantity, Quota};
use std::collections::BTreeMap;

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

/// Resources of pods: what a quota scoped by PriorityClass may hold.
pub(super) const OF_PODS: [&str; 4] = ["limits.memory", "pods", "requests.cpu", "requests.memory"];

/// Why a name is no resource of a quota. Those that every container would have to set itself are refused as well: a pod
/// that sets nothing must be admitted, and the LimitRange has defaults for CPU and memory requests and memory limits only.
pub(super) fn resource_is_known(name: &str) -> Result<(), String> {
    match name {
        "requests.cpu" | "requests.memory" | "limits.memory" | "requests.storage" => Ok(()),
        "cpu" | "memory" => Err(format!("{name} is ambiguous: write requests.{name}")),
        "limits.cpu" | "requests.ephemeral-storage" | "limits.ephemeral-storage" | "ephemeral-storage" => Err(format!(
            "{name} has no default in the LimitRange, so every pod that does not set it would be refused; leave it out"
        )),
        _ if COUNTS.contains(&name) => Ok(()),
        _ if name.strip_prefix("count/").is_some_and(|rest| !rest.is_empty()) => Ok(()),
        // Extended resources: requests.nvidia.com/gpu.
        _ if name.strip_prefix("requests.").is_some_and(|rest| rest.contains('/')) => Ok(()),
        _ if name.contains(".storageclass.storage.k8s.io/") => Ok(()),
        _ => Err(format!(
            "{name:?} is not a resource of a quota: use requests.cpu, requests.memory, limits.memory, requests.storage, {}, \
             count/<resource> or requests.<extended resource>",
            COUNTS.join(", ")
        )),
    }
}

pub(super) fn is_count(name: &str) -> bool {
    COUNTS.contains(&name) || name.contains('/') && !name.ends_with("requests.storage")
}

/// The tier's defaults under what was asked for. A memory limit that was not asked for moves with the memory request, by
/// the tier's own ratio: else a larger request would meet the default limit.
pub(super) fn total(tier: &Tier, quota: Option<&Quota>) -> Quantities {
    let defaults = &tier.quota.total;
    let mut total = defaults.clone();
    let Some(quota) = quota else { return total };
    total.extend(quota.total.iter().map(|(name, quantity)| (name.clone(), quantity.clone())));
    if !quota.total.contains_key("limits.memory")
        && let Some(asked) = quota.total.get("requests.memory")
        && let Some(limit) = memory_limit(tier, asked)
    {
        total.insert("limits.memory".to_owned(), limit);
    }
    total
}

/// The memory limit that goes with a memory request in this tier.
pub(super) fn memory_limit(tier: &Tier, request: &Quantity) -> Option<Quantity> {
    let defaults = &tier.quota.total;
    request.scaled(defaults.get("limits.memory")?, defaults.get("requests.memory")?)
}

pub(super) fn headroom_percent(tier: &Tier, quota: Option<&Quota>) -> u32 {
    quota.and_then(|quota| quota.headroom_percent).unwrap_or(tier.quota.headroom_percent)
}

/// Key of a namespace -> its part of the total, and what is to be said of it.
pub(super) struct Shares {
    pub parts: BTreeMap<DnsLabel, Quantities>,
    pub warnings: Vec<Problem>,
}

/// Each namespace's part of the total. What is left of a resource after the quotas that were given goes to the namespaces
/// that gave none of it, in equal parts, rounded down.
pub(super) fn shares(
    total: &Quantities,
    asked: &BTreeMap<&DnsLabel, Option<&Quantities>>,
    headroom_percent: u32,
) -> Result<Shares, Vec<Problem>> {
    let mut parts: BTreeMap<DnsLabel, Quantities> =
        asked.iter().map(|(key, quota)| ((*key).clone(), quota.cloned().unwrap_or_default())).collect();
    let (mut errors, mut warnings) = (vec![], vec![]);
    for (resource, whole) in total {
        let given: Vec<(&DnsLabel, &Quantity)> =
            asked.iter().filter_map(|(key, quota)| Some((*key, quota.as_ref()?.get(resource)?))).collect();
        let sum = given.iter().try_fold(Quantity::whole(0), |sum, (_, quantity)| sum.checked_add(quantity));
        let Some((sum, left)) = sum.and_then(|sum| Some((sum.clone(), whole.checked_sub(&sum)?))) else {
            let keys: Vec<String> =
                given.iter().map(|(key, quantity)| format!("{key} = {}", quantity.written())).collect();
            errors.push(exceeds(resource, whole, &keys));
            continue;
        };
        let covered = whole.percent(100 - headroom_percent.min(100)).is_none_or(|covered| sum <= covered);
        if !given.is_empty() && !covered {
            warnings.push(uncovered(resource, whole, headroom_percent));
        }
        let takers: Vec<&DnsLabel> =
            asked.keys().copied().filter(|key| given.iter().all(|(other, _)| other != key)).collect();
        let part = left.share(u32::try_from(takers.len()).unwrap_or(u32::MAX), &step(resource));
        for key in &takers {
            if part.is_zero() && !whole.is_zero() && left.is_zero() {
                errors.push(nothing_left(resource, whole, key));
            }
            if let Some(quota) = parts.get_mut(*key) {
                quota.insert(resource.clone(), part.clone());
            }
        }
    }
    if errors.is_empty() { Ok(Shares { parts, warnings }) } else { Err(errors) }
}

/// What a part is a whole number of.
pub(super) fn step(resource: &str) -> Quantity {
    let text = match resource {
        "requests.cpu" => "1m",
        "requests.memory" | "limits.memory" => "1Mi",
        _ if resource.ends_with("requests.storage") => "1Mi",
        _ => "1",
    };
    text.parse().unwrap_or_else(|_| Quantity::whole(1))
}

fn exceeds(resource: &str, whole: &Quantity, keys: &[String]) -> Problem {
    Problem::error(
        "environment.quota_exceeds_total",
        format!("the namespaces' quotas of {resource} add up to more than the total of {whole}"),
        format!("Given: {}. Lower one of them, or raise quota.total.", keys.join(", ")),
    )
    .at(["namespaces"])
}

fn nothing_left(resource: &str, whole: &Quantity, key: &DnsLabel) -> Problem {
    Problem::error(
        "environment.quota_nothing_left",
        format!("nothing of {resource} is left for the namespace {key:?}", key = key.as_str()),
        format!("The other namespaces' quotas take all of the total of {whole}. Lower one, raise quota.total, or give this namespace a quota."),
    )
    .at(["namespaces".to_owned(), key.to_string(), "quota".to_owned()])
}

fn uncovered(resource: &str, whole: &Quantity, headroom_percent: u32) -> Problem {
    Problem::warning(
        "environment.headroom_uncovered",
        format!("the namespaces' quotas of {resource} leave less than {headroom_percent} % of {whole} free"),
        "A rolling update needs room for its surge. Lower a namespace's quota, raise quota.total, or lower quota.headroom_percent.",
    )
    .at(["namespaces"])
}
