//! A slot by itself: what can be wrong with a request as a whole. Knows the forms.

mod identity;

use crate::{
    domain::{Availability, Ingress, Isolation, Problems, Share, SlotId, SlotSpec},
    golden::{
        checks::{check_bytes, check_drift, check_fqdns, check_namespace_length},
        namespace_checks::{check_keys, check_quantities},
    },
};
use std::collections::BTreeSet;

/// What helps against the name of an isolated namespace that is too long.
pub const TOO_LONG: &str = "Shorten the slot's name, or set `isolation = \"shared\"`.";

pub fn check(spec: &SlotSpec, problems: &mut Problems) {
    check_drift(spec.drift.as_ref(), problems);
    if spec.name.as_str() == "default" {
        problems.error(
            "slot.name_reserved",
            &["name"],
            "The slot name `default` is reserved: choose another name",
            "Kubernetes creates a ServiceAccount of that name in every namespace. Choose another name.",
        );
    }
    if spec.isolation == Some(Isolation::Namespace) {
        let name = format!("{}-{}", spec.environment.environment, spec.name);
        check_namespace_length("slot.namespace_length", &name, &["name"], TOO_LONG, problems);
    }
    if let Some(identity) = &spec.identity {
        identity::check(identity, problems);
    }
    if let Some(share) = &spec.share {
        check_share(share, problems);
    }
    check_quantities(&spec.quota, &["quota"], problems);
    for resource in ["requests.cpu", "requests.memory", "limits.memory", "pods"] {
        if spec.quota.contains_key(resource) {
            problems.error(
                "slot.quota_of_share",
                &["quota", resource],
                format!("{resource} of a slot follows from its share: set `share` instead"),
                "Set `share` for CPU, memory and replicas, and leave it out here.",
            );
        }
    }
    check_keys([&spec.labels, &spec.annotations], &[], problems);
    if let Some(availability) = &spec.availability {
        check_availability(availability, spec.share.as_ref().and_then(|share| share.max_replicas), problems);
    }
    if let Some(Ingress { from_slots, ports }) = &spec.ingress {
        check_slots(spec, from_slots, &["ingress", "from_slots"], problems);
        if from_slots.is_empty() && !ports.is_empty() {
            problems.error(
                "slot.ports_for_nobody",
                &["ingress", "ports"],
                "`ports` open nothing by themselves: set `from_slots`",
                "Name the slots that may reach these ports in `from_slots`.",
            );
        }
        if ports.contains(&0) {
            problems.error("slot.port_range", &["ingress", "ports"], "Port 0 is out of range", "Use ports 1 to 65535.");
        }
    }
    if let Some(egress) = &spec.egress {
        check_slots(spec, &egress.to_slots, &["egress", "to_slots"], problems);
        check_fqdns(&egress.fqdns, &["egress", "fqdns"], problems);
    }
}

fn check_share(share: &Share, problems: &mut Problems) {
    for (field, quantity) in [("cpu", &share.cpu), ("memory", &share.memory)] {
        if quantity.is_zero() || quantity.is_negative() {
            problems.error(
                "slot.share_not_positive",
                &["share", field],
                format!("`share.{field}` must be more than 0"),
                "Set what all replicas of the workload may request together.",
            );
        } else if field == "memory" {
            check_bytes("`share.memory`", quantity, &["share", field], problems);
        }
    }
    if share.max_replicas.is_some_and(|replicas| !(1..=1000).contains(&replicas)) {
        problems.error(
            "slot.max_replicas",
            &["share", "max_replicas"],
            "`max_replicas` must be 1 to 1000",
            "It bounds the autoscaler and the pods of an isolated namespace. Choose a number in this range.",
        );
    }
}

fn check_availability(availability: &Availability, max_replicas: Option<u32>, problems: &mut Problems) {
    let Availability { min_replicas, max_unavailable, pdb, spread: _, target_cpu_percent } = availability;
    if *min_replicas == Some(0) {
        problems.error(
            "slot.min_replicas",
            &["availability", "min_replicas"],
            "`min_replicas` must be at least 1",
            "A workload that may scale to zero has no availability to keep. Raise it, or leave it out.",
        );
    }
    if let (Some(min), Some(max)) = (min_replicas, max_replicas)
        && *min > max
    {
        problems.error(
            "slot.replicas_order",
            &["availability", "min_replicas"],
            format!("`min_replicas` of {min} is more than `share.max_replicas` of {max}"),
            "Lower the first or raise the second.",
        );
    }
    if target_cpu_percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        problems.error(
            "slot.target_cpu",
            &["availability", "target_cpu_percent"],
            "`target_cpu_percent` must be 1 to 100",
            "Set the part of the requested CPU at which the autoscaler adds a replica.",
        );
    }
    let Some(text) = max_unavailable else { return };
    if *pdb == Some(false) {
        problems.error(
            "slot.budget_twice",
            &["availability", "max_unavailable"],
            "`max_unavailable` has no effect with `pdb = false`: remove one of the two",
            "Remove it, or remove `pdb = false`.",
        );
    }
    let number = text.strip_suffix('%').unwrap_or(text);
    let digits = !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit());
    let at = ["availability", "max_unavailable"];
    match number.parse::<u32>() {
        Ok(0) if digits => problems.error(
            "slot.zero_disruptions",
            &at,
            format!("`max_unavailable` of {text:?} never lets a node be drained: allow at least 1"),
            "Upgrades of nodes would wait forever (Polaris pdbDisruptionsIsZero). Allow a disruption of at least 1, or leave it out for the tier's default.",
        ),
        Ok(percent) if digits && !(text.ends_with('%') && percent > 100) => {}
        _ => problems.error("slot.max_unavailable_form", &at, format!("{text:?} is neither a count nor a percentage"), "Write a value such as 1 or 25%."),
    }
}

/// `<environment>/<slot>`, or the whole id of a slot on the same cluster.
fn check_slots(spec: &SlotSpec, slots: &[String], at: &[&str], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for text in slots {
        let whole =
            if text.matches('/').count() == 1 { format!("{}/{text}", spec.environment.cluster) } else { text.clone() };
        seen.insert(whole.clone());
        match whole.parse::<SlotId>() {
            Err(_) => problems.error(
                "slot.reference_form",
                at,
                format!("{text:?} does not name a slot: write <environment>/<slot>"),
                "Write <environment>/<slot>, or the `id` of a goldenpath_eks_workload_slot.",
            ),
            Ok(id) if id.environment.cluster != spec.environment.cluster => {
                problems.error(
                    "slot.reference_cluster",
                    at,
                    format!("Slot {text:?} is on another cluster: open address ranges of the environment instead"),
                    "Network rules end at the cluster. Open address ranges of the environment instead.",
                );
            }
            Ok(id) if id == spec.id() => problems.error(
                "slot.reference_self",
                at,
                format!("{text:?} is this slot itself: leave it out"),
                "Leave it out.",
            ),
            Ok(_) => {}
        }
    }
    if seen.len() < slots.len() {
        problems.warning("slot.reference_twice", at, "A slot is named twice", "Name each slot once.");
    }
}
