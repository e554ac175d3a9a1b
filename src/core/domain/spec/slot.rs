//! The place for one workload in an environment.

use super::{
    Drift, Identity, Texts, WrittenParameters,
    namespace::check_keys,
    network::check_fqdns,
    quantities::{OF_PODS, Quantities, check_bytes, check_quantities},
};
use crate::domain::{DnsLabel, EnvironmentId, Given, Problems, Quantity, SlotId, choices::choices};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, ops::RangeInclusive};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSpec {
    pub name: DnsLabel,
    pub environment: EnvironmentId,
    /// A key of the environment's namespaces; absent: `default`, else the only one, else it is required.
    #[serde(default)]
    pub namespace: Option<DnsLabel>,
    /// Absent: `namespace` in class prod, else `shared`.
    #[serde(default)]
    pub isolation: Option<Isolation>,
    #[serde(default)]
    pub deletion_protection: Option<bool>,
    #[serde(default)]
    pub identity: Option<Identity>,
    #[serde(default)]
    pub share: Option<Share>,
    /// Of an isolated slot's namespace, besides its share.
    #[serde(default)]
    pub quota: Given<Quantities>,
    /// Likewise.
    #[serde(default)]
    pub labels: Given<Texts>,
    #[serde(default)]
    pub annotations: Given<Texts>,
    #[serde(default)]
    pub availability: Option<Availability>,
    #[serde(default)]
    pub ingress: Option<Ingress>,
    #[serde(default)]
    pub egress: Option<Egress>,
    #[serde(default)]
    pub parameters: Option<WrittenParameters>,
    #[serde(default)]
    pub drift: Option<Drift>,
    /// Who holds it: what a create must say to take over what exists.
    #[serde(default)]
    pub claim: Option<String>,
}

// === impl SlotSpec ===

impl SlotSpec {
    pub fn id(&self) -> SlotId {
        SlotId { environment: self.environment.clone(), slot: self.name.clone() }
    }

    /// The team's own keys of an isolated slot's namespace, by the field that they are written in.
    pub fn own_keys(&self) -> [(&'static str, &Texts); 2] {
        [("labels", &self.labels), ("annotations", &self.annotations)]
    }

    /// What is written that only a namespace of its own has.
    pub fn fields_of_namespace(&self) -> impl Iterator<Item = &'static str> {
        let keys = self.own_keys().map(|(field, texts)| (field, texts.is_empty()));
        let fields = [("quota", self.quota.is_empty())].into_iter().chain(keys);
        fields.filter_map(|(field, is_empty)| (!is_empty).then_some(field))
    }

    /// What can be wrong with what it says of a namespace of its own.
    pub fn check_namespace(&self, problems: &mut Problems) {
        check_quantities(&self.quota, &["quota"], problems);
        for resource in OF_PODS {
            if self.quota.contains_key(resource) {
                problems.error(
                    "slot.quota_of_share",
                    &["quota", resource],
                    format!("{resource} of a slot follows from its share: set `share` instead"),
                    "Set `share` for CPU, memory and replicas, and leave it out here.",
                );
            }
        }
        check_keys(self.own_keys(), &[], problems);
    }

    /// What can be wrong with whom it lets in and whom it calls.
    pub fn check_traffic(&self, problems: &mut Problems) {
        if let Some(Ingress { from_slots, ports }) = &self.ingress {
            self.check_slots(from_slots, &["ingress", "from_slots"], problems);
            if from_slots.is_empty() && !ports.is_empty() {
                problems.error(
                    "slot.ports_for_nobody",
                    &["ingress", "ports"],
                    "`ports` open nothing by themselves: set `from_slots`",
                    "Name the slots that may reach these ports in `from_slots`.",
                );
            }
            if ports.contains(&0) {
                problems.error(
                    "slot.port_range",
                    &["ingress", "ports"],
                    "Port 0 is out of range",
                    "Use ports 1 to 65535.",
                );
            }
        }
        if let Some(egress) = &self.egress {
            self.check_slots(&egress.to_slots, &["egress", "to_slots"], problems);
            check_fqdns(&egress.fqdns, &["egress", "fqdns"], problems);
        }
    }

    /// `<environment>/<slot>`, or the whole id of a slot on the same cluster.
    fn check_slots(&self, slots: &[String], at: &[&str], problems: &mut Problems) {
        let mut seen = BTreeSet::new();
        for text in slots {
            let whole = if text.matches('/').count() == 1 {
                format!("{}/{text}", self.environment.cluster)
            } else {
                text.clone()
            };
            seen.insert(whole.clone());
            match whole.parse::<SlotId>() {
                Err(_) => problems.error(
                    "slot.reference_form",
                    at,
                    format!("{text:?} does not name a slot: write <environment>/<slot>"),
                    "Write <environment>/<slot>, or the `id` of a goldenpath_eks_workload_slot.",
                ),
                Ok(id) if id.environment.cluster != self.environment.cluster => {
                    problems.error(
                        "slot.reference_cluster",
                        at,
                        format!("Slot {text:?} is on another cluster: open address ranges of the environment instead"),
                        "Network rules end at the cluster. Open address ranges of the environment instead.",
                    );
                }
                Ok(id) if id == self.id() => problems.error(
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
}

choices! {
    pub enum Isolation {
        Shared = "shared",
        Namespace = "namespace",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub cpu: Quantity,
    pub memory: Quantity,
    #[serde(default)]
    pub max_replicas: Option<u32>,
}

choices! {
    pub enum Spread {
        None = "none",
        ZonePreferred = "zone_preferred",
        ZoneRequired = "zone_required",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Availability {
    pub min_replicas: Option<u32>,
    /// A count or a percentage, as in a PodDisruptionBudget.
    pub max_unavailable: Option<String>,
    /// Off: the workload brings a budget of its own. Two on the same pods refuse every eviction.
    pub pdb: Option<bool>,
    pub spread: Option<Spread>,
    /// Makes a HorizontalPodAutoscaler when set.
    pub target_cpu_percent: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingress {
    /// `<environment>/<slot>` or the whole id.
    pub from_slots: Given<Vec<String>>,
    pub ports: Given<Vec<u16>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Egress {
    pub to_slots: Given<Vec<String>>,
    pub fqdns: Given<Vec<String>>,
}

/// How many a slot may have.
const REPLICAS: RangeInclusive<u32> = 1..=1000;

// === impl Share ===

impl Share {
    /// What can be wrong with it by itself.
    pub fn check(&self, problems: &mut Problems) {
        for (field, quantity) in [("cpu", &self.cpu), ("memory", &self.memory)] {
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
        if self.max_replicas.is_some_and(|replicas| !REPLICAS.contains(&replicas)) {
            problems.error(
                "slot.max_replicas",
                &["share", "max_replicas"],
                "`max_replicas` must be 1 to 1000",
                "It bounds the autoscaler and the pods of an isolated namespace. Choose a number in this range.",
            );
        }
    }
}

// === impl Availability ===

impl Availability {
    /// What can be wrong with it, by itself and beside `share.max_replicas`.
    pub fn check(&self, max_replicas: Option<u32>, problems: &mut Problems) {
        let Self { min_replicas, max_unavailable, pdb, spread: _, target_cpu_percent } = self;
        // Without `max_replicas` it is that, too.
        if min_replicas.is_some_and(|replicas| !REPLICAS.contains(&replicas)) {
            problems.error(
                "slot.min_replicas",
                &["availability", "min_replicas"],
                "`min_replicas` must be 1 to 1000",
                "A workload that may scale to zero has no availability to keep. Choose a number in this range, or leave it out.",
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
}
