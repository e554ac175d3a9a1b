//! The validated requests, free of Terraform's types: what a user wrote, parsed.
//!
//! serde reads them from a value tree, from a record and from YAML alike; `deny_unknown_fields` keeps struct and schema
//! from parting. Optional fields stay as written (`None`): tier defaults are filled by `golden`, so that an import gives
//! back exactly what was configured.

mod access;
mod baseline;
mod environment;
mod network;
mod slot;

pub use access::{Access, Persona};
pub use baseline::BaselineSpec;
pub use environment::{
    Adopt, AdoptMode, Contact, Drift, DriftMode, EnvironmentSpec, Limits, LimitsContainer, Namespace, PodSecurity,
    PodSecurityLevel, Quantities, Quota,
};
pub use network::{DefaultDeny, Network, NetworkEngine};
pub use slot::{
    Availability, Egress, Identity, IdentityMode, IdentityScope, Ingress, Isolation, Share, SlotSpec, Spread, Statement,
};

use super::{ClusterRef, EnvironmentId, Facts, Id, NameError, ResourceKind};
use serde::{Deserialize, Serialize};

/// What one record stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one exists per call, and it is passed by reference")]
pub enum Spec {
    Baseline(BaselineSpec),
    Environment(EnvironmentSpec),
    Slot(SlotSpec),
}

impl Spec {
    pub fn kind(&self) -> ResourceKind {
        match self {
            Self::Baseline(_) => ResourceKind::Baseline,
            Self::Environment(_) => ResourceKind::Environment,
            Self::Slot(_) => ResourceKind::Slot,
        }
    }

    pub fn id(&self) -> Id {
        match self {
            Self::Baseline(spec) => Id::Baseline(spec.cluster.name().to_owned()),
            Self::Environment(spec) => Id::Environment(spec.id()),
            Self::Slot(spec) => Id::Slot(spec.id()),
        }
    }

    /// The cluster that it is made on.
    pub fn cluster(&self) -> Result<ClusterRef, NameError> {
        match self {
            Self::Baseline(spec) => Ok(spec.cluster.clone()),
            Self::Environment(spec) => Ok(spec.cluster.clone()),
            Self::Slot(spec) => spec.environment.cluster.parse(),
        }
    }

    /// The environment that it lives in.
    pub fn parent(&self) -> Option<&EnvironmentId> {
        match self {
            Self::Baseline(_) | Self::Environment(_) => None,
            Self::Slot(spec) => Some(&spec.environment),
        }
    }

    pub fn drift(&self) -> Option<&Drift> {
        match self {
            Self::Baseline(_) => None,
            Self::Environment(spec) => spec.drift.as_ref(),
            Self::Slot(spec) => spec.drift.as_ref(),
        }
    }

    pub fn adopt(&self) -> Option<&Adopt> {
        match self {
            Self::Environment(spec) => spec.adopt.as_ref(),
            Self::Baseline(_) | Self::Slot(_) => None,
        }
    }

    /// As written; `None`: the tier decides.
    pub fn deletion_protection(&self) -> Option<bool> {
        match self {
            Self::Baseline(_) => Some(false),
            Self::Environment(spec) => spec.deletion_protection,
            Self::Slot(spec) => spec.deletion_protection,
        }
    }

    /// Its part of the environment's total.
    pub fn share(&self) -> Option<&Share> {
        match self {
            Self::Baseline(_) | Self::Environment(_) => None,
            Self::Slot(spec) => spec.share.as_ref(),
        }
    }

    /// The cluster's facts as the request pins them.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Baseline(_) => None,
            Self::Environment(spec) => spec.facts.as_ref(),
            Self::Slot(spec) => spec.facts.as_ref(),
        }
    }
}
