//! The glossary: one word per concept, the same in code, documentation, errors and HCL. No I/O, no async.

mod cidr;
mod digest;
mod facts;
mod fields;
mod key;
mod late;
mod names;
mod object;
mod outputs;
mod problem;
pub mod projection;
mod quantity;
mod record;
mod spec;

pub use cidr::{Cidr, CidrError};
pub use digest::{digest, short_hash};
pub use facts::{Facts, IdentityProvider, NetworkEngine, StableFacts};
pub use fields::{Field, Fields, FieldsBuilder, Holder};
pub use key::{KeyError, ObjectKey};
pub use late::{Late, LateList};
pub use names::{
    ClusterArn, ClusterRef, DnsLabel, EnvironmentId, Id, NameError, PersonaName, SlotId, TierClass, TierName,
};
pub use object::{
    AccessEntry, AccessPolicy, Body, Desired, Observed, Owner, Ownership, PodIdentityAssociation, Role, RolePolicy,
};
pub use outputs::{BaselineOutputs, EnvironmentOutputs, Leaf, Outputs, Provisioning, SlotOutputs};
pub use problem::{Class, Problem, Severity};
pub use quantity::{Quantity, QuantityError};
pub use record::{Kind, Lease, Operation, Phase, Record, Timing};
pub use spec::*;
