//! The rules.

use super::Finding;
use crate::domain::{Desired, Spec, StableFacts, TierClass};

pub struct Rule {
    pub id: &'static str,
}

pub static RULES: &[Rule] = &[];

/// Asks every rule about the objects of one blueprint. `class` is `None` for a baseline.
pub fn judge(_objects: &[Desired], _spec: &Spec, _facts: &StableFacts, _class: Option<TierClass>) -> Vec<Finding> {
    vec![]
}
