//! Catalogue -> render -> blueprint, and the difference between what is desired and what is observed. All pure.
//!
//! `objects` is a function of the spec, the digest of the resolved golden path, the version of the renderer and the stable
//! facts, and of nothing else: the plan that core makes again at apply time is the plan that was approved.

mod catalogue;
mod diff;
mod line;
mod render;

pub use catalogue::{Catalogue, CatalogueError, GoldenPath, Tier};
pub use diff::{Change, diff};
pub use line::{fields_of, line, same_digest};
pub use render::{parent_of, render};

use crate::domain::{Desired, Outputs, PersonaName, Problem, TierClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raised when the same inputs would render other objects; part of every decision to compare.
pub const RENDERER: &str = "1";

/// All the desired objects of one spec, with their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    pub objects: Vec<Desired>,
    pub resolved: Resolved,
    /// Computed attributes as far as rendering knows them.
    pub outputs: Outputs,
    /// Warnings met while rendering; errors are the other arm of `render`'s result.
    pub problems: Vec<Problem>,
}

/// What the golden path made of the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub team: String,
    pub golden_path: String,
    pub golden_path_version: String,
    pub golden_path_digest: String,
    pub class: Option<TierClass>,
    pub deletion_protection: bool,
    /// Final names of the namespaces that deleting would lose; what `deletion_protection` covers.
    pub namespaces: Vec<String>,
    /// Managed policy ARNs that must exist before anything is made.
    pub boundaries: Vec<String>,
}

/// What a slot needs to know of its environment; kept in the slot's private bytes, so that a plan of something that exists
/// works with the cluster away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    pub id: String,
    pub team: String,
    pub tier: String,
    pub golden_path: String,
    /// Key -> final name.
    pub namespaces: BTreeMap<String, String>,
    /// Totals of the environment's quota, as canonical text: what shares are judged against.
    pub quota_total: BTreeMap<String, String>,
    /// Personas and their RoleBinding subjects: an isolated slot's namespace lets in the same people.
    pub subjects: BTreeMap<PersonaName, Vec<serde_json::Value>>,
    pub network_engine: crate::domain::NetworkEngine,
    pub owner_annotations: BTreeMap<String, String>,
    /// The environment's Spec-level settings that an isolated namespace repeats (limits, Pod Security), as rendered.
    pub pod_security_labels: BTreeMap<String, String>,
}
