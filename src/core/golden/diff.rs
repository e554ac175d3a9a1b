//! The difference between what is desired and what is observed, field by field. Pure; the engine decides what to do.

use crate::{
    domain::{Desired, Field, Fields, FieldsBuilder, Holder, Observed},
    kinds::fields_of,
};

/// Who holds a field, as an owned value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Us,
    Applied(String),
    Edited(String),
    /// The field is not there.
    Nobody,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// A JSON pointer.
    pub path: String,
    pub observed: Option<String>,
    pub holder: By,
    /// `None`: we set it once and no longer do.
    pub desired: Option<String>,
}

/// What an apply would change. Nothing while the body waits for another resource of the same run.
pub fn diff(desired: &Desired, observed: &Observed) -> Vec<FieldChange> {
    let Some(body) = &desired.body else { return vec![] };
    field_changes(&desired.manager, &fields_of(body), &observed.fields)
}

/// What a text says of an observed object: the live values of the fields that are desired, whoever holds them, and of those
/// that this manager still holds. Equal to `fields_of` of the desired body exactly when there is nothing to do.
/// Without a desired body: all that the manager holds.
pub fn view(manager: &str, desired: Option<&Fields>, observed: &Fields) -> Fields {
    let mut seen = FieldsBuilder::default();
    let mut want = desired.into_iter().flat_map(|desired| desired.iter()).peekable();
    for field in observed.iter() {
        // Both lists are sorted by path: one walk over the two.
        while want.next_if(|want| want.path < field.path).is_some() {}
        if is_held(&field, manager) || want.peek().is_some_and(|want| want.path == field.path) {
            seen.push(field.path, field.text, field.holder);
        }
    }
    seen.build()
}

fn field_changes(manager: &str, desired: &Fields, observed: &Fields) -> Vec<FieldChange> {
    let mut want = desired.iter().peekable();
    let mut have = observed.iter().peekable();
    let mut changes = vec![];
    // Both lists are sorted by path: one walk over the two.
    loop {
        let order = match (want.peek(), have.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(want), Some(have)) => want.path.cmp(have.path),
        };
        let want = if order.is_le() { want.next() } else { None };
        let have = if order.is_ge() { have.next() } else { None };
        let differs = match (&want, &have) {
            (Some(want), Some(have)) => want.text != have.text,
            (Some(_), None) => true,
            (None, Some(have)) => is_held(have, manager),
            (None, None) => false,
        };
        if differs {
            changes.push(FieldChange {
                path: want.or(have).map(|field| field.path.to_owned()).unwrap_or_default(),
                observed: have.map(|field| field.text.to_owned()),
                holder: have.map_or(By::Nobody, |field| by(&field)),
                desired: want.map(|field| field.text.to_owned()),
            });
        }
    }
}

/// `Us` is the manager `goldenpath`; a slot's manager is an applier among others to the projection.
fn is_held(field: &Field<'_>, manager: &str) -> bool {
    match field.holder {
        Holder::Us => manager == Desired::MANAGER,
        Holder::Applied(name) => name == manager,
        Holder::Edited(_) => false,
    }
}

fn by(field: &Field<'_>) -> By {
    match field.holder {
        Holder::Us => By::Us,
        Holder::Applied(name) => By::Applied(name.to_owned()),
        Holder::Edited(name) => By::Edited(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, ObjectKey, Ownership};
    use serde_json::json;

    fn key() -> ObjectKey {
        ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base")
    }

    fn desired(pods: &str) -> Desired {
        let doc = json!({"kind": "ResourceQuota", "metadata": {"labels": {"goldenpath.internal/team": "a"}}, "spec": {"hard": {"pods": pods}}});
        Desired::new(key(), Some(Body::Kube(doc)))
    }

    fn observed(fields: &[(&str, &str, Holder<'_>)]) -> Observed {
        let mut all = FieldsBuilder::default();
        for (path, text, holder) in fields {
            all.push(*path, *text, *holder);
        }
        Observed::new(key(), "1", Ownership::Foreign { by: String::new() }, all.build())
    }

    const TEAM: (&str, &str, Holder<'static>) = ("/metadata/labels/goldenpath.internal~1team", "a", Holder::Us);

    #[test]
    fn fields_are_compared_by_path_text_and_manager() {
        for (live, changed, reason) in [
            (vec![TEAM, ("/spec/hard/pods", "4", Holder::Us)], vec![], "as desired"),
            (
                vec![TEAM, ("/spec/hard/pods", "4", Holder::Applied("argocd"))],
                vec![],
                "a desired value is no difference, whoever holds it",
            ),
            (
                vec![TEAM, ("/spec/hard/pods", "9", Holder::Edited("kubectl-edit"))],
                vec![("/spec/hard/pods", Some("9"), By::Edited("kubectl-edit".into()), Some("4"))],
                "another value, edited",
            ),
            (vec![TEAM], vec![("/spec/hard/pods", None, By::Nobody, Some("4"))], "a removed field"),
            (
                vec![TEAM, ("/spec/hard/cpu", "1", Holder::Us), ("/spec/hard/pods", "4", Holder::Us)],
                vec![("/spec/hard/cpu", Some("1"), By::Us, None)],
                "a field that we set once",
            ),
            (
                vec![TEAM, ("/spec/hard/cpu", "1", Holder::Edited("kubectl")), ("/spec/hard/pods", "4", Holder::Us)],
                vec![],
                "a field that others added",
            ),
        ] {
            let observed = observed(&live);
            let desired = desired("4");
            let expect: Vec<FieldChange> = changed
                .into_iter()
                .map(|(path, observed, holder, desired)| FieldChange {
                    path: path.into(),
                    observed: observed.map(str::to_owned),
                    holder,
                    desired: desired.map(str::to_owned),
                })
                .collect();
            assert_eq!(diff(&desired, &observed), expect, "{reason}");
            let wanted = desired.body.as_ref().map(crate::kinds::fields_of);
            let seen = view(&desired.manager, wanted.as_ref(), &observed.fields);
            let wanted = wanted.unwrap_or_default();
            let text = |fields: &Fields| crate::kinds::block(&key(), fields, &wanted);
            assert_eq!(text(&wanted) == text(&seen), expect.is_empty(), "the text agrees with the diff: {reason}");
        }
    }

    #[test]
    fn a_slots_manager_and_the_environments_leave_each_others_fields() {
        let ours = ("/metadata/annotations/goldenpath.internal~1slot-a", "cpu=1", Holder::Applied("goldenpath-a"));
        let live = observed(&[ours, TEAM]);
        let doc = json!({"kind": "Namespace", "metadata": {"annotations": {"goldenpath.internal/slot-a": "cpu=1"}}});
        let slot = Desired { manager: "goldenpath-a".into(), ..Desired::new(key(), Some(Body::Kube(doc))) };
        assert_eq!(diff(&slot, &live), []);
        assert_eq!(diff(&Desired { body: None, ..slot }, &live), [], "what waits has no difference");
        let none = Desired { manager: "goldenpath-a".into(), ..Desired::new(key(), Some(Body::Kube(json!({})))) };
        let paths: Vec<String> = diff(&none, &live).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, [ours.0]);
        assert_eq!(view("goldenpath", None, &live.fields).iter().count(), 1);
    }
}
