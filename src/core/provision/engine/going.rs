//! What goes and when. Pure.
//!
//! Deletion is an order of its own and not creation backward: what works in namespaces, then what is inside of them, the
//! namespaces, and last people's access and roles; so that access outlives the objects it protects.

use super::{
    claim::{self, is_made_for},
    decide::Hold,
    record,
};
use crate::domain::{Desired, Id, ObjectKey, Observed, Ownership, Phase, Record, projection::SYSTEM_NAMESPACE};
use std::collections::BTreeSet;

/// What a record says to someone who is about to remove. Pure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Go,
    /// The create that follows resumes what is there: nothing is touched.
    HandOver,
    /// Another instance bears the id by now.
    Superseded,
    Wait,
}

pub(super) fn removal(record: Option<&Record>, uid: &str, hand_over: bool, hold: Hold) -> Removal {
    match record {
        None => Removal::Go,
        Some(record) if record.uid != uid => Removal::Superseded,
        Some(record) if hand_over && record.phase != Phase::Ready => Removal::HandOver,
        Some(_) if hold == Hold::Held => Removal::Wait,
        Some(_) => Removal::Go,
    }
}

/// When an object goes, lowest first.
pub(super) fn rank(key: &ObjectKey) -> u8 {
    match key {
        ObjectKey::Kube { kind, .. } if kind == "HorizontalPodAutoscaler" || kind == "PodDisruptionBudget" => 0,
        ObjectKey::PodIdentityAssociation { .. } => 1,
        // The baseline's own: it holds every record, its own included.
        ObjectKey::Kube { namespace: None, name, .. } if name == SYSTEM_NAMESPACE => 7,
        ObjectKey::Kube { kind, namespace: None, .. } if kind == "Namespace" => 3,
        ObjectKey::Kube { .. } => 2,
        ObjectKey::AccessPolicy { .. } => 4,
        ObjectKey::AccessEntry { .. } => 5,
        ObjectKey::Role { .. } => 6,
    }
}

/// What becomes of one object that is no longer wanted.
#[derive(Debug)]
pub(super) enum Going<'a> {
    Delete(&'a Observed),
    /// It stays, without our fields.
    Release(&'a Observed, String),
}

impl Going<'_> {
    pub(super) fn observed(&self) -> &Observed {
        match self {
            Self::Delete(observed) | Self::Release(observed, _) => observed,
        }
    }
}

/// Of what was observed, what goes when it is no longer wanted. `known`: in the record's inventory or in state. `keep`:
/// shared objects that others name. Pure.
pub(super) fn going<'a>(
    id: &Id,
    observed: &'a [Observed],
    known: &BTreeSet<ObjectKey>,
    wanted: &BTreeSet<ObjectKey>,
    keep: &BTreeSet<ObjectKey>,
) -> Vec<Going<'a>> {
    let candidates: Vec<&Observed> = observed
        .iter()
        .filter(|object| {
            !wanted.contains(&object.key) && !keep.contains(&object.key) && !record::is_record(&object.key)
        })
        .filter(|object| known.contains(&object.key) || is_made_for(id, object))
        .collect();
    let mut going = vec![];
    for object in &candidates {
        let stand_in = claim::stand_in(id, &object.key);
        let marked = claim::is_marked_for(id, object);
        match (&object.ownership, &object.key) {
            _ if stand_in.manager != Desired::MANAGER => {
                going.push(Going::Release(object, stand_in.manager));
            }
            _ if stand_in.leave => {}
            // Their owner is told by their key or by the record; they carry no environment's mark.
            (Ownership::Cluster, ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. }) => {
                going.push(Going::Delete(object));
            }
            _ if marked => going.push(Going::Delete(object)),
            // A stranger's by now, or another environment's.
            _ => {}
        }
    }
    let namespaces: BTreeSet<String> = going
        .iter()
        .filter_map(|going| match (going, &going.observed().key) {
            (Going::Delete(_), ObjectKey::Kube { kind, namespace: None, name, .. }) if kind == "Namespace" => {
                Some(name.clone())
            }
            _ => None,
        })
        .collect();
    // Gone with its container.
    going.retain(|going| match &going.observed().key {
        ObjectKey::Kube { namespace: Some(namespace), .. } => {
            rank(&going.observed().key) == 0 || !namespaces.contains(namespace)
        }
        _ => true,
    });
    going
}
