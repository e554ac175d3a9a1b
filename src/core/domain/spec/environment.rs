//! What one team gets in one tier on one cluster.

use super::{Access, Network};
use crate::domain::{
    ClusterRef, DnsLabel, EnvironmentId, Given, Late, Quantity, TierName, VersionConstraint, choices::choices,
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
