//! What users write, parsed, free of Terraform's types: a type for each resource, and the parts that they share. Each part says what
//! can be wrong with it by itself; what needs a golden path or a cluster to tell is for `golden`.
//!
//! serde reads them from a value tree, from a record and from YAML alike; `deny_unknown_fields` keeps struct and schema
//! from parting. Optional fields stay as written (`None`): tier defaults are filled by `golden`, so that an import gives
//! back exactly what was configured.

mod access;
mod baseline;
mod environment;
mod identity;
mod namespace;
mod network;
mod quantities;
mod slot;
mod statement;

pub use access::{Access, CLUSTER_WIDE_POLICIES, Persona, STS_AUDIENCE, TrustedOidc};
pub use baseline::{AcceptedPath, BaselineSpec, Guard};
pub use environment::{Adopt, AdoptMode, Contact, Drift, DriftMode, EnvironmentSpec, Quota, WrittenParameters};
pub use identity::{Identity, IdentityMode, IdentityScope, StatementPlace};
pub use namespace::{Limits, LimitsContainer, Namespace, PodSecurity, PodSecurityLevel, Texts};
pub use network::{DefaultDeny, EgressRule, Network, NetworkEngine, SAME_ENVIRONMENT};
pub use quantities::{Quantities, is_bytes, resource_is_known};
pub use slot::{Availability, Egress, Ingress, Isolation, Share, SlotSpec, Spread};
pub use statement::{Effect, PolicyJson, Statement};
