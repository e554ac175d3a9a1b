//! The place for one workload in an environment.

use super::{Drift, PolicyJson, Quantities, Statement, WrittenParameters};
use crate::domain::{DnsLabel, EnvironmentId, Given, Late, LateList, Quantity, SlotId, choices::choices};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    pub labels: Given<BTreeMap<String, String>>,
    #[serde(default)]
    pub annotations: Given<BTreeMap<String, String>>,
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

impl SlotSpec {
    pub fn id(&self) -> SlotId {
        SlotId { environment: self.environment.clone(), slot: self.name.clone() }
    }
}

choices! {
    pub enum Isolation {
        Shared = "shared",
        Namespace = "namespace",
    }
}

choices! {
    #[derive(Default)]
    pub enum IdentityMode {
        #[default]
        PodIdentity = "pod_identity",
        Irsa = "irsa",
        None = "none",
    }
}

choices! {
    #[derive(Default)]
    pub enum IdentityScope {
        /// The role's trust is scoped by the session tags of cluster, namespace and service account.
        #[default]
        Tags = "tags",
        /// The statements are an inline session policy of the association; session tags are off.
        SessionPolicy = "session_policy",
        /// The trust names the Pod Identity service and the account only.
        RoleOnly = "role_only",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    pub mode: IdentityMode,
    pub scope: IdentityScope,
    pub statements: Given<Vec<Statement>>,
    pub policy_json: Option<Late<PolicyJson>>,
    /// Managed policies that are attached to the role.
    pub policy_arns: Given<LateList>,
    pub target_role_arn: Option<Late<String>>,
}

// === impl Identity ===

impl Identity {
    /// Every statement that is known, with the place where it is written.
    pub fn written_statements(&self) -> impl Iterator<Item = (StatementPlace, &Statement)> {
        let own = self.statements.iter().enumerate();
        let own = own.map(|(index, statement)| (StatementPlace::Own(index), statement));
        let document = self.policy_json.iter().filter_map(Late::now).flat_map(PolicyJson::statements);
        own.chain(document.map(|statement| (StatementPlace::Document, statement)))
    }

    pub fn has_statements(&self) -> bool {
        !self.statements.is_empty() || self.policy_json.is_some()
    }

    /// Whether anything is written that only a role can hold.
    pub fn needs_role(&self) -> bool {
        self.has_statements() || !self.policy_arns.is_empty_list()
    }

    /// No document waits for another resource of the run.
    pub fn has_all_statements(&self) -> bool {
        self.policy_json.as_ref().is_none_or(|document| document.now().is_some())
    }
}

/// Where a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementPlace {
    /// By its index in `statements`.
    Own(usize),
    /// In `policy_json`, which has no places inside of it.
    Document,
}

impl StatementPlace {
    /// The field of the spec to blame for a member of the statement.
    pub fn field(self, member: &str) -> Vec<String> {
        match self {
            Self::Own(index) => ["identity", "statements", &index.to_string(), member].map(str::to_owned).into(),
            Self::Document => ["identity", "policy_json"].map(str::to_owned).into(),
        }
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
