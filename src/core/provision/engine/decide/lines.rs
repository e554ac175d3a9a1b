//! Texts of what is there: what state holds of each object.

use super::{
    claim::{self, is_made_for, is_marked_for},
    drift::Lines,
};
use crate::{
    domain::{Body, Desired, Fields, Id, ObjectKey, Observed, Ownership, Problem},
    golden,
    kinds::{self, in_words, same_digest},
};
use std::collections::BTreeMap;

/// The text of what is there now; an equal digest keeps the one that state has.
pub fn line_of(want: &Desired, fields: Option<&Fields>, object: &Observed, state: Option<&String>) -> String {
    let seen = golden::view(&want.manager, fields, &object.fields);
    // Of what nobody desires any more the mark is taken to be as it should be: its text stays as state has it.
    let line = kinds::block(&object.key, &seen, fields.unwrap_or(&seen));
    match state {
        Some(state) if same_digest(state, &line) => state.clone(),
        _ => line,
    }
}

/// Somebody else's entry is never a diff: it has what it needs or a warning says what it lacks.
pub fn borrowed_line(want: &Desired, fields: Option<&Fields>, object: &Observed, state: Option<&String>) -> String {
    match (fields, state) {
        (Some(fields), state) => {
            let line = kinds::block(&want.key, fields, fields);
            state.filter(|state| same_digest(state, &line)).cloned().unwrap_or(line)
        }
        (None, Some(state)) => state.clone(),
        (None, None) => line_of(want, fields, object, None),
    }
}

/// A borrowed entry without our group lets nobody in.
pub fn lacks_group(want: &Desired, object: &Observed) -> Option<Problem> {
    let Some(Body::AccessEntry(entry)) = &want.body else {
        return None;
    };
    let groups = object.fields.get("/kubernetesGroups").map(|field| field.text.to_owned()).unwrap_or_default();
    (!groups.contains(&entry.group)).then(|| {
        Problem::warning(
            "access.group_missing",
            format!("{} lacks the group {}", in_words(&object.key), entry.group),
            format!(
                "The entry is managed elsewhere and is never changed. Ask its owner to add the Kubernetes group {}, or this \
                 principal gets no access.",
                entry.group
            ),
        )
    })
}

/// Lines of what exists after an operation that did not end well. `known`: desired, recorded or in state.
pub fn lines_of_existing(
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
