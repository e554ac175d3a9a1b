//! What rendering gives.

use super::outputs::OutputRules;
use crate::domain::{Desired, NetworkEngine, Outputs, PathVersion, TierClass, TierName};
use std::collections::BTreeMap;

/// All the desired objects of one request, with their order.
#[derive(Clone, Debug)]
pub struct Blueprint {
    pub objects: Vec<Desired>,
    pub summary: Summary,
    /// Computed attributes as far as rendering knows them.
    pub outputs: Outputs,
    pub output_rules: &'static dyn OutputRules,
    /// File name -> text, for the application's own repository.
    pub files: BTreeMap<String, String>,
    /// For a data source alone.
    pub described: Outputs,
}

/// What the record and the engine's guards take from a resolved request.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Empty for a baseline, which belongs to no team.
    pub team: String,
    /// What it is made by.
    pub path: PathVersion,
    /// `None` for a baseline, which belongs to no tier.
    pub tier: Option<TierName>,
    pub class: Option<TierClass>,
    /// Of what closes something by NetworkPolicies: what its request says of who enforces them.
    pub enforcement: Option<SaidEngine>,
    /// The OIDC issuer that its role trusts, which IAM has to know.
    pub issuer: Option<String>,
    pub deletion_protection: bool,
    /// Final names of the namespaces that deleting would lose; what `deletion_protection` covers.
    pub namespaces: Vec<String>,
    /// Managed policy ARNs that must exist before anything is made.
    pub boundaries: Vec<String>,
}

/// `network.engine` and `network.engine_reason`; an engine that is left to the cluster is none.
#[derive(Clone, Debug, PartialEq)]
pub struct SaidEngine {
    pub engine: Option<NetworkEngine>,
    pub reason: Option<String>,
}
