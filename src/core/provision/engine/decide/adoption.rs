//! What a plan says of a Namespace that it adopts: the fields that change, whose they are, and that nothing in it is deleted. Pure.
//!
//! Without it an adoption would look like a create, and a team would learn afterwards what became of its namespace.

use super::drift;
use crate::{
    domain::{Adopt, Desired, Observed, Problem},
    golden::{By, FieldChange, diff},
    kinds::in_words,
};

pub fn announce(desired: &Desired, observed: &Observed, adopt: &Adopt) -> Problem {
    let changes = diff(desired, observed);
    match drift::takes(&changes, &desired.manager, Some(adopt)) {
        Ok(_) => adopts(desired, &changes),
        Err(held) => refuse(desired, &changes, &held),
    }
}

fn adopts(desired: &Desired, changes: &[FieldChange]) -> Problem {
    let all: Vec<String> = changes.iter().map(words).collect();
    let fields = if all.is_empty() {
        "No field of it changes".to_owned()
    } else {
        format!("Fields that change: {}", all.join("; "))
    };
    Problem::warning(
        "environment.adopts",
        format!("{} exists and is adopted; nothing in it is deleted", in_words(&desired.key)),
        format!(
            "{fields}. From then on it belongs to the environment, and a destroy deletes it with everything in it. \
             Set `deletion_protection` to keep it."
        ),
    )
    .at(["adopt"])
}

fn refuse(desired: &Desired, changes: &[FieldChange], held: &[(String, String)]) -> Problem {
    let is_held = |change: &&FieldChange| held.iter().any(|(path, _)| *path == change.path);
    let all: Vec<String> = changes.iter().filter(is_held).map(words).collect();
    let paths: Vec<String> = held.iter().map(|(path, _)| format!("{path:?}")).collect();
    Problem::error(
        "environment.adopt_held",
        format!("{} can't be adopted: other field managers hold fields of it; set `adopt.take_fields`", in_words(&desired.key)),
        format!(
            "{}. To take them, set adopt.take_fields = [{}] and remove them from what their manager applies, or it sets them \
             again. Otherwise give them the same values there.",
            all.join("; "),
            paths.join(", ")
        ),
    )
    .at(["adopt", "take_fields"])
}

fn words(change: &FieldChange) -> String {
    let manager = match &change.holder {
        By::Edited(name) => format!(", set by {name}"),
        By::Applied(name) => format!(", held by {name}"),
        By::Us | By::Nobody => String::new(),
    };
    match drift::values(change) {
        Some((is, wanted)) => format!("{} becomes {wanted} (it is {is}{manager})", change.path),
        None => format!("{} becomes another{manager}", change.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AdoptMode, Body, FieldsBuilder, Holder, ObjectKey, Ownership};
    use serde_json::json;

    #[test]
    fn what_becomes_of_an_adopted_namespace_is_said_before() {
        let (argo, kubectl) = (Holder::Applied("argocd"), Holder::Edited("kubectl-edit"));
        let (level, note) = ("/metadata/labels/level", "/metadata/annotations/note");
        let namespace =
            json!({"kind": "Namespace", "metadata": {"labels": {"level": "high"}, "annotations": {"note": "a"}}});
        let desired = Desired::new(ObjectKey::namespace_object("pay"), Some(Body::Kube(namespace)));
        let (adopts, refused) = ("environment.adopts", "environment.adopt_held");
        for (live, take, code, said, unsaid, reason) in [
            (
                vec![(note, "a", argo), (level, "high", argo)],
                vec![],
                adopts,
                "No field of it changes.",
                "becomes",
                "as it is",
            ),
            (
                vec![(note, "a", argo)],
                vec![],
                adopts,
                "change: /metadata/labels/level becomes high (it is absent)",
                "note",
                "new",
            ),
            (
                vec![(note, "a", argo), (level, "low", kubectl)],
                vec![],
                adopts,
                "/metadata/labels/level becomes high (it is low, set by kubectl-edit)",
                "note",
                "an edit is taken back",
            ),
            (
                vec![(note, "a", argo), (level, "low", argo)],
                vec![level],
                adopts,
                "/metadata/labels/level becomes high (it is low, held by argocd)",
                "note",
                "the request takes it",
            ),
            (
                vec![(note, "secret", kubectl), (level, "high", argo)],
                vec![],
                adopts,
                "/metadata/annotations/note becomes another, set by kubectl-edit.",
                "secret",
                "what an annotation says is not shown",
            ),
            (
                vec![(note, "b", kubectl), (level, "low", argo)],
                vec![],
                refused,
                "/metadata/labels/level becomes high (it is low, held by argocd). \
                 To take them, set adopt.take_fields = [\"/metadata/labels/level\"]",
                "note",
                "a field that is held, and none else",
            ),
        ] {
            let mut fields = FieldsBuilder::default();
            for (path, text, holder) in live {
                fields.push(path, text, holder);
            }
            let by = Ownership::Foreign { by: "Argo CD".into() };
            let observed = Observed::new(desired.key.clone(), "1", by, fields.build());
            let take_fields: Vec<String> = take.into_iter().map(str::to_owned).collect();
            let adopt = Adopt { mode: AdoptMode::IfMarked, take_fields: take_fields.into() };
            let found = announce(&desired, &observed, &adopt);
            assert_eq!((found.code, found.is_error()), (code, code == refused), "{reason}");
            assert!(found.detail.contains(said) && !found.detail.contains(unsaid), "{reason}: {}", found.detail);
        }
    }
}
