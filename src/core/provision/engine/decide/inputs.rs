//! All that a decision is made from.

use crate::{
    domain::{Desired, ObjectKey, Problem},
    golden::{Blueprint, Catalogue, ResolveContext, Resolved, Spec},
    policy::Bounds,
    provision::engine::{
        gather::{Found, Ground},
        request::ChangeRequest,
    },
};
use std::collections::BTreeSet;

#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub change: &'a ChangeRequest<'a>,
    pub ground: &'a Ground,
    pub blueprint: &'a Blueprint,
    /// What the golden path and the policy say of the request.
    pub judged: &'a [Problem],
    pub found: &'a Found,
    /// An earlier request is rendered again from it.
    pub catalogue: &'a Catalogue,
    pub bounds: &'a [Bounds],
    /// RFC 3339.
    pub now: &'a str,
}

/// The request that state holds, against the new one.
pub struct Past {
    pub is_changed: bool,
    /// Only where it is another one. `None`: it can't be rendered any more.
    pub resolved: Option<Resolved>,
}

// === impl Inputs ===

impl<'a> Inputs<'a> {
    pub fn past(&self) -> Past {
        let prior = self.change.prior.map(|prior| &prior.spec);
        let changed = prior.filter(|before| **before != *self.change.spec);
        Past { is_changed: changed.is_some(), resolved: changed.and_then(|before| self.resolve_again(before)) }
    }

    /// An earlier request, as it would be resolved now.
    pub fn resolve_again(&self, before: &Spec) -> Option<Resolved> {
        let Self { ground, catalogue, .. } = self;
        before.resolve(&ResolveContext { facts: &ground.facts, parent: ground.parent.as_ref(), catalogue }).ok()
    }

    pub fn desired_object(&self, key: &ObjectKey) -> Option<&'a Desired> {
        self.blueprint.objects.iter().find(|desired| desired.key == *key)
    }

    pub fn wanted_keys(&self) -> BTreeSet<ObjectKey> {
        self.blueprint.objects.iter().map(|desired| desired.key.clone()).collect()
    }
}
