//! The validated requests, free of Terraform's types: what a user wrote, parsed.
//!
//! serde reads them from a value tree, from a record and from YAML alike; `deny_unknown_fields` keeps struct and schema
//! from parting. Optional fields stay as written (`None`): tier defaults are filled by `golden`, so that an import gives
//! back exactly what was configured.

mod access;
mod baseline;
mod environment;
mod slot;

pub use access::{Access, Persona};
pub use baseline::BaselineSpec;
pub use environment::{
    Adopt, AdoptMode, Contact, DefaultDeny, Drift, DriftMode, EnvironmentSpec, Limits, LimitsContainer, Namespace,
    Network, PodSecurity, PodSecurityLevel, Quantities, Quota,
};
pub use slot::{
    Availability, Egress, Identity, IdentityMode, IdentityScope, Ingress, Isolation, Share, SlotSpec, Spread, Statement,
};

use super::{EnvironmentId, Id, Kind, SlotId};
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
    pub fn kind(&self) -> Kind {
        match self {
            Self::Baseline(_) => Kind::Baseline,
            Self::Environment(_) => Kind::Environment,
            Self::Slot(_) => Kind::Slot,
        }
    }

    pub fn id(&self) -> Id {
        match self {
            Self::Baseline(spec) => Id::Baseline(spec.cluster.name().to_owned()),
            Self::Environment(spec) => Id::Environment(spec.id()),
            Self::Slot(spec) => Id::Slot(spec.id()),
        }
    }
}

impl EnvironmentSpec {
    pub fn id(&self) -> EnvironmentId {
        EnvironmentId { cluster: self.cluster.name().to_owned(), environment: self.name.clone() }
    }
}

impl SlotSpec {
    pub fn id(&self) -> SlotId {
        SlotId { environment: self.environment.clone(), slot: self.name.clone() }
    }
}
