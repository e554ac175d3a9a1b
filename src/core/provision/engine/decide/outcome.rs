//! Computed attributes, as far as the target has reported them: the one place that tells resources' outputs apart. Pure.
//!
//! Rendering leaves `None` where a value stays as it is and `Later` where only the target knows; here the generated ids
//! of what was made take their places.

use super::{
    drift::{Lines, Promised},
    identity,
};
use crate::{
    domain::{
        BaselineOutputs, Body, Desired, EnvironmentOutputs, Late, Leaf, ObjectKey, Observed, Outputs, Provisioning,
        Record, SlotOutputs,
    },
    golden::Blueprint,
    provision::Prior,
};
use std::collections::{BTreeMap, BTreeSet};

pub type ObservedByKey = BTreeMap<ObjectKey, Observed>;

/// What an apply saw of a new identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    Reached,
    NotYet,
    /// Nothing here could show it.
    Unknown,
}

/// The outputs of a plan. Ids that the target generates stay as they are for as long as their object stays.
pub fn planned(blueprint: &Blueprint, promised: &Promised, known: Option<&Prior>, target: Option<&str>) -> Outputs {
    let mut outputs = blueprint.outputs.clone();
    let prior = known.map(|known| &known.objects);
    let is_new = |kind: &str| {
        let mut of_kind = blueprint.objects.iter().filter(|desired| desired.key.kind() == kind);
        of_kind.any(|desired| prior.is_some_and(|prior| !prior.contains_key(&desired.key.to_string())))
    };
    // Of a create nothing generated is known, and an absent prior says so by itself.
    let renewed = |leaf: &mut Leaf<Option<String>>, kind| {
        if leaf.is_none() && is_new(kind) {
            *leaf = Some(Late::Later);
        }
    };
    match &mut outputs {
        Outputs::Baseline(_) => {}
        Outputs::Environment(environment) => {
            if prior.is_some_and(|prior| same_entries(blueprint, prior)) {
                environment.access_entry_arns = None;
            }
        }
        Outputs::Slot(slot) => {
            renewed(&mut slot.role_unique_id, "Role");
            renewed(&mut slot.association_id, "PodIdentityAssociation");
            renewed(&mut slot.external_id, "PodIdentityAssociation");
            if let (None, Some(prior)) = (&slot.identity_ready, known) {
                let is_open = identity::to_prove(&blueprint.objects, known).is_some();
                slot.identity_ready = Some(if is_open { Late::Later } else { Late::Now(prior.identity_ready) });
            }
        }
    }
    set_common(&mut outputs, prior.is_none().then_some(Late::Later), target, promised.clone());
    outputs
}

/// The outputs of a refresh. What state knows already is left out but for what the target generates, since a new catalogue changes
/// what rendering says and nothing that exists; an import gets everything, and the version is that which made it.
pub fn refreshed(
    mut blueprint: Blueprint,
    is_import: bool,
    uid: &str,
    target: &str,
    lines: Lines,
    seen: &ObservedByKey,
    record: Option<&Record>,
) -> Outputs {
    match (&mut blueprint.outputs, record) {
        (Outputs::Environment(environment), Some(record)) if is_import => {
            environment.resolved_version = Some(Late::Now(record.golden_path_version.clone()));
        }
        (_, _) if is_import => {}
        (Outputs::Baseline(baseline), _) => *baseline = BaselineOutputs::default(),
        (Outputs::Environment(environment), _) => *environment = EnvironmentOutputs::default(),
        (Outputs::Slot(slot), _) => *slot = SlotOutputs::default(),
    }
    existing(&blueprint, uid, target, lines, seen, record, None)
}

/// The outputs of what exists. `record` holds the timings of the create, `proof` what an apply saw of a new identity.
pub fn existing(
    blueprint: &Blueprint,
    uid: &str,
    target: &str,
    lines: Lines,
    seen: &ObservedByKey,
    record: Option<&Record>,
    proof: Option<Proof>,
) -> Outputs {
    let mut outputs = blueprint.outputs.clone();
    match &mut outputs {
        Outputs::Baseline(_) => {}
        Outputs::Environment(environment) => {
            if let Some(provisioning) = record.and_then(provisioning) {
                environment.provisioning = Some(Late::Now(provisioning));
            }
            environment.access_entry_arns = entry_arns(blueprint, seen);
        }
        Outputs::Slot(slot) => {
            let of_kind = |kind: &str| blueprint.objects.iter().find(|desired| desired.key.kind() == kind);
            let found = |desired: Option<&Desired>| desired.and_then(|desired| seen.get(&desired.key));
            let role = of_kind("Role");
            // Without such an object the value is null; with one that is not made yet it is not known.
            let settle = |leaf: &mut Leaf<Option<String>>, desired: Option<&Desired>, value: Option<String>| {
                if desired.is_none() || value.is_some() {
                    *leaf = Some(Late::Now(value));
                }
            };
            settle(&mut slot.role_unique_id, role, found(role).and_then(|role| role.id.clone()));
            let association = of_kind("PodIdentityAssociation");
            let live = found(association);
            settle(&mut slot.association_id, association, live.and_then(|live| live.id.clone()));
            match live {
                Some(live) if chains(association) => slot.external_id = Some(Late::Now(live.external_id.clone())),
                Some(_) => slot.external_id = Some(Late::Now(None)),
                None => settle(&mut slot.external_id, association, None),
            }
            match (association, proof) {
                (None, _) | (Some(_), Some(Proof::Unknown)) => slot.identity_ready = Some(Late::Now(None)),
                (Some(_), Some(proof)) => slot.identity_ready = Some(Late::Now(Some(proof == Proof::Reached))),
                (Some(_), None) => {}
            }
        }
    }
    let lines = lines.into_iter().map(|(key, line)| (key, Late::Now(line))).collect();
    set_common(&mut outputs, Some(Late::Now(uid.to_owned())), Some(target), lines);
    outputs
}

/// Only an association with a target role has an external id.
fn chains(association: Option<&Desired>) -> bool {
    matches!(association.and_then(|desired| desired.body.as_ref()),
        Some(Body::PodIdentityAssociation(association)) if association.target_role_arn.is_some())
}

/// The same principals as before, whose entries keep their ARNs.
fn same_entries(blueprint: &Blueprint, prior: &Lines) -> bool {
    let kind = |key: &str| key.parse::<ObjectKey>().is_ok_and(|key| matches!(key, ObjectKey::AccessEntry { .. }));
    let before: BTreeSet<_> = prior.keys().filter(|key| kind(key)).cloned().collect();
    let entries = blueprint.objects.iter().filter(|desired| matches!(desired.key, ObjectKey::AccessEntry { .. }));
    before == entries.map(|desired| desired.key.to_string()).collect()
}

/// Principal -> the ARN that EKS generated for its entry.
fn entry_arns(blueprint: &Blueprint, seen: &ObservedByKey) -> Leaf<BTreeMap<String, Late<String>>> {
    let mut arns = BTreeMap::new();
    for desired in &blueprint.objects {
        if let ObjectKey::AccessEntry { principal } = &desired.key {
            let arn = seen.get(&desired.key).and_then(|entry| entry.id.clone());
            arns.insert(principal.clone(), arn.map_or(Late::Later, Late::Now));
        }
    }
    // An entry that does not exist yet has no ARN: the whole stays as it was.
    arns.values().all(|arn| arn.now().is_some()).then_some(Late::Now(arns))
}

fn set_common(outputs: &mut Outputs, uid: Leaf, target: Option<&str>, lines: Promised) {
    let target: Leaf = target.map(|target| Late::Now(target.to_owned()));
    let lines = Some(Late::Now(lines));
    match outputs {
        Outputs::Baseline(outputs) => (outputs.uid, outputs.target, outputs.objects) = (uid, target, lines),
        Outputs::Environment(outputs) => (outputs.uid, outputs.target, outputs.objects) = (uid, target, lines),
        Outputs::Slot(outputs) => (outputs.uid, outputs.target, outputs.objects) = (uid, target, lines),
    }
}

/// Written once, by the create that became ready.
fn provisioning(record: &Record) -> Option<Provisioning> {
    let (requested, ready) = (record.timings.first()?, record.timings.last()?);
    Some(Provisioning::of(&requested.started_at, &ready.started_at, &record.timings))
}
