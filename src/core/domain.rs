//! The glossary: one word per concept, the same in code, documentation, errors and HCL. No I/O, no async.

mod choices;
mod cidr;
mod digest;
mod document;
mod facts;
mod fields;
pub mod forms;
mod given;
mod glob;
mod id;
mod key;
mod late;
mod marks;
mod names;
mod object;
pub mod oidc_subjects;
mod outputs;
mod partition;
mod patch;
mod permission;
mod plural;
pub mod pointer;
mod problem;
mod quantity;
pub mod quotas;
mod record;
mod release;
mod role_names;
mod source;
mod spec;
mod version;
pub mod yaml;

pub use cidr::{Cidr, CidrError};
pub use digest::{digest, short_hash};
pub use document::{Name, from_document, from_document_text};
pub use facts::{AuthenticationMode, Facts, IdentityProvider, IpFamily, POD_IDENTITY_AGENT, StableFacts, ordinary};
pub use fields::{Field, Fields, FieldsBuilder, Holder};
pub use given::Given;
pub use glob::{covers, glob, is_covered};
pub use id::{Id, Place, ResourceKind};
pub use key::{KeyError, ObjectKey};
pub use late::{Late, LateList};
pub use marks::{
    BASE_QUOTA, GROUP_PREFIX, LABEL_PREFIX, NAMESPACES_ANNOTATION, POD_SECURITY_PREFIX, SYSTEM_NAMESPACE, TAG_PREFIX,
};
pub use names::{ClusterArn, ClusterRef, DnsLabel, EnvironmentId, NameError, PersonaName, SlotId, TierClass, TierName};
pub use object::{
    AccessEntry, AccessPolicy, Body, Desired, Observed, Owner, Ownership, PodIdentityAssociation, Role, RolePatterns,
};
pub use outputs::{COMMON_OUTPUTS, Computed, Outputs};
pub use patch::merge_patch;
pub use permission::{Permission, Who};
pub use plural::plural;
pub use problem::{Class, Problem, Problems, Severity, in_few_words, name_list};
pub use quantity::{Quantity, QuantityError};
pub use quotas::RoleQuotas;
pub use record::{Lease, Operation, Phase, Record, Timing, Unprotected};
#[cfg(debug_assertions)]
pub use release::pretend;
pub use release::{api, release};
pub use role_names::{role_name, role_names};
pub use source::{CatalogueSource, CatalogueSources, GitFolder, SourceError};
pub use spec::*;
pub use version::{PathVersion, Version, VersionConstraint};
