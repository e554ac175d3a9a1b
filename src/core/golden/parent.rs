//! What slots take from their environment.

use super::{
    catalogue::{Catalogue, Terms},
    objects::network::EnvironmentNetwork,
    quota::{Amounts, QuotaPart, split},
};
use crate::domain::{
    Limits, NameError, PersonaName, Problem, Quantities, Quantity, TierName, Version, VersionConstraint,
    WrittenParameters,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    pub golden_path_version: Version,
    /// By their keys.
    pub namespaces: BTreeMap<String, ParentNamespace>,
    /// Of the environment's quota, isolated slots included.
    pub quota_total: Quantities,
    /// The part of it that isolated slots have.
    pub slots_percent: u32,
    /// The part of the total that is kept free for rolling updates.
    pub headroom_percent: u32,
    /// Personas and their RoleBinding subjects; `None` waits for another resource of the same run.
    pub subjects: BTreeMap<PersonaName, Option<Vec<serde_json::Value>>>,
    /// Principal -> EKS access policies that it has in each namespace.
    pub access_policies: BTreeMap<String, BTreeSet<String>>,
    pub network: EnvironmentNetwork,
    pub owner_annotations: BTreeMap<String, String>,
    /// What guards read of all its namespaces, slots' own among them.
    pub admission_annotations: BTreeMap<String, String>,
    pub pod_security_labels: BTreeMap<String, String>,
    /// As configured, over the tier's defaults.
    pub limits: Limits,
    /// Of its golden path, with their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: WrittenParameters,
}

/// What a shared slot needs to know of its namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentNamespace {
    /// The final one.
    pub name: String,
    /// Its part of the environment's own part.
    pub quota: Quantities,
    /// Of one container.
    pub max_memory: Option<Quantity>,
}

// === impl Parent ===

impl Parent {
    /// The final names of the environment's own namespaces.
    pub fn namespace_names(&self) -> impl Iterator<Item = &String> + Clone {
        self.namespaces.values().map(|namespace| &namespace.name)
    }

    /// What the environment was made by, and so what lives in it: they move together.
    pub fn terms(&self, catalogue: &Catalogue) -> Result<Terms, Problem> {
        let version = VersionConstraint::exactly(self.golden_path_version);
        catalogue.terms(Some(&self.golden_path), Some(&version), &self.tier_name()?)
    }

    /// Then slots of both get the same by default.
    pub fn has_terms_of(&self, other: &Self) -> bool {
        (&self.golden_path, self.golden_path_version, &self.tier)
            == (&other.golden_path, other.golden_path_version, &other.tier)
    }

    pub fn tier_name(&self) -> Result<TierName, Problem> {
        self.tier.parse().map_err(environment_unreadable)
    }

    /// What shares are held against.
    pub fn parts(&self) -> Amounts {
        let (own, slots) = split(&self.quota_total, self.slots_percent);
        let of = |part: QuotaPart, amounts: Quantities| {
            amounts.into_iter().map(move |(resource, amount)| ((part, resource), amount))
        };
        of(QuotaPart::Own, own).chain(of(QuotaPart::Slots, slots)).collect()
    }
}

fn environment_unreadable(error: NameError) -> Problem {
    Problem::error(
        "slot.environment_unreadable",
        "The environment's record has no valid tier: use the release that wrote it",
        format!("{error}. Upgrade the provider to the release that wrote the record."),
    )
}
