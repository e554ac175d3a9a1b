//! Whose an object is that has the name of one we want. Pure.
//!
//! Nothing is ever taken from another owner: a stranger's object is a refusal that names the owner, and the one way in is
//! a Namespace that an administrator has marked as adoptable by exactly this environment (`security.md` 3).

use crate::domain::{Adopt, AdoptMode, Desired, Id, LABEL_PREFIX, ObjectKey, Observed, Owner, Ownership, TAG_PREFIX};
use crate::provision::engine::record;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// We may set our fields of it.
    Mine,
    /// A Namespace that becomes ours now.
    Adopted,
    /// A principal's access entry that someone else made: it is used and never changed.
    Borrowed,
    /// Somebody else's; `by` names whom.
    Taken { by: String },
}

/// Who wants the object.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    pub id: &'a Id,
    pub team: &'a str,
    pub adopt: Option<&'a Adopt>,
    /// The record's inventory or the keys of state hold this key: it was ours, whatever its labels say now.
    pub was_ours: bool,
}

/// What can be said of an object that no request asks for, or whose request can't be rendered.
pub fn stand_in(id: &Id, object: &Observed) -> Desired {
    let mut desired = Desired::new(object.key.clone(), None);
    match &object.key {
        ObjectKey::AccessEntry { .. } => desired.shared = true,
        ObjectKey::Kube { kind, name, .. } if kind == "ServiceAccount" && name == "default" => desired.leave = true,
        // The Namespace of the environment, in which a slot only has annotations.
        key if key.as_namespace().is_some() && lost_namespace(id, object).is_none() => {
            if let Some(slot) = id.part() {
                desired.manager = format!("{}-{slot}", Desired::MANAGER);
                desired.leave = true;
            }
        }
        _ => {}
    }
    desired
}

/// The Namespace that this is, if it goes when the id goes. One of the environment may have the name that a slot's own would have.
pub fn lost_namespace<'o>(id: &Id, object: &'o Observed) -> Option<&'o str> {
    let is_the_environments = id.part().is_some()
        && matches!(&object.ownership, Ownership::Ours(owner) if encloses(owner, id.owner().as_ref()));
    object.key.as_namespace().filter(|name| !is_the_environments && id.loses_namespace(name))
}

/// Made for this id, by its labels or tags.
pub fn is_marked_for(id: &Id, observed: &Observed) -> bool {
    match (&observed.ownership, id.owner()) {
        (Ownership::Ours(owner), Some(mine)) => *owner == mine,
        (Ownership::Cluster, None) => true,
        _ => false,
    }
}

/// Marked for this id, made by us, and in a place that only we make: a tenant of another namespace can copy labels and the name of a
/// field manager onto anything of its own. `all`: what was observed with it, its Namespace included.
///
/// Access policies carry no mark: those of entries of ours belong to whoever owns the namespace, an isolated slot or the environment,
/// also if somebody else has associated them.
pub fn is_made_for(id: &Id, observed: &Observed, all: &[Observed]) -> bool {
    if let ObjectKey::AccessPolicy { namespace, .. } = &observed.key {
        let home = ObjectKey::namespace_object(namespace);
        let home = all.iter().find(|object| object.key == home).map(|home| &home.ownership);
        let is_own = matches!((home, id.owner()), (Some(Ownership::Ours(owner)), Some(mine)) if *owner == mine);
        return is_own && observed.ownership == Ownership::Cluster;
    }
    is_marked_for(id, observed)
        && (observed.key.is_aws() || (observed.has_field_of_ours() && lies_in_its_place(id, &observed.key, all)))
}

/// Labels of a Namespace are nobody's to write but ours.
fn lies_in_its_place(id: &Id, key: &ObjectKey, all: &[Observed]) -> bool {
    let ObjectKey::Kube { namespace: Some(namespace), .. } = key else { return true };
    record::is_record(key) || is_its_namespace(id, namespace, all)
}

fn is_its_namespace(id: &Id, namespace: &str, all: &[Observed]) -> bool {
    let Some(mine) = id.owner() else { return true };
    let home = ObjectKey::namespace_object(namespace);
    all.iter()
        .filter(|object| object.key == home)
        .any(|home| matches!(&home.ownership, Ownership::Ours(owner) if owner.environment == mine.environment))
}

pub fn claim(desired: &Desired, observed: &Observed, claimant: &Claimant<'_>) -> Claim {
    let mine = claimant.id.owner();
    match &observed.ownership {
        Ownership::Ours(owner) if Some(owner) == mine.as_ref() => match team_of(observed) {
            Some(team) if team != claimant.team && !claimant.was_ours => Claim::Taken { by: format!("team {team}") },
            _ => Claim::Mine,
        },
        // A slot sets annotations of its environment's Namespace under a manager of its own.
        Ownership::Ours(owner) if desired.manager != Desired::MANAGER && encloses(owner, mine.as_ref()) => Claim::Mine,
        Ownership::Ours(Owner { environment, slot }) => Claim::Taken {
            by: match slot {
                Some(slot) => format!("slot {environment}/{slot}"),
                None => format!("environment {environment}"),
            },
        },
        Ownership::Cluster if mine.is_none() || desired.shared => Claim::Mine,
        // It carries the mark of its entry, which is the cluster's, and names one namespace: that of whoever wants it.
        Ownership::Cluster if matches!(desired.key, ObjectKey::AccessPolicy { .. }) => Claim::Mine,
        Ownership::Cluster => Claim::Taken { by: "the cluster baseline".to_owned() },
        Ownership::Foreign { by } => foreign(desired, observed, claimant, by),
    }
}

fn foreign(desired: &Desired, observed: &Observed, claimant: &Claimant<'_>, by: &str) -> Claim {
    let adoptable = claimant.adopt.is_some_and(|adopt| adopt.mode == AdoptMode::IfMarked)
        && observed.adoptable_by.as_deref() == Some(claimant.id.to_string().as_str());
    match &desired.key {
        ObjectKey::AccessEntry { .. } => Claim::Borrowed,
        // Made by Kubernetes itself; we set one field of it.
        _ if desired.leave => Claim::Mine,
        ObjectKey::Kube { kind, .. } if kind == "Namespace" && adoptable => Claim::Adopted,
        // Its labels were removed out of band, and our other fields are still in it. A role without our tags is a stranger's.
        ObjectKey::Kube { .. } if claimant.was_ours && observed.has_field_of_ours() => Claim::Mine,
        _ => Claim::Taken { by: by.to_owned() },
    }
}

fn encloses(owner: &Owner, mine: Option<&Owner>) -> bool {
    owner.slot.is_none() && mine.is_some_and(|mine| mine.environment == owner.environment)
}

fn team_of(observed: &Observed) -> Option<String> {
    let label = LABEL_PREFIX.replace('/', "~1");
    let paths = [format!("/metadata/labels/{label}team"), format!("/tags/{TAG_PREFIX}team")];
    observed.fields.iter().find(|seen| paths.iter().any(|path| path == seen.path)).map(|seen| seen.text.to_owned())
}

#[cfg(test)]
mod tests;
