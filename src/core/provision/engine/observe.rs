//! What exists of one id: lines, drift in words, and whether anything is left of it at all.

use super::{
    Engine,
    claim::{self, Asker, Claim, is_made_for, is_marked_for, owner_of},
    cluster_of, decide, drift,
    drift::Lines,
    facts::{refreshed, replaced, same_world, stable, unreadable},
    failure::Failure,
    outcome, prepare, record, steps,
};
use crate::{
    domain::{
        Adopt, AdoptMode, BaselineOutputs, Body, Desired, EnvironmentOutputs, Fields, Id, Late, ObjectKey, Observed,
        Outputs, Ownership, Phase, Problem, Record, SlotOutputs, Spec, StableFacts,
    },
    golden::{self, Blueprint, Parent, same_digest},
    provision::{Observation, ObserveRequest, Seen},
};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    pub(super) async fn observe_all(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        let ObserveRequest {
            id,
            uid,
            world: state_world,
            spec,
            facts,
            parent,
            objects: state,
        } = request;
        let cluster = match &spec {
            Some(Spec::Environment(spec)) => spec.cluster.clone(),
            Some(Spec::Baseline(spec)) => spec.cluster.clone(),
            Some(Spec::Slot(_)) | None => cluster_of(&id)?,
        };
        match &id {
            Id::Environment(environment) => self.listings.announce(environment),
            Id::Slot(slot) => self.listings.announce(&slot.environment),
            Id::Baseline(_) => {}
        }
        let world = self
            .known
            .world(&cluster)
            .await
            .map_err(|error| unreadable(&cluster, error))?;
        same_world(&id.to_string(), state_world.as_deref(), &world)?;
        let now = self
            .known
            .facts(&cluster)
            .await
            .map_err(|error| unreadable(&cluster, error))?;
        let another = replaced(facts.as_ref(), &now.stable);
        let fresh = refreshed(facts.as_ref(), &now);
        let facts = spec
            .as_ref()
            .and_then(|spec| stable(spec, Some(&fresh), None))
            .unwrap_or(fresh);

        let parent = self.parent_if_slot(&id, &facts, parent.as_ref()).await?;
        let mut blueprint = spec
            .as_ref()
            .and_then(|spec| self.rendered(spec, &facts, parent.as_ref()));
        let mut keys = known_keys(&id, &state, blueprint.as_ref());
        let mut observed = self
            .owned(&id, &facts, &keys)
            .await
            .map_err(|failure| failure.problem())?;
        let record = find_record(&id, &observed)?;
        if blueprint.is_none()
            && let Some(record) = &record
            && let Ok(spec) = record.request()
        {
            // Right after an import: only the record knows the request, and the request knows the keys.
            blueprint = self.rendered(&spec, &facts, parent.as_ref());
            let all = known_keys(&id, &state, blueprint.as_ref());
            let more: Vec<ObjectKey> = all.difference(&keys).cloned().collect();
            observed.extend(
                self.owned_keys(&facts, more)
                    .await
                    .map_err(|failure| failure.problem())?,
            );
            keys = all;
        }
        if record.is_none() && !observed.iter().any(|object| is_made_for(&id, object)) {
            return Ok(Observation::Gone);
        }

        let unfinished = record.as_ref().is_some_and(|record| record.phase != Phase::Ready);
        let look = Look {
            id: &id,
            state: &state,
            keys: &keys,
            blueprint: blueprint.as_ref(),
            unfinished,
        };
        let (lines, seen, mut problems) = look.at(observed);
        problems.extend(another);
        if let Id::Baseline(_) = &id {
            let told = self.of_the_whole_cluster(&cluster, &now.authentication_mode).await;
            problems.extend(told.into_iter().map(|problem| Problem {
                severity: crate::domain::Severity::Warning,
                ..problem
            }));
        }
        if let (Some(uid), Some(record)) = (&uid, &record)
            && *uid != record.uid
        {
            problems.push(Problem {
                severity: crate::domain::Severity::Warning,
                ..decide::superseded(record, uid)
            });
        }
        let known_uid = record
            .as_ref()
            .map(|record| record.uid.clone())
            .or_else(|| uid.clone())
            .unwrap_or_default();
        let outputs = blueprint.map(|mut blueprint| {
            blueprint.outputs = match (&uid, &record) {
                // A new catalogue changes what rendering says, and nothing that exists.
                (Some(_), _) => blank(&blueprint.outputs),
                (None, record) => imported(blueprint.outputs, record.as_ref()),
            };
            outcome::existing(
                &blueprint,
                &known_uid,
                &world,
                lines.clone(),
                &seen,
                record.as_ref(),
                None,
            )
        });
        Ok(Observation::Here(Box::new(Seen {
            uid: known_uid,
            world,
            objects: lines,
            facts,
            parent,
            record,
            outputs,
            problems,
        })))
    }

    async fn parent_if_slot(
        &self,
        id: &Id,
        facts: &StableFacts,
        remembered: Option<&Parent>,
    ) -> Result<Option<Parent>, Problem> {
        match id {
            Id::Slot(id) => self.parent_for_plan(&id.environment, facts, remembered).await,
            Id::Baseline(_) | Id::Environment(_) => Ok(None),
        }
    }

    fn rendered(&self, spec: &Spec, facts: &StableFacts, parent: Option<&Parent>) -> Option<Blueprint> {
        golden::render(spec, facts, parent, &self.catalogue).ok()
    }

    /// Read through the connection's listing.
    async fn owned(&self, id: &Id, facts: &StableFacts, keys: &BTreeSet<ObjectKey>) -> Result<Vec<Observed>, Failure> {
        let owner = owner_of(id);
        let (environment, slot) = match &owner {
            Some(owner) => (Some(owner.environment.as_str()), owner.slot.as_deref()),
            None => (None, None),
        };
        let keys: Vec<ObjectKey> = keys.iter().cloned().collect();
        self.listings
            .take(&self.world(&facts.cluster_arn), environment, slot, &keys)
            .await
    }

    async fn owned_keys(&self, facts: &StableFacts, keys: Vec<ObjectKey>) -> Result<Vec<Observed>, Failure> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let selector = crate::ports::Selector {
            scope: crate::ports::Scope::Keys,
            keys,
        };
        self.world(&facts.cluster_arn).observe(&selector).await
    }
}

pub(super) fn find_record(id: &Id, observed: &[Observed]) -> Result<Option<Record>, Problem> {
    let key = record::key_of(id);
    match observed.iter().find(|object| object.key == key) {
        Some(object) => record::parse(object).map_err(|failure| failure.problem()),
        None => Ok(None),
    }
}

fn known_keys(id: &Id, state: &Lines, blueprint: Option<&Blueprint>) -> BTreeSet<ObjectKey> {
    let desired = blueprint
        .into_iter()
        .flat_map(|blueprint| blueprint.objects.iter().map(|desired| desired.key.clone()));
    let known = state.keys().filter_map(|key| key.parse().ok());
    desired.chain(known).chain([record::key_of(id)]).collect()
}

/// Looks at everything that was observed for one id.
struct Look<'a> {
    id: &'a Id,
    state: &'a Lines,
    keys: &'a BTreeSet<ObjectKey>,
    blueprint: Option<&'a Blueprint>,
    unfinished: bool,
}

impl Look<'_> {
    fn at(&self, observed: Vec<Observed>) -> (Lines, outcome::Seen, Vec<Problem>) {
        let desired = self.blueprint.map(prepare::desired_by_key).unwrap_or_default();
        let (mut lines, mut seen, mut problems) = (Lines::new(), outcome::Seen::new(), vec![]);
        for object in observed {
            let stand_in = claim::stand_in(self.id, &object.key);
            let (want, fields) = match desired.get(&object.key) {
                Some((want, fields)) => (*want, fields.as_ref()),
                None => (&stand_in, None),
            };
            if !self.keys.contains(&object.key) && !is_made_for(self.id, &object) {
                if let (Ownership::Foreign { by }, "RoleBinding") = (&object.ownership, object.key.kind()) {
                    problems.push(drift::foreign_grant(&object, by));
                }
                continue;
            }
            let key = object.key.to_string();
            let line = match self.claim(want, &object) {
                Claim::Mine | Claim::Adopted => line_of(want, fields, &object, self.state.get(&key)),
                Claim::Borrowed => {
                    problems.extend(lacks_group(want, &object));
                    borrowed_line(want, fields, &object, self.state.get(&key))
                }
                Claim::Taken { by } => {
                    problems.push(taken(&object.key, &by));
                    continue;
                }
            };
            if !self.unfinished && fields.is_some() {
                let changes = steps::field_changes(want, &object);
                problems.extend(drift::words(&object.key, &changes, self.state.get(&key), &line));
            }
            lines.insert(key, line);
            seen.insert(object.key.clone(), object);
        }
        if !self.unfinished {
            problems.extend(
                self.state
                    .keys()
                    .filter(|key| !lines.contains_key(*key))
                    .map(|key| drift::missing(key)),
            );
        }
        (lines, seen, problems)
    }

    /// What state or record name was ours; an adoption is over once the Namespace carries our labels.
    fn claim(&self, want: &Desired, object: &Observed) -> Claim {
        let adopt = Adopt {
            mode: AdoptMode::Fail,
            take_fields: vec![],
        };
        // The team is that of the record; a refresh never judges it.
        claim::claim(
            want,
            object,
            &Asker {
                id: self.id,
                team: "",
                adopt: Some(&adopt),
                was_ours: true,
            },
        )
    }
}

/// The line of what is there now; an equal digest keeps the one that state has.
pub(super) fn line_of(want: &Desired, fields: Option<&Fields>, object: &Observed, state: Option<&String>) -> String {
    let line = golden::line(&object.key, &golden::view(&want.manager, fields, &object.fields));
    match state {
        Some(state) if same_digest(state, &line) => state.clone(),
        _ => line,
    }
}

/// Somebody else's entry is never a diff: it has what it needs or a warning says what it lacks.
pub(super) fn borrowed_line(
    want: &Desired,
    fields: Option<&Fields>,
    object: &Observed,
    state: Option<&String>,
) -> String {
    match (fields, state) {
        (Some(fields), state) => {
            let line = golden::line(&want.key, fields);
            state.filter(|state| same_digest(state, &line)).cloned().unwrap_or(line)
        }
        (None, Some(state)) => state.clone(),
        (None, None) => line_of(want, fields, object, None),
    }
}

/// A borrowed entry without our group lets nobody in.
pub(super) fn lacks_group(want: &Desired, object: &Observed) -> Option<Problem> {
    let Some(Body::AccessEntry(entry)) = &want.body else {
        return None;
    };
    let groups = object
        .fields
        .get("/kubernetesGroups")
        .map(|field| field.text.to_owned())
        .unwrap_or_default();
    (!groups.contains(&entry.group)).then(|| {
        Problem::warning(
            "access.group_missing",
            format!("{} lacks the group {}", object.key, entry.group),
            format!(
                "the entry is not ours and is never changed: ask its owner to add the Kubernetes group {}, or this \
                 principal gets no access",
                entry.group
            ),
        )
    })
}

fn taken(key: &ObjectKey, by: &str) -> Problem {
    Problem::warning(
        "drift.taken",
        format!("{key} now belongs to {by}"),
        "its labels or tags name another owner; an apply will refuse to touch it",
    )
}

/// Nothing but what the world generates.
fn blank(outputs: &Outputs) -> Outputs {
    match outputs {
        Outputs::Baseline(_) => Outputs::Baseline(BaselineOutputs::default()),
        Outputs::Environment(_) => Outputs::Environment(EnvironmentOutputs::default()),
        Outputs::Slot(_) => Outputs::Slot(SlotOutputs::default()),
    }
}

/// After an import everything is told, and the version is that which made it.
fn imported(mut outputs: Outputs, record: Option<&Record>) -> Outputs {
    if let (Outputs::Environment(environment), Some(record)) = (&mut outputs, record) {
        environment.resolved_version = Some(Late::Now(record.golden_path_version.clone()));
    }
    outputs
}

/// Lines of what exists after an operation that did not end well. `known`: desired, recorded or in state.
pub(super) fn lines_of_existing(
    id: &Id,
    desired: &BTreeMap<&ObjectKey, (&Desired, Option<Fields>)>,
    observed: &[Observed],
    state: &Lines,
    known: impl Fn(&ObjectKey) -> bool,
) -> Lines {
    let mut lines = Lines::new();
    for object in observed
        .iter()
        .filter(|object| known(&object.key) || is_made_for(id, object))
    {
        let stand_in = claim::stand_in(id, &object.key);
        let (want, fields) = match desired.get(&object.key) {
            Some((want, fields)) => (*want, fields.as_ref()),
            None => (&stand_in, None),
        };
        let key = object.key.to_string();
        let line = match &object.ownership {
            Ownership::Foreign { .. } if want.shared => borrowed_line(want, fields, object, state.get(&key)),
            // A stranger's object with our name stopped the operation and is not ours.
            Ownership::Foreign { .. } if !want.leave && !state.contains_key(&key) => continue,
            // Of what others made, only our fields are ours.
            _ if want.leave && golden::view(&want.manager, None, &object.fields).is_empty() => continue,
            Ownership::Ours(_) if !want.leave && !is_marked_for(id, object) => continue,
            _ => line_of(want, fields, object, state.get(&key)),
        };
        lines.insert(key, line);
    }
    lines
}
