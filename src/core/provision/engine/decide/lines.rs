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
    for object in observed.iter().filter(|object| known(&object.key) || is_made_for(id, object, observed)) {
        let stand_in = claim::stand_in(id, object);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccessEntry, EnvironmentId, FieldsBuilder, Holder, Owner, SlotId};

    fn fields(path: &str, text: &str, holder: Holder<'_>) -> Fields {
        let mut fields = FieldsBuilder::default();
        fields.push(path, text, holder);
        fields.build()
    }

    #[test]
    fn state_keeps_its_words_for_as_long_as_nothing_differs() {
        let key = ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base");
        let want = Desired::new(key.clone(), None);
        let object = Observed::new(key, "1", Ownership::Cluster, fields("/spec/hard/pods", "9", Holder::Us));
        let line = line_of(&want, None, &object, None);
        let (_, digest) = line.rsplit_once('#').unwrap_or_else(|| panic!("{line}"));
        let older = format!("in older words #{digest}");
        let other = "of another value #1:0".to_owned();
        for (state, expected, reason) in [
            (None, &line, "an import"),
            (Some(&older), &older, "the same in other words"),
            (Some(&other), &line, "it has changed"),
        ] {
            assert_eq!(&line_of(&want, None, &object, state), expected, "{reason}");
        }
    }

    #[test]
    fn only_what_is_ours_is_left_in_state() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let api = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
        let ours = |environment: &str| Ownership::Ours(Owner { environment: environment.into(), slot: None });
        let helm = || Ownership::Foreign { by: "Helm".into() };
        let space = || ObjectKey::namespace_object("pay");
        let quota = || ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base");
        let account = || ObjectKey::kube("v1", "ServiceAccount", Some("pay"), "default");
        let entry = || ObjectKey::AccessEntry { principal: "p".into() };
        let (us, others) = (Holder::Us, Holder::Applied("helm"));
        let slots = Holder::Applied("goldenpath-api");
        // (reason, id, key, ownership, who holds its field, is known, is in state, is left in it)
        for (reason, id, key, ownership, holder, is_known, in_state, expected) in [
            ("ours, and known", &pay, quota(), ours("pay"), us, true, false, true),
            ("ours by its mark alone", &pay, quota(), ours("pay"), us, false, false, true),
            ("ours, though others have set all of it", &pay, quota(), ours("pay"), others, true, false, true),
            ("another environment's", &pay, quota(), ours("shop"), us, true, false, false),
            ("a stranger's in its place stopped the operation", &pay, quota(), helm(), others, true, false, false),
            ("a stranger's by now", &pay, quota(), helm(), others, true, true, true),
            ("nobody's", &pay, quota(), helm(), others, false, false, false),
            ("an entry that is borrowed", &pay, entry(), helm(), others, true, false, true),
            ("an entry of ours", &pay, entry(), Ownership::Cluster, us, true, false, true),
            ("made by Kubernetes, with a field of ours", &pay, account(), helm(), us, true, false, true),
            ("made by Kubernetes, without one", &pay, account(), helm(), others, true, false, false),
            ("that is so also if state has it", &pay, account(), helm(), others, true, true, false),
            ("its environment's, with a field of the slot's", &api, space(), ours("pay"), slots, true, false, true),
            ("its environment's, without one", &api, space(), ours("pay"), us, true, false, false),
        ] {
            let home = Observed::new(space(), "1", ours("pay"), Fields::default());
            let object = Observed::new(key.clone(), "1", ownership, fields("/spec/a", "1", holder));
            let others = [home].into_iter().filter(|home| home.key != key);
            let all: Vec<Observed> = others.chain([object]).collect();
            let state = Lines::from_iter(in_state.then(|| (key.to_string(), "as before #1:0".to_owned())));
            let known = |one: &ObjectKey| is_known && *one == key;
            let found = lines_of_existing(id, &BTreeMap::new(), &all, &state, known);
            assert_eq!(found.contains_key(&key.to_string()), expected, "{reason}");
        }
    }

    #[test]
    fn a_borrowed_entry_is_as_we_would_have_it() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let entry = AccessEntry::new("gp:pay:viewer", BTreeMap::new());
        let body = Body::AccessEntry(entry);
        let wanted = kinds::fields_of(&body);
        let key = ObjectKey::AccessEntry { principal: "p".into() };
        let want = Desired { shared: true, ..Desired::new(key.clone(), Some(body)) };
        let theirs = fields("/kubernetesGroups", "[\"theirs\"]", Holder::Applied("somebody"));
        let helm = || Ownership::Foreign { by: "Helm".into() };
        for (ownership, is_as_wanted, reason) in
            [(helm(), true, "it is never a diff"), (Ownership::Cluster, false, "ours is shown as it is")]
        {
            let observed = [Observed::new(key.clone(), "1", ownership, theirs.clone())];
            let desired = BTreeMap::from([(&key, (&want, Some(wanted.clone())))]);
            let found = lines_of_existing(&pay, &desired, &observed, &Lines::new(), |_| true);
            let line = found.get(&key.to_string()).unwrap_or_else(|| panic!("{reason}"));
            assert_eq!(*line == kinds::block(&key, &wanted, &wanted), is_as_wanted, "{reason}: {line}");
        }
    }
}
