//! What a refresh finds, object by object: whose it is, its line, and drift in words.

use super::{
    authentication,
    claim::{self, Claim, Claimant, claim, is_made_for},
    drift::{self, Lines},
    entries,
    instance::{newer_instance, partial_deletion},
    lines::{borrowed_line, lacks_group, line_of},
    outcome, promise,
};
use crate::{
    domain::{
        Adopt, AdoptMode, Desired, FieldsBuilder, Holder, Id, ObjectKey, Observed, Ownership, Phase, Problem, Record,
        Unprotected,
    },
    golden::{self, Blueprint, ObservedByKey, Seen},
    kinds::in_words,
    provision::{
        Observation, ObserveRequest, ObservedInstance,
        engine::{
            gather::{InstanceGround, instance_keys},
            record,
        },
    },
};
use std::collections::BTreeSet;

/// What there is of one instance.
pub fn refresh(
    request: &ObserveRequest,
    ground: InstanceGround,
    blueprint: Option<Blueprint>,
    record: Option<Record>,
    mut observed: Vec<Observed>,
) -> Observation {
    let id = &request.id;
    if let Some(unprotected) = record.as_ref().and_then(|record| record.unprotected.as_ref()) {
        let own = record::key_of(id);
        observed.iter_mut().filter(|object| object.key == own).for_each(|object| show(unprotected, object));
    }
    if record.is_none() && !observed.iter().any(|object| is_made_for(id, object, &observed)) {
        return Observation::Gone(ground.replaced.into_iter().collect());
    }
    let desired = blueprint.iter().flat_map(|blueprint| &blueprint.objects);
    let mut dead = blueprint.as_ref().map(|own| entries::dead(&own.objects, &observed)).unwrap_or_default();
    dead.extend(entries::without_role(id, &ground.facts.cluster_arn, desired.map(|desired| &desired.key), &observed));
    let instance = Instance {
        id,
        dead,
        state: &request.objects,
        keys: instance_keys(request, blueprint.as_ref()),
        blueprint: blueprint.as_ref(),
        is_unfinished: record.as_ref().is_some_and(|record| record.phase != Phase::Ready),
    };
    let Report { lines: objects, seen, drifted, mut problems } = instance.report(observed);
    problems.extend(ground.replaced);
    let against = ground.authentication.iter().flat_map(authentication::judge_cluster);
    problems.extend(against.map(Problem::as_warning));
    if let (Some(record), Some(uid)) = (&record, &request.uid)
        && record.uid != *uid
    {
        problems.push(newer_instance(record, uid).as_warning());
    }
    if let Some(record) = record.as_ref().filter(|record| record.phase == Phase::Deleting) {
        problems.push(partial_deletion(record, objects.keys()));
    }
    let known = record.as_ref().map(|record| &record.uid).or(request.uid.as_ref());
    let uid = known.cloned().unwrap_or_default();
    let outputs = blueprint.map(|blueprint| {
        let is_import = request.uid.is_none();
        let seen = Seen { objects: &seen, record: record.as_ref(), proof: None };
        outcome::of_refresh(blueprint, is_import, &uid, &ground.target, objects.clone(), &drifted, &seen)
    });
    let InstanceGround { target, facts, parent, .. } = ground;
    Observation::Here(Box::new(ObservedInstance { uid, target, objects, facts, parent, record, outputs, problems }))
}

/// As a field that nobody wants: each plan shows it until an apply ends it.
fn show(Unprotected { by, at }: &Unprotected, object: &mut Observed) {
    let mut fields = FieldsBuilder::default();
    for field in object.fields.iter() {
        fields.push(field.path, field.text, field.holder);
    }
    fields.push("/deletion_protection", format!("off, lifted by {by} at {at}"), Holder::Us);
    object.fields = fields.build();
}

struct Instance<'a> {
    id: &'a Id,
    /// What has no effect, since the role that it was made for is gone.
    dead: BTreeSet<ObjectKey>,
    state: &'a Lines,
    keys: BTreeSet<ObjectKey>,
    blueprint: Option<&'a Blueprint>,
    is_unfinished: bool,
}

/// What a refresh says of all objects.
struct Report {
    lines: Lines,
    seen: ObservedByKey,
    /// Those that are not as desired, or not there.
    drifted: BTreeSet<String>,
    problems: Vec<Problem>,
}

// === impl Instance ===

impl Instance<'_> {
    fn report(&self, observed: Vec<Observed>) -> Report {
        let desired = self.blueprint.map(|blueprint| promise::desired_by_key(&blueprint.objects)).unwrap_or_default();
        let (mut lines, mut seen, mut problems) = (Lines::new(), ObservedByKey::new(), vec![]);
        let (mut strangers, mut same) = (BTreeSet::new(), BTreeSet::new());
        let is_made = |object: &&Observed| is_made_for(self.id, object, &observed);
        let made: BTreeSet<ObjectKey> = observed.iter().filter(is_made).map(|object| object.key.clone()).collect();
        let own = self.blueprint.iter().flat_map(|blueprint| &blueprint.objects);
        problems.extend(own.flat_map(|own| golden::budgets_beside(own, &observed)).map(drift::second_budget));
        for object in observed {
            if self.dead.contains(&object.key) {
                problems.extend(drift::dead(self.id, &object.key));
                continue;
            }
            let stand_in = claim::stand_in(self.id, &object);
            let (want, fields) = match desired.get(&object.key) {
                Some((want, fields)) => (*want, fields.as_ref()),
                None => (&stand_in, None),
            };
            if !self.keys.contains(&object.key) && !made.contains(&object.key) {
                if object.key.kind() == "RoleBinding"
                    && let Some(by) = stranger(&object)
                    && !drift::is_inside(&object, &self.keys)
                {
                    problems.push(drift::foreign_grant(&object, by));
                }
                continue;
            }
            if matches!(object.key, ObjectKey::AccessPolicy { .. }) && !self.keys.contains(&object.key) {
                problems.push(drift::foreign_policy(&object));
            }
            let key = object.key.to_string();
            let line = match self.claim(want, &object) {
                Claim::Mine | Claim::Adopted => line_of(want, fields, &object, self.state.get(&key)),
                Claim::Borrowed => {
                    same.insert(key.clone());
                    problems.extend(lacks_group(want, &object));
                    borrowed_line(want, fields, &object, self.state.get(&key))
                }
                Claim::Taken { by } => {
                    problems.push(owner_change(&object.key, &by));
                    strangers.insert(key);
                    continue;
                }
            };
            if !self.is_unfinished && fields.is_some() {
                let changes = golden::diff(want, &object);
                if changes.is_empty() {
                    same.insert(key.clone());
                }
                problems.extend(drift::report(&object.key, &changes, self.state.get(&key), &line));
            }
            lines.insert(key, line);
            seen.insert(object.key.clone(), object);
        }
        if !self.is_unfinished {
            let dead: BTreeSet<String> = self.dead.iter().map(ObjectKey::to_string).collect();
            let is_gone =
                |key: &&String| !lines.contains_key(*key) && !strangers.contains(*key) && !dead.contains(*key);
            problems.extend(self.state.keys().filter(is_gone).map(|key| drift::missing(key)));
        }
        // After an interrupted change nothing is drift, and what another resource still owes is no difference.
        let known = desired.iter().filter(|(_, (_, fields))| !self.is_unfinished && fields.is_some());
        let drifted = known.map(|(key, _)| key.to_string()).filter(|key| !same.contains(key)).collect();
        Report { lines, seen, drifted, problems }
    }

    /// What state or record name was ours; an adoption is over once the Namespace carries our labels.
    fn claim(&self, want: &Desired, object: &Observed) -> Claim {
        let adopt = Adopt { mode: AdoptMode::Fail, take_fields: vec![].into() };
        // The team is that of the record; a refresh never judges it.
        claim(want, object, &Claimant { id: self.id, team: "", adopt: Some(&adopt), was_ours: true })
    }
}

/// Who made what is not ours. Our mark without a field of ours is a label that somebody set.
fn stranger(object: &Observed) -> Option<&str> {
    match &object.ownership {
        Ownership::Foreign { by } => Some(by),
        _ if object.has_field_of_ours() => None,
        _ => {
            let manager = object.fields.iter().find_map(|field| match field.holder {
                Holder::Applied(manager) | Holder::Edited(manager) => Some(manager),
                Holder::Us => None,
            });
            Some(manager.unwrap_or("someone else"))
        }
    }
}

fn owner_change(key: &ObjectKey, by: &str) -> Problem {
    Problem::warning(
        "drift.taken",
        format!("{} now belongs to {by}", in_words(key)),
        "Its labels or tags name another owner. An apply will refuse to change it.",
    )
}

#[cfg(test)]
mod tests;
