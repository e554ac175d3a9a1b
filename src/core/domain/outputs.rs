//! What a resource computes besides its objects. One struct for each kind; the names are those of the HCL attributes.
//!
//! A leaf is `None` when an earlier value stays as it is (and is unknown when there is none), `Some(Later)` when it will
//! be another one that only the target can tell, `Some(Now)` when it is known.

use super::{Late, record::Timing};
use serde::Serialize;
use std::collections::BTreeMap;

pub type Leaf<T = String> = Option<Late<T>>;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BaselineOutputs {
    pub id: Leaf,
    pub uid: Leaf,
    pub target: Leaf,
    pub objects: Leaf<BTreeMap<String, Late<String>>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EnvironmentOutputs {
    pub id: Leaf,
    pub uid: Leaf,
    pub target: Leaf,
    pub objects: Leaf<BTreeMap<String, Late<String>>>,
    /// The version of the golden path that made it.
    pub resolved_version: Leaf,
    /// Key -> final name.
    pub namespace_names: Leaf<BTreeMap<String, String>>,
    /// Persona -> the groups that its RoleBindings name.
    pub rbac_groups: Leaf<BTreeMap<String, Late<Vec<String>>>>,
    /// Persona -> ARN of the role made for it.
    pub role_arns: Leaf<BTreeMap<String, String>>,
    /// Principal -> ARN of its access entry.
    pub access_entry_arns: Leaf<BTreeMap<String, Late<String>>>,
    pub provisioning: Leaf<Provisioning>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SlotOutputs {
    pub id: Leaf,
    pub uid: Leaf,
    pub target: Leaf,
    pub objects: Leaf<BTreeMap<String, Late<String>>>,
    /// The final name of the namespace that it lives in.
    pub namespace_name: Leaf,
    pub service_account: Leaf,
    /// Null where `identity.mode` is `none`.
    pub role_arn: Leaf<Option<String>>,
    pub role_unique_id: Leaf<Option<String>>,
    pub association_id: Leaf<Option<String>>,
    /// For the trust policy of `identity.target_role_arn`.
    pub external_id: Leaf<Option<String>>,
    /// Whether the last apply that had to prove it saw pods get credentials of the association; null where there is none or
    /// where it could not be told.
    pub identity_ready: Leaf<Option<bool>>,
    /// File name -> YAML for the application's own repository.
    pub manifests: Leaf<BTreeMap<String, String>>,
}

/// How long the create took; it never changes afterwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Provisioning {
    pub requested_at: String,
    pub ready_at: String,
    /// Phase -> milliseconds.
    pub phases: BTreeMap<String, u64>,
}

impl Provisioning {
    pub fn of(requested_at: &str, ready_at: &str, timings: &[Timing]) -> Self {
        Self {
            requested_at: requested_at.to_owned(),
            ready_at: ready_at.to_owned(),
            phases: timings.iter().map(|t| (t.phase.clone(), t.milliseconds)).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outputs {
    Baseline(BaselineOutputs),
    Environment(EnvironmentOutputs),
    Slot(SlotOutputs),
}
