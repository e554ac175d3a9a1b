//! What one team gets in one tier on one cluster.

use super::{
    Access, Limits, Namespace, Network, PodSecurity,
    quantities::{OF_PODS, Quantities, check_quantities, resource_is_known},
};
use crate::domain::{
    ClusterRef, DnsLabel, EnvironmentId, Given, Late, Problems, TierName, VersionConstraint, choices::choices, forms,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a golden path lets teams set besides, each of the type that the path gives it.
pub type WrittenParameters = BTreeMap<String, Late<serde_json::Value>>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSpec {
    pub name: DnsLabel,
    pub team: DnsLabel,
    pub tier: TierName,
    pub cluster: ClusterRef,
    #[serde(default)]
    pub golden_path: Option<String>,
    #[serde(default)]
    pub golden_path_version: Option<VersionConstraint>,
    #[serde(default)]
    pub parameters: Option<WrittenParameters>,
    /// Required in tiers of class prod.
    #[serde(default)]
    pub owner: Option<Contact>,
    /// Key `default` is the namespace called `<name>`, any other is `<name>-<key>`. Absent: `{ default = {} }`.
    #[serde(default)]
    pub namespaces: Option<BTreeMap<DnsLabel, Namespace>>,
    #[serde(default)]
    pub quota: Option<Quota>,
    #[serde(default)]
    pub limits: Option<Limits>,
    #[serde(default)]
    pub network: Option<Network>,
    #[serde(default)]
    pub pod_security: Option<PodSecurity>,
    #[serde(default)]
    pub access: Option<Access>,
    #[serde(default)]
    pub deletion_protection: Option<bool>,
    #[serde(default)]
    pub drift: Option<Drift>,
    #[serde(default)]
    pub adopt: Option<Adopt>,
    /// Who holds it: what a create must say to take over what exists.
    #[serde(default)]
    pub claim: Option<String>,
}

// === impl EnvironmentSpec ===

impl EnvironmentSpec {
    pub fn id(&self) -> EnvironmentId {
        EnvironmentId { cluster: self.cluster.name().to_owned(), environment: self.name.clone() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub contact: String,
    pub cost_center: String,
    #[serde(default)]
    pub slack: Option<String>,
    #[serde(default)]
    pub oncall: Option<String>,
    #[serde(default)]
    pub data_class: Option<String>,
    #[serde(default)]
    pub docs: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    pub total: Given<Quantities>,
    pub headroom_percent: Option<u32>,
    /// The part of the total that isolated slots have.
    pub slots_percent: Option<u32>,
    /// PriorityClass -> pod-scoped resources.
    pub by_priority: Given<BTreeMap<String, Quantities>>,
}

choices! {
    #[derive(Default)]
    pub enum DriftMode {
        #[default]
        Heal = "heal",
        Report = "report",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drift {
    pub mode: DriftMode,
    /// Patterns over object keys, `*` matches anything: these are reported, never healed.
    pub ignore: Given<Vec<String>>,
}

choices! {
    #[derive(Default)]
    pub enum AdoptMode {
        #[default]
        Fail = "fail",
        IfMarked = "if_marked",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adopt {
    pub mode: AdoptMode,
    /// JSON pointers of fields to take from their managers while adopting.
    pub take_fields: Given<Vec<String>>,
}

// === impl Contact ===

impl Contact {
    /// What can be wrong with it by itself.
    pub fn check(&self, problems: &mut Problems) {
        let Self { contact, cost_center, slack, oncall, data_class, docs } = self;
        // These become tags of AWS objects as well.
        for (field, value) in
            [("contact", Some(contact)), ("cost_center", Some(cost_center)), ("data_class", data_class.as_ref())]
        {
            if value.is_some_and(|value| !forms::is_tag_value(value)) {
                problems.error(
                    "environment.owner_form",
                    &["owner", field],
                                    format!(
                    "`owner.{field}` can't be a tag of AWS resources: use letters, digits, spaces and _ . : / = + - @"
                ),
                    "Use 1 to 256 letters, digits, spaces and _ . : / = + - @ (IAM, Tag).",
                );
            }
        }
        for (field, value) in [("slack", slack), ("oncall", oncall), ("docs", docs)] {
            if value.as_ref().is_some_and(|value| value.is_empty() || value.chars().any(char::is_control)) {
                problems.error(
                    "environment.owner_form",
                    &["owner", field],
                    format!("`owner.{field}` must be one line that is not empty"),
                    "Write one line, or leave it out.",
                );
            }
        }
    }
}

// === impl Quota ===

impl Quota {
    /// What can be wrong with it by itself.
    pub fn check(&self, problems: &mut Problems) {
        let Self { total, headroom_percent, slots_percent: _, by_priority } = self;
        check_quantities(total, &["quota", "total"], problems);
        if headroom_percent.is_some_and(|percent| percent >= 100) {
            problems.error(
                "environment.headroom",
                &["quota", "headroom_percent"],
                "`headroom_percent` must be below 100",
                "It is the part of the total that slots' shares leave free for rolling updates. Use 25 to cover a Deployment's default surge.",
            );
        }
        if let (Some(request), Some(limit)) = (total.get("requests.memory"), total.get("limits.memory"))
            && request > limit
        {
            problems.error(
                "environment.quota_request_above_limit",
                &["quota", "total", "limits.memory"],
                format!("limits.memory of {} is less than requests.memory of {}", limit.original(), request.original()),
                "The requests could never be used up. Raise the limit, or leave it out to have it move with the request.",
            );
        }
        for (class, resources) in by_priority {
            self.check_priority(class, resources, problems);
        }
    }

    fn check_priority(&self, class: &str, resources: &Quantities, problems: &mut Problems) {
        let at = ["quota", "by_priority", class];
        if !forms::is_dns_subdomain(class) || class.starts_with("system-") {
            problems.error(
                "environment.priority_class",
                &at,
                format!("{class:?} is not a PriorityClass for an environment"),
                "Those of the system evict the cluster's own add-ons. Name one of the platform's.",
            );
        }
        check_quantities(resources, &at, problems);
        for (resource, quantity) in resources {
            let at = [at[0], at[1], at[2], resource.as_str()];
            if resource_is_known(resource).is_ok() && !OF_PODS.contains(&resource.as_str()) {
                problems.error(
                    "environment.priority_resource",
                    &at,
                    format!("{resource} is not a resource of pods"),
                    format!("Use one of {}.", OF_PODS.join(", ")),
                );
            }
            if self.total.get(resource).is_some_and(|total| total < quantity) {
                problems.error(
                    "environment.priority_exceeds_total",
                    &at,
                    format!("{resource} of {} is more than the total", quantity.original()),
                    "Lower it, or raise `quota.total`.",
                );
            }
        }
    }
}

// === impl Adopt ===

impl Adopt {
    /// What can be wrong with it by itself.
    pub fn check(&self, problems: &mut Problems) {
        if self.mode == AdoptMode::Fail && !self.take_fields.is_empty() {
            problems.error(
                "environment.adopt_fields_unused",
                &["adopt", "take_fields"],
                "Fields are only taken while adopting: set `adopt.mode`",
                "Set `adopt.mode = \"if_marked\"`, or leave `take_fields` out.",
            );
        }
        for pointer in self.take_fields.iter().filter(|pointer| !pointer.starts_with('/')) {
            problems.error(
                "environment.adopt_field_form",
                &["adopt", "take_fields"],
                format!("{pointer:?} is not a JSON pointer"),
                "Write a pointer such as /spec/hard/pods (RFC 6901).",
            );
        }
    }
}
