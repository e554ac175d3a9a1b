//! Catalogue -> render -> blueprint, and the difference between what is desired and what is observed. All pure.
//!
//! `objects` is a function of the spec, the digest of the resolved golden path, the version of the renderer and the stable
//! facts, and of nothing else: the plan that core makes again at apply time is the plan that was approved.

#[cfg(test)]
mod admission;
mod catalogue;
mod check;
mod diff;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod guardrails;
mod line;
mod quota;
#[cfg(test)]
mod reachability;
mod render;

pub use catalogue::{Catalogue, CatalogueError, GoldenPath, Tier};
pub use check::{check_spec, check_with};
pub use diff::{By, Change, FieldChange, diff, view};
pub use line::{digest_of, line, same_digest};
pub use render::{cluster_roles, home, parent_of, render};

use crate::domain::{
    Body, DefaultDeny, Desired, Fields, Limits, NetworkEngine, Outputs, PersonaName, Problem, TierClass,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raised when the same inputs would render other objects; part of every decision to compare.
pub const RENDERER: &str = "1";

/// The canonical form of a desired body.
pub fn fields_of(body: &Body) -> Fields {
    crate::domain::projection::of_body(body)
}

/// All the desired objects of one spec, with their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    pub objects: Vec<Desired>,
    pub resolved: Resolved,
    /// Computed attributes as far as rendering knows them.
    pub outputs: Outputs,
    /// What only the environment or the cluster's facts can refuse, and warnings; nothing of it kept the objects from being
    /// rendered, so that what exists can still be planned.
    pub problems: Vec<Problem>,
}

/// What the golden path made of the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub team: String,
    pub golden_path: String,
    pub golden_path_version: String,
    pub golden_path_digest: String,
    /// `None` for a baseline, which belongs to no tier.
    pub class: Option<TierClass>,
    pub deletion_protection: bool,
    /// Final names of the namespaces that deleting would lose; what `deletion_protection` covers.
    pub namespaces: Vec<String>,
    /// Managed policy ARNs that must exist before anything is made.
    pub boundaries: Vec<String>,
}

/// What a slot needs to know of its environment; kept in the slot's private bytes, so that a plan of something that exists
/// works with the cluster away. An isolated slot's namespace is rendered from it as the environment's own ones are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    pub id: String,
    pub team: String,
    pub tier: String,
    /// The path's name as the environment resolved it.
    pub golden_path: String,
    /// Key -> final name.
    pub namespaces: BTreeMap<String, String>,
    /// Totals of the environment's quota, as canonical text: what shares are judged against.
    pub quota_total: BTreeMap<String, String>,
    /// The part of the total that is kept free for rolling updates.
    pub headroom_percent: u32,
    /// Personas and their RoleBinding subjects; `None` waits for another resource of the same run.
    pub subjects: BTreeMap<PersonaName, Option<Vec<serde_json::Value>>>,
    pub network: ParentNetwork,
    pub owner_annotations: BTreeMap<String, String>,
    pub pod_security_labels: BTreeMap<String, String>,
    /// As configured, over the tier's defaults.
    pub limits: Limits,
}

/// The environment's network with its defaults filled in; `None` waits for another resource of the same run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentNetwork {
    pub engine: NetworkEngine,
    pub default_deny: DefaultDeny,
    pub allow_from: Vec<String>,
    pub ingress_cidrs: Option<Vec<String>>,
    pub egress_presets: Vec<String>,
    pub egress_cidrs: Option<Vec<String>>,
    pub egress_fqdns: Vec<String>,
}
