//! What computed attributes are made from once a target is known.

use crate::domain::{Desired, ObjectKey, Observed, Outputs, Record};
use std::{collections::BTreeMap, fmt::Debug};

pub type ObservedByKey = BTreeMap<ObjectKey, Observed>;

/// What an apply saw of a new identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    Reached,
    NotYet,
    /// Nothing here could show it.
    Unknown,
}

/// What a plan knows of what there was.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// The objects of state; `None`: a create.
    pub objects: Option<&'a BTreeMap<String, String>>,
    pub identity_ready: Option<bool>,
    /// The apply will look whether a new identity has arrived.
    pub proves_identity: bool,
}

/// What exists.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub objects: &'a ObservedByKey,
    /// Of the create that became ready.
    pub record: Option<&'a Record>,
    /// What an apply saw of a new identity.
    pub proof: Option<Proof>,
}

/// What a resource makes of them.
pub trait OutputRules: Debug + Send + Sync {
    fn plan_outputs(&self, outputs: &mut Outputs, objects: &[Desired], before: &Before<'_>);
    fn settle_outputs(&self, outputs: &mut Outputs, objects: &[Desired], seen: &Seen<'_>);
}

// === impl Before ===

impl Before<'_> {
    /// Of a create nothing generated is known, and an absent prior says so by itself.
    pub fn is_new(&self, key: &ObjectKey) -> bool {
        self.objects.is_some_and(|objects| !objects.contains_key(&key.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_state_does_not_hold_is_new() {
        let held: ObjectKey = "k8s/v1/Namespace/payments".parse().expect("a key");
        let other: ObjectKey = "k8s/v1/Namespace/jobs".parse().expect("a key");
        let objects = BTreeMap::from([(held.to_string(), String::new())]);
        let before = |objects| Before { objects, identity_ready: None, proves_identity: false };
        assert!(!before(Some(&objects)).is_new(&held) && before(Some(&objects)).is_new(&other));
        assert!(!before(None).is_new(&other), "of a create it is not asked");
    }
}
