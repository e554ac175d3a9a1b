//! The algebra of quotas: the parts of an environment's total. It knows no tier.
//!
//! The total bounds all that the environment can run, and has two parts: its own namespaces' and that of isolated slots'
//! namespaces, whose quotas never add up to more. What shared slots take of the own part is arithmetic, in plans.

use crate::domain::{DnsLabel, Problem, Problems, Quantities, Quantity, is_bytes};
use std::collections::BTreeMap;

pub const NODE_PORTS: &str = "services.nodeports";

/// A Service of type LoadBalancer counts against `services.nodeports` too, once for each of its ports. Type NodePort is refused by a
/// guard.
pub fn add_node_ports(quota: &mut Quantities) {
    const PORTS: u32 = 10;
    let ports = quota.get("services.loadbalancers").and_then(|balancers| balancers.percent(100 * PORTS));
    if let (Some(ports), Some(bound)) = (ports, quota.get_mut(NODE_PORTS)) {
        *bound = ports.max(bound.clone());
    }
}

/// Whose part of the total it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaPart {
    /// The environment's own namespaces, which shared slots live in.
    Own,
    /// The namespaces of isolated slots.
    Slots,
    /// No part that anything is added up against: what the rolling update of a shared slot takes of `Own` besides, for as long as it runs.
    Surge,
}

// === impl QuotaPart ===

impl QuotaPart {
    /// For messages: what there is more than this is refused.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Own => "the environment's own part",
            Self::Slots => "the part of isolated slots",
            Self::Surge => "the room for a rolling update",
        }
    }
}

/// By part and resource.
pub type Amounts = BTreeMap<(QuotaPart, String), Quantity>;

/// The environment's own part of a total, and that of isolated slots, which is rounded down.
pub fn split(total: &Quantities, slots_percent: u32) -> (Quantities, Quantities) {
    let slots: Quantities = total
        .iter()
        .map(|(resource, whole)| {
            (resource.clone(), whole_steps(resource, &whole.percent(slots_percent).unwrap_or_else(|| whole.clone())))
        })
        .collect();
    let own = |(resource, whole): (&String, &Quantity)| {
        let rest = slots.get(resource).and_then(|slots| whole.checked_sub(slots));
        (resource.clone(), rest.unwrap_or_else(|| Quantity::whole(0)))
    };
    (total.iter().map(own).collect(), slots)
}

/// Rounded down to what the API server takes.
pub fn whole_steps(resource: &str, amount: &Quantity) -> Quantity {
    part(resource, amount, 1)
}

/// Key of a namespace -> the quota that was written for it.
pub type Written<'a> = BTreeMap<&'a DnsLabel, Option<&'a Quantities>>;

/// Each namespace's part of the total. What is left of a resource after the quotas that were given goes to the namespaces
/// that gave none of it, in equal parts, rounded down.
pub fn shares(total: &Quantities, written: &Written<'_>, problems: &mut Problems) -> BTreeMap<DnsLabel, Quantities> {
    let mut parts: BTreeMap<DnsLabel, Quantities> =
        written.iter().map(|(key, quota)| ((*key).clone(), quota.cloned().unwrap_or_default())).collect();
    for (resource, whole) in total {
        let Some(Rest { left, part, takers }) = rest(resource, whole, written) else {
            problems.extend([exceeds(resource, whole, &amounts_of(written, resource))]);
            continue;
        };
        for key in takers {
            if left.is_zero() && !whole.is_zero() && !is_of_services(resource) {
                problems.extend([shortage(resource, whole, key)]);
            }
            parts.entry(key.clone()).or_default().insert(resource.clone(), part.clone());
        }
    }
    parts
}

/// What nobody was given of a resource, and who takes it.
pub struct Rest<'a> {
    pub left: Quantity,
    /// Of each.
    pub part: Quantity,
    pub takers: Vec<&'a DnsLabel>,
}

/// `None`: more was given than there is.
pub fn rest<'a>(resource: &str, whole: &Quantity, written: &Written<'a>) -> Option<Rest<'a>> {
    let given = amounts_of(written, resource);
    let left = whole.checked_sub(&sum(&given)?)?;
    let takers: Vec<_> = written.keys().copied().filter(|key| given.iter().all(|(other, _)| other != key)).collect();
    let part = part(resource, &left, takers.len());
    Some(Rest { left, part, takers })
}

/// An equal part, rounded down to what the API server takes.
pub fn part(resource: &str, whole: &Quantity, parts: usize) -> Quantity {
    whole.share(u32::try_from(parts).unwrap_or(u32::MAX), &step(resource))
}

/// Somebody who asks for two pods would get none.
pub fn check_part(
    resource: &str,
    left: &Quantity,
    part: &Quantity,
    parts: usize,
    at: &[&str],
    problems: &mut Problems,
) {
    if part.is_zero() && !left.is_zero() {
        problems.error(
            "environment.quota_rounds_to_zero",
            at,
            format!("{resource} of {} leaves nothing for each of {parts} namespaces: raise it", left.original()),
            "The namespaces that set no quota of their own get equal parts, rounded down. Raise it, or set it in the `quota` of the \
             namespaces that need it.",
        );
    }
}

/// Where the quotas that were given leave no headroom.
pub fn headroom(total: &Quantities, written: &Written<'_>, percent: u32, problems: &mut Problems) {
    for (resource, whole) in total {
        let given = amounts_of(written, resource);
        let Some(covered) = whole.percent(100 - percent.min(100)) else { continue };
        if !given.is_empty() && !is_of_services(resource) && sum(&given).is_some_and(|sum| sum > covered) {
            problems.warning(
                "environment.headroom_uncovered",
                &["namespaces"],
                format!("The namespaces' quotas of {resource} leave less than {percent} % of {whole} free"),
                "A rolling update needs room for its surge. Lower a namespace's quota, raise `quota.total`, or lower `quota.headroom_percent`.",
            );
        }
    }
}

/// One namespace of several has the load balancer, and the others have none. A rolling update makes no second one.
fn is_of_services(resource: &str) -> bool {
    resource.starts_with("services.")
}

fn amounts_of<'a>(written: &Written<'a>, resource: &str) -> Vec<(&'a DnsLabel, &'a Quantity)> {
    written.iter().filter_map(|(key, quota)| Some((*key, quota.as_ref()?.get(resource)?))).collect()
}

/// `None`: beyond all bounds.
fn sum(given: &[(&DnsLabel, &Quantity)]) -> Option<Quantity> {
    given.iter().try_fold(Quantity::whole(0), |sum, (_, quantity)| sum.checked_add(quantity))
}

/// What a part is a whole number of.
fn step(resource: &str) -> Quantity {
    let text = match resource {
        "requests.cpu" => "1m",
        _ if is_bytes(resource) => "1Mi",
        _ => "1",
    };
    text.parse().unwrap_or_else(|_| Quantity::whole(1))
}

fn exceeds(resource: &str, whole: &Quantity, given: &[(&DnsLabel, &Quantity)]) -> Problem {
    let given: Vec<String> = given.iter().map(|(key, quantity)| format!("{key} = {}", quantity.original())).collect();
    Problem::error(
        "environment.quota_exceeds_total",
        format!("The namespaces' quotas of {resource} add up to more than the {whole} that they have together: lower one"),
        format!(
            "Given: {}. Lower one of them, raise `quota.total`, or lower `quota.slots_percent`, the part of isolated slots.",
            given.join(", ")
        ),
    )
    .at(["namespaces"])
}

fn shortage(resource: &str, whole: &Quantity, key: &DnsLabel) -> Problem {
    Problem::error(
        "environment.quota_nothing_left",
        format!("No {resource} is left for the namespace {key:?}: lower another namespace's quota", key = key.as_str()),
        format!("The other namespaces' quotas take all of the {whole} that they have together. Lower one, raise `quota.total`, or give this namespace a quota."),
    )
    .at(["namespaces", key.as_str(), "quota"])
}

#[cfg(test)]
mod tests;
