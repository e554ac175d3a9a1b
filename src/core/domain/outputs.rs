//! What a resource computes besides its objects. One struct for each kind; the names are those of the HCL attributes.
//!
//! A leaf is `None` when an earlier value stays as it is (and is unknown when there is none), `Some(Later)` when it will
//! be another one that only the target knows, `Some(Now)` when it is known.

use super::{Late, record::Timing};
use serde::Serialize;
use std::collections::BTreeMap;

pub type Leaf<T = String> = Option<Late<T>>;

/// The four that every resource has, and its own. serde leaves out a leaf that is `None`, which tells it from a null.
macro_rules! outputs {
    ($(#[$doc:meta])* $name:ident { $($(#[$leaf_doc:meta])* $leaf:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct $name {
            #[serde(skip_serializing_if = "Option::is_none")]
            pub id: Leaf,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub uid: Leaf,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub target: Leaf,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub objects: Leaf<BTreeMap<String, Late<String>>>,
            $($(#[$leaf_doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $leaf: Leaf<$ty>,)*
        }

        impl $name {
            pub const NAMES: &[&str] = &["id", "uid", "target", "objects", $(stringify!($leaf)),*];
        }
    };
}

outputs!(BaselineOutputs {});

outputs!(EnvironmentOutputs {
    /// The version of the golden path that made it.
    resolved_version: String,
    /// Key -> final name.
    namespace_names: BTreeMap<String, String>,
    /// Persona -> the groups that its RoleBindings name.
    rbac_groups: BTreeMap<String, Late<Vec<String>>>,
    /// Persona -> ARN of the role made for it.
    role_arns: BTreeMap<String, String>,
    /// Principal -> ARN of its access entry.
    access_entry_arns: BTreeMap<String, Late<String>>,
    provisioning: Provisioning,
});

outputs!(SlotOutputs {
    /// The final name of the namespace that it lives in.
    namespace_name: String,
    service_account: String,
    /// Null where `identity.mode` is `none`.
    role_arn: Option<String>,
    role_unique_id: Option<String>,
    association_id: Option<String>,
    /// For the trust policy of `identity.target_role_arn`.
    external_id: Option<String>,
    /// Whether the last apply that had to prove it saw pods get credentials of the association; null where there is none or
    /// where it could not be determined.
    identity_ready: Option<bool>,
    /// File name -> YAML for the application's own repository.
    manifests: BTreeMap<String, String>,
});

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

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outputs {
    Baseline(BaselineOutputs),
    Environment(EnvironmentOutputs),
    Slot(SlotOutputs),
}
