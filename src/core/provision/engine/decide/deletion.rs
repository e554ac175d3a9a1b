//! What is deleted; [`removal_rank`] says when. Pure.

use super::claim::{self, is_made_for};
use crate::{
    domain::{Desired, Id, ObjectKey, Observed, Ownership},
    kinds::{RemovalRank, removal_rank},
    provision::engine::record,
};
use std::collections::BTreeSet;

/// What becomes of one object that is no longer wanted.
#[derive(Debug)]
pub enum Deletion<'a> {
    Delete(&'a Observed),
    /// It stays, without our fields.
    Release(&'a Observed, String),
}

impl Deletion<'_> {
    pub fn observed(&self) -> &Observed {
        match self {
            Self::Delete(observed) | Self::Release(observed, _) => observed,
        }
    }
}

/// Of what was observed, what is deleted or released when it is no longer wanted. `known`: in the record's inventory or in
/// state. `keep`: shared objects that others name.
pub fn deletions<'a>(
    id: &Id,
    observed: &'a [Observed],
    known: &BTreeSet<ObjectKey>,
    wanted: &BTreeSet<ObjectKey>,
    keep: &BTreeSet<ObjectKey>,
) -> Vec<Deletion<'a>> {
    let is_unwanted = |object: &&Observed| {
        !wanted.contains(&object.key) && !keep.contains(&object.key) && !record::is_record(&object.key)
    };
    let is_ours = |object: &&Observed| known.contains(&object.key) || is_made_for(id, object, observed);
    let mut deletions: Vec<Deletion<'a>> =
        observed.iter().filter(is_unwanted).filter(is_ours).filter_map(|object| deletion(id, object)).collect();
    let namespaces: BTreeSet<String> = deletions
        .iter()
        .filter_map(|deletion| match (deletion, &deletion.observed().key) {
            (Deletion::Delete(_), ObjectKey::Kube { kind, namespace: None, name, .. }) if kind == "Namespace" => {
                Some(name.clone())
            }
            _ => None,
        })
        .collect();
    let entries: BTreeSet<ObjectKey> =
        deletions.iter().map(|deletion| deletion.observed().key.clone()).filter(is_entry).collect();
    // Gone with its container, or its entry.
    deletions.retain(|deletion| match &deletion.observed().key {
        ObjectKey::AccessPolicy { principal, .. } => {
            !entries.contains(&ObjectKey::AccessEntry { principal: principal.clone() })
        }
        key @ ObjectKey::Kube { namespace: Some(namespace), .. } => {
            removal_rank(key) == RemovalRank::ActsOnPods || !namespaces.contains(namespace)
        }
        _ => true,
    });
    deletions
}

fn is_entry(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::AccessEntry { .. })
}

fn deletion<'a>(id: &Id, object: &'a Observed) -> Option<Deletion<'a>> {
    let stand_in = claim::stand_in(id, &object.key);
    match (&object.ownership, &object.key) {
        _ if stand_in.manager != Desired::MANAGER => Some(Deletion::Release(object, stand_in.manager)),
        _ if stand_in.leave => None,
        // Their key or the record says whose they are; they carry no environment's mark.
        (Ownership::Cluster, ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. }) => {
            Some(Deletion::Delete(object))
        }
        _ if claim::is_marked_for(id, object) => Some(Deletion::Delete(object)),
        // A stranger's by now, or another environment's.
        _ => None,
    }
}
