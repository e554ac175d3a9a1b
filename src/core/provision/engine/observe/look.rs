//! What was observed, object by object: whose it is, its line, and drift in words.

use crate::{
    domain::{Adopt, AdoptMode, Body, Desired, Fields, Id, ObjectKey, Observed, Ownership, Problem},
    golden::{self, Blueprint, same_digest},
    provision::engine::{
        claim::{self, Asker, Claim, is_made_for, is_marked_for},
        drift::{self, Lines},
        outcome, prepare, steps,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Looks at everything that was observed for one id.
pub(super) struct Look<'a> {
    pub(super) id: &'a Id,
    pub(super) state: &'a Lines,
    pub(super) keys: &'a BTreeSet<ObjectKey>,
    pub(super) blueprint: Option<&'a Blueprint>,
    pub(super) unfinished: bool,
}

impl Look<'_> {
    pub(super) fn at(&self, observed: Vec<Observed>) -> (Lines, outcome::Seen, Vec<Problem>) {
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
            problems.extend(self.state.keys().filter(|key| !lines.contains_key(*key)).map(|key| drift::missing(key)));
        }
        (lines, seen, problems)
    }

    /// What state or record name was ours; an adoption is over once the Namespace carries our labels.
    fn claim(&self, want: &Desired, object: &Observed) -> Claim {
        let adopt = Adopt { mode: AdoptMode::Fail, take_fields: vec![] };
        // The team is that of the record; a refresh never judges it.
        claim::claim(want, object, &Asker { id: self.id, team: "", adopt: Some(&adopt), was_ours: true })
    }
}

/// The line of what is there now; an equal digest keeps the one that state has.
pub(in crate::provision::engine) fn line_of(
    want: &Desired,
    fields: Option<&Fields>,
    object: &Observed,
    state: Option<&String>,
) -> String {
    let line = golden::line(&object.key, &golden::view(&want.manager, fields, &object.fields));
    match state {
        Some(state) if same_digest(state, &line) => state.clone(),
        _ => line,
    }
}

/// Somebody else's entry is never a diff: it has what it needs or a warning says what it lacks.
pub(in crate::provision::engine) fn borrowed_line(
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
pub(in crate::provision::engine) fn lacks_group(want: &Desired, object: &Observed) -> Option<Problem> {
    let Some(Body::AccessEntry(entry)) = &want.body else {
        return None;
    };
    let groups = object.fields.get("/kubernetesGroups").map(|field| field.text.to_owned()).unwrap_or_default();
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

/// Lines of what exists after an operation that did not end well. `known`: desired, recorded or in state.
pub(in crate::provision::engine) fn lines_of_existing(
    id: &Id,
    desired: &BTreeMap<&ObjectKey, (&Desired, Option<Fields>)>,
    observed: &[Observed],
    state: &Lines,
    known: impl Fn(&ObjectKey) -> bool,
) -> Lines {
    let mut lines = Lines::new();
    for object in observed.iter().filter(|object| known(&object.key) || is_made_for(id, object)) {
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
