//! What users write, parsed, free of Terraform's types: a type for each resource, and the parts that they share.
//!
//! serde reads them from a value tree, from a record and from YAML alike; `deny_unknown_fields` keeps struct and schema
//! from parting. Optional fields stay as written (`None`): tier defaults are filled by `golden`, so that an import gives
//! back exactly what was configured.

mod access;
mod baseline;
mod environment;
mod network;
mod slot;
mod statement;

pub use access::{Access, Persona, STS_AUDIENCE, TrustedOidc};
pub use baseline::{AcceptedPath, BaselineSpec, Guard};
pub use environment::{
    Adopt, AdoptMode, Contact, Drift, DriftMode, EnvironmentSpec, Limits, LimitsContainer, Namespace, PodSecurity,
    PodSecurityLevel, Quantities, Quota, WrittenParameters,
};
pub use network::{DefaultDeny, EgressRule, Network, NetworkEngine};
pub use slot::{
    Availability, Egress, Identity, IdentityMode, IdentityScope, Ingress, Isolation, Share, SlotSpec, Spread,
    StatementPlace,
};
pub use statement::{Effect, PolicyJson, Statement};
