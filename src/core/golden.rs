//! Catalogue -> resolve -> render -> judge, and the difference between what is desired and what is observed. All pure.
//!
//! A blueprint's objects are a function of the spec, the digest of the golden path, the version of the renderer and the
//! stable facts, and of nothing else: the plan that core makes again at apply time is the plan that was approved.
//!
//! Each golden resource has a folder with the same stages. `check` knows the request alone: what can be wrong with one part of
//! it stands with the part's type, in `domain::spec`. `effective` and `resolve` fill every default from the `catalogue` (with
//! `defaults`); no later stage reads one. `render` knows their values and the makers of `objects`. `judge` knows their values
//! and the catalogue's maximums. The file of the folder's name ties them to the trait in `resource`; `dispatch` has the list of
//! them, and makes of each what the engine sees.

#[cfg(test)]
mod admission;
mod baseline;
mod blueprint;
mod boundary;
mod budgets;
mod catalogue;
mod checks;
mod defaults;
mod diff;
mod dispatch;
mod environment;
mod extras;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod guardrails;
#[cfg(test)]
mod legible;
mod loosening;
mod objects;
mod outputs;
mod parameters;
mod parent;
pub mod promises;
mod quota;
#[cfg(test)]
mod reachability;
mod resource;
mod slot;
#[cfg(test)]
mod tests;

pub use baseline::{Baseline, baseline_names, home, serves_guards};
pub use blueprint::{Blueprint, SaidEngine, Summary};
pub use boundary::{boundaries, boundary_policy, role_patterns};
pub use budgets::budgets_beside;
pub use catalogue::{Catalogue, CatalogueError, GoldenPath, Life, OWN_FIELDS, PathReference, Status, Tier};
pub use diff::{By, FieldChange, diff, view};
pub use dispatch::{Descriptor, RESOURCES, Request, Resolved, ResolvedRequest, Spec, descriptor, spec_of};
pub use environment::Environment;
pub use loosening::opens;
pub use objects::cluster_roles;
pub use outputs::{Before, ObservedByKey, Proof, Seen};
pub use parent::Parent;
pub use quota::{Amounts, QuotaPart};
pub use resource::{Common, GoldenResource, ResolveContext};
pub use slot::{Slot, field_of as field_of_share};
