//! What one team gets in one tier on one cluster.

use super::{Access, Network};
use crate::domain::{
    ClusterRef, DnsLabel, EnvironmentId, Given, Late, Problems, Quantity, TierName, VersionConstraint,
    choices::choices, forms,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a golden path lets teams set besides, each of the type that the path gives it.
pub type WrittenParameters = BTreeMap<String, Late<serde_json::Value>>;

/// Kubernetes resource names to quantities: `requests.cpu` -> `4`.
pub type Quantities = BTreeMap<String, Quantity>;

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
pub struct Namespace {
    /// This namespace's share of the total. Namespaces without one share what is left equally.
    pub quota: Option<Quantities>,
    pub limits: Option<Limits>,
    pub labels: Given<BTreeMap<String, String>>,
    pub annotations: Given<BTreeMap<String, String>>,
    pub pod_security: Option<PodSecurity>,
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub container: Option<LimitsContainer>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsContainer {
    pub default_memory: Option<Quantity>,
    pub default_request_cpu: Option<Quantity>,
    pub default_request_memory: Option<Quantity>,
    pub max_memory: Option<Quantity>,
}

choices! {
    /// From the weakest on.
    #[derive(PartialOrd, Ord)]
    pub enum PodSecurityLevel {
        Privileged = "privileged",
        Baseline = "baseline",
        Restricted = "restricted",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PodSecurity {
    pub enforce: Option<PodSecurityLevel>,
    /// `1.36`
    pub version: Option<String>,
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

// === impl Limits ===

impl Limits {
    /// What can be wrong with them by themselves.
    pub fn check(&self, at: &[&str], problems: &mut Problems) {
        let Some(container) = &self.container else { return };
        let at = |field| [at, &["limits", "container", field]].concat();
        for (field, value) in [
            ("default_memory", &container.default_memory),
            ("default_request_cpu", &container.default_request_cpu),
            ("default_request_memory", &container.default_request_memory),
            ("max_memory", &container.max_memory),
        ] {
            if value.as_ref().is_some_and(|value| value.is_negative() || value.is_zero()) {
                problems.error(
                    "environment.limit_not_positive",
                    &at(field),
                    format!("`limits.container.{field}` must be more than 0"),
                    "Raise it, or leave it out for the tier's default.",
                );
            } else if let Some(value) = value.as_ref().filter(|_| field.ends_with("memory")) {
                check_bytes(field, value, &at(field), problems);
            }
        }
        container.check_order(|lower, _| Some(at(lower)), problems);
    }
}

// === impl LimitsContainer ===

impl LimitsContainer {
    /// By its field.
    pub fn memory(&self, field: &str) -> Option<&Quantity> {
        match field {
            "default_memory" => self.default_memory.as_ref(),
            "default_request_memory" => self.default_request_memory.as_ref(),
            "max_memory" => self.max_memory.as_ref(),
            _ => None,
        }
    }

    /// `at`: where it is said of two of them that the first is above the second. `None`: elsewhere.
    pub fn check_order<'a>(
        &self,
        at: impl Fn(&'static str, &'static str) -> Option<Vec<&'a str>>,
        problems: &mut Problems,
    ) {
        for (lower, upper) in [
            ("default_request_memory", "default_memory"),
            ("default_memory", "max_memory"),
            ("default_request_memory", "max_memory"),
        ] {
            if let (Some(low), Some(high)) = (self.memory(lower), self.memory(upper))
                && low > high
                && let Some(field) = at(lower, upper)
            {
                problems.error(
                    "environment.limits_order",
                    &field,
                    format!("{lower} of {} is more than {upper} of {}", low.original(), high.original()),
                    "Kubernetes refuses such a LimitRange. Lower the first or raise the second.",
                );
            }
        }
    }
}

// === impl PodSecurity ===

impl PodSecurity {
    /// What can be wrong with it by itself.
    pub fn check(&self, at: &[&str], problems: &mut Problems) {
        if let Some(version) = self.version.as_deref()
            && !forms::is_minor_version(version)
        {
            problems.error(
                "environment.pod_security_version",
                &[at, &["pod_security", "version"]].concat(),
                format!("{version:?} is not a version of Pod Security"),
                "`latest` would change under running workloads. Write a minor version of Kubernetes, such as 1.36.",
            );
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

/// `100m` of memory is a tenth of a byte.
pub fn check_bytes(what: &str, quantity: &Quantity, at: &[&str], problems: &mut Problems) {
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
