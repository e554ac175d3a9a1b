//! A slot by itself.

use super::{Faults, check_common, identity, network};
use crate::domain::{Availability, Ingress, Isolation, Share, SlotId, SlotSpec};

pub(super) fn check(spec: &SlotSpec, faults: &mut Faults) {
    let cluster = spec.environment.cluster.parse().ok();
    check_common(cluster.as_ref(), spec.drift.as_ref(), spec.facts.as_ref(), faults);
    if spec.name.as_str() == "default" {
        faults.error(
            "slot.name_reserved",
            &["name"],
            "a slot may not be called default",
            "Kubernetes makes a ServiceAccount of that name in every namespace; choose another.",
        );
    }
    if spec.isolation == Some(Isolation::Namespace) {
        check_isolated_length(spec, faults);
    }
    if let Some(identity) = &spec.identity {
        identity::check(identity, faults);
    }
    if let Some(share) = &spec.share {
        check_share(share, faults);
    }
    if let Some(availability) = &spec.availability {
        check_availability(availability, spec.share.as_ref().and_then(|share| share.max_replicas), faults);
    }
    if let Some(Ingress { from_slots, ports }) = &spec.ingress {
        check_slots(spec, from_slots, &["ingress", "from_slots"], faults);
        if from_slots.is_empty() && !ports.is_empty() {
            faults.error(
                "slot.ports_for_nobody",
                &["ingress", "ports"],
                "ports without from_slots open nothing",
                "Say in from_slots who may reach them.",
            );
        }
        if ports.contains(&0) {
            faults.error("slot.port_range", &["ingress", "ports"], "0 is no port", "Ports are 1 to 65535.");
        }
    }
    if let Some(egress) = &spec.egress {
        check_slots(spec, &egress.to_slots, &["egress", "to_slots"], faults);
        network::check_fqdns(&egress.fqdns, &["egress", "fqdns"], faults);
    }
}

/// `<environment>-<slot>` within the 63 characters of a namespace.
pub(super) fn check_isolated_length(spec: &SlotSpec, faults: &mut Faults) {
    let name = format!("{}-{}", spec.environment.environment, spec.name);
    if name.len() > 63 {
        faults.error(
            "slot.namespace_length",
            &["name"],
            format!("the isolated namespace {name} has {} characters, and Kubernetes allows 63", name.len()),
            "Shorten the slot's name, or use isolation = \"shared\".",
        );
    }
}

fn check_share(share: &Share, faults: &mut Faults) {
    for (field, quantity) in [("cpu", &share.cpu), ("memory", &share.memory)] {
        if quantity.is_zero() || quantity.is_negative() {
            faults.error(
                "slot.share_not_positive",
                &["share", field],
                format!("a share of {field} must be more than 0"),
                "It is what all replicas of the workload may request together.",
            );
        }
    }
    if share.max_replicas.is_some_and(|replicas| !(1..=1000).contains(&replicas)) {
        faults.error(
            "slot.max_replicas",
            &["share", "max_replicas"],
            "max_replicas must be 1 to 1000",
            "It bounds the autoscaler and the pods of an isolated namespace.",
        );
    }
}

fn check_availability(availability: &Availability, max_replicas: Option<u32>, faults: &mut Faults) {
    let Availability { min_replicas, max_unavailable, spread: _, target_cpu_percent } = availability;
    if *min_replicas == Some(0) {
        faults.error(
            "slot.min_replicas",
            &["availability", "min_replicas"],
            "min_replicas must be at least 1",
            "A workload that may scale to nothing has no availability to keep.",
        );
    }
    if let (Some(min), Some(max)) = (min_replicas, max_replicas)
        && *min > max
    {
        faults.error(
            "slot.replicas_order",
            &["availability", "min_replicas"],
            format!("min_replicas of {min} is more than share.max_replicas of {max}"),
            "Lower the first or raise the second.",
        );
    }
    if target_cpu_percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        faults.error(
            "slot.target_cpu",
            &["availability", "target_cpu_percent"],
            "target_cpu_percent must be 1 to 100",
            "It is the part of the requested CPU at which the autoscaler adds a replica.",
        );
    }
    let Some(text) = max_unavailable else { return };
    let number = text.strip_suffix('%').unwrap_or(text);
    let digits = !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit());
    let at = ["availability", "max_unavailable"];
    match number.parse::<u32>() {
        Ok(0) if digits => faults.error(
            "slot.zero_disruptions",
            &at,
            format!("max_unavailable of {text:?} never lets a node be drained"),
            "Allow at least 1, or leave it out for the tier's default; upgrades of nodes wait for ever otherwise (Polaris pdbDisruptionsIsZero).",
        ),
        Ok(percent) if digits && !(text.ends_with('%') && percent > 100) => {}
        _ => faults.error("slot.max_unavailable_form", &at, format!("{text:?} is neither a count nor a percentage"), "Write it as 1 or 25%."),
    }
}

/// `<environment>/<slot>`, or the whole id of a slot on the same cluster.
fn check_slots(spec: &SlotSpec, slots: &[String], at: &[&str], faults: &mut Faults) {
    for text in slots {
        let whole =
            if text.matches('/').count() == 1 { format!("{}/{text}", spec.environment.cluster) } else { text.clone() };
        match whole.parse::<SlotId>() {
            Err(_) => faults.error(
                "slot.reference_form",
                at,
                format!("{text:?} names no slot"),
                "Write <environment>/<slot>, or the id of a goldenpath_eks_workload_slot.",
            ),
            Ok(id) if id.environment.cluster != spec.environment.cluster => {
                faults.error(
                    "slot.reference_cluster",
                    at,
                    format!("{text:?} is on another cluster"),
                    "Network rules end at the cluster: open address ranges of the environment instead.",
                );
            }
            Ok(id) if id == spec.id() => {
                faults.error("slot.reference_self", at, format!("{text:?} is this slot itself"), "Leave it out.")
            }
            Ok(_) => {}
        }
    }
    let mut seen: Vec<&String> = slots.iter().collect();
    seen.sort();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) {
        faults.warning("slot.reference_twice", at, "a slot is named twice", "Once is enough.");
    }
}
