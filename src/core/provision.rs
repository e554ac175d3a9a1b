//! The Provisioner: what resources request, and the engine that does it over ports.
//!
//! `Provisioner` has two implementations: the engine in this process and, later, a client of the shared daemon. Rendering
//! and policy live behind it, so that a central daemon can be the one place where guardrails are decided.

mod contract;
mod engine;
mod reports;
mod survey;

pub use crate::{
    golden::{Baseline, Descriptor, Environment, Parent, Slot, Spec, descriptor},
    kinds::{KeptKeys, kept_keys, short_keys, whole_key},
    policy::{Bounds, PipelineBounds},
};
pub use contract::*;
pub use engine::{Announced, Engine, EngineConfig, operation_id};
pub use reports::*;
pub use survey::{Restorable, Survey, Surveyed, Wanted};
