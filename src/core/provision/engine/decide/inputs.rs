//! All that a decision is made from.

use crate::{
    domain::{Desired, ObjectKey, Problem},
    golden::{Blueprint, Catalogue},
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

// === impl Inputs ===

impl<'a> Inputs<'a> {
    pub fn desired(&self, key: &ObjectKey) -> Option<&'a Desired> {
        self.blueprint.objects.iter().find(|desired| desired.key == *key)
    }

    pub fn wanted(&self) -> BTreeSet<ObjectKey> {
        self.blueprint.objects.iter().map(|desired| desired.key.clone()).collect()
    }
}
