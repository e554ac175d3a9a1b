//! Namespaces that a change would delete with everything inside. Under deletion protection that is an error, otherwise a
//! warning that lists what is lost.

use super::inputs::Inputs;
use crate::{
    domain::{Id, ObjectKey, Phase, Problem, Record},
    golden::Spec,
    provision::engine::record,
};

/// One text for every way to lose a namespace: an update, a replacement, a removal. A bridge shows no more than the summary.
fn report(id: &Id, namespaces: &[String], is_protected: bool) -> Option<Problem> {
    if namespaces.is_empty() {
        return None;
    }
    let list = namespaces.join(", ");
    Some(match is_protected {
        true => Problem::error(
            "deletion.protected",
            format!("{id} is protected from deletion: apply `deletion_protection = false` by itself first"),
            format!("This would delete {list}, and everything in it would be lost."),
        )
        .at(["deletion_protection"]),
        false => Problem::warning(
            "deletion.loses",
            format!("{id}: {list} will be deleted with everything inside"),
            "Deletion protection is off. What runs or is stored there is lost.",
        ),
    })
}

/// Of the whole instance: then nothing of it is left that an apply could switch off.
pub fn of_removal(id: &Id, namespaces: &[String], is_protected: bool) -> Option<Problem> {
    let lost = report(id, namespaces, is_protected)?;
    if !lost.is_error() {
        return Some(lost);
    }
    Some(Problem {
        summary: format!(
            "{id} is protected from deletion: apply `deletion_protection = false`, or run `unprotect {id}`"
        ),
        detail: format!(
            "{} Where nothing but a destroy can run, as in Crossplane, run `goldenpath unprotect {id}`.",
            lost.detail
        ),
        ..lost
    })
}

/// Of an update, by what state knows.
pub fn of_update(inputs: &Inputs<'_>) -> Vec<Problem> {
    let Inputs { change, found, blueprint, .. } = inputs;
    let Some(prior) = change.prior else { return vec![] };
    let lost = change.lost_namespaces(blueprint);
    if lost.is_empty() {
        return vec![];
    }
    let reported = report(&change.id, &lost, is_protected(inputs, &prior.spec));
    reported.into_iter().chain(in_use(&change.id, &lost, &found.records)).collect()
}

/// A namespace that goes while a slot lives in it, by the slots' records.
pub fn in_use(id: &Id, lost: &[String], records: &[Record]) -> Option<Problem> {
    let own = id.to_string();
    let (record, namespace) = records.iter().filter(|record| record.id != own).find_map(|record| {
        let used = record::keys(Some(record)).find_map(|key| match key {
            ObjectKey::Kube { namespace: Some(namespace), .. } if lost.contains(&namespace) => Some(namespace),
            _ => None,
        });
        Some((record, used?))
    })?;
    Some(Problem::error(
        "deletion.in_use",
        format!(
            "{id} would lose namespace {namespace}, in which {} {} lives: destroy or move that first",
            record.kind, record.id
        ),
        "Nothing was changed. First destroy it or have it live in another namespace, by an apply of its own.",
    ))
}

/// Of an apply, by what really is there. What a create that never ended has made is nobody's loss.
pub fn of_apply(inputs: &Inputs<'_>, record: Option<&Record>, lost: &[String]) -> Option<Problem> {
    if lost.is_empty() {
        return None;
    }
    let was_ready = record.is_none_or(|record| record.phase != Phase::Creating);
    let recorded = record.and_then(|record| inputs.change.spec.resource().parse(&record.spec).ok());
    let before = inputs.change.prior.map(|prior| &prior.spec).or(recorded.as_ref());
    let is_protected = was_ready && before.is_some_and(|before| is_protected(inputs, before));
    report(&inputs.change.id, lost, is_protected)
}

/// Of a replacement of something that is alive and well.
pub fn of_replacement(id: &Id, recorded: &Record, is_protected: bool) -> Option<Problem> {
    let keys: Vec<ObjectKey> = record::keys(Some(recorded)).collect();
    let lost = of_removal(id, &id.own_namespaces(&keys), is_protected && recorded.holds_protection())?;
    let way_out = "It is replaced because it is tainted or because of -replace. To keep a tainted one, run `terraform untaint` with its \
                   address.";
    Some(Problem { detail: format!("{} {way_out}", lost.detail), ..lost })
}

/// Deletion protection of an earlier request; one that can't be rendered any more is taken for protected.
pub fn is_protected(inputs: &Inputs<'_>, before: &Spec) -> bool {
    before
        .common()
        .deletion_protection
        .unwrap_or_else(|| inputs.resolve_again(before).is_none_or(|resolved| resolved.summary().deletion_protection))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EnvironmentId, Unprotected},
        provision::engine::fixtures::{environment, record},
    };
    use serde_json::json;

    #[test]
    fn protection_says_how_it_is_switched_off() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let lost = ["pay".to_owned()];
        let (loses, protected) = ("deletion.loses", "deletion.protected");
        let by_command = "or run `unprotect demo/pay`";
        for (namespaces, is_protected, expected, reason) in [
            (
                &lost[..],
                true,
                Some((protected, by_command, "This would delete pay, and everything in it would be lost.")),
                "protected",
            ),
            (
                &lost[..],
                false,
                Some((loses, "pay will be deleted with everything inside", "Deletion protection is off.")),
                "not protected",
            ),
            (&[], true, None, "nothing is lost"),
        ] {
            let found = of_removal(&pay, namespaces, is_protected);
            assert_eq!(found.is_some(), expected.is_some(), "{reason}");
            for ((code, summary, detail), found) in expected.into_iter().zip(found) {
                assert_eq!((found.code, found.is_error()), (code, is_protected), "{reason}");
                assert!(found.summary.ends_with(summary) && found.detail.starts_with(detail), "{reason}: {found:?}");
                let has_command = found.detail.contains("run `goldenpath unprotect demo/pay`");
                assert_eq!(has_command, is_protected, "{reason}: {}", found.detail);
            }
        }
    }

    #[test]
    fn what_is_replaced_is_protected_once_it_was_made() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let spec = environment("pay", json!({}));
        let recorded =
            |phase| Record { inventory: vec!["k8s/v1/Namespace/pay".into()], ..record("payments", phase, &spec) };
        let unprotected = Some(Unprotected { by: "ci".into(), at: "2026-11-25T01:00:00Z".into() });
        for (recorded, is_protected, expected, reason) in [
            (recorded(Phase::Ready), true, true, "protected"),
            (recorded(Phase::Ready), false, false, "not protected"),
            (recorded(Phase::Creating), true, false, "a create that never ended"),
            (Record { unprotected, ..recorded(Phase::Ready) }, true, false, "somebody has switched it off"),
        ] {
            let found = of_replacement(&pay, &recorded, is_protected).unwrap_or_else(|| panic!("{reason}"));
            assert_eq!(found.is_error(), expected, "{reason}");
            assert!(
                found.detail.contains("lost.") && found.detail.contains("terraform untaint"),
                "{reason}: {}",
                found.detail
            );
        }
        assert!(of_replacement(&pay, &record("payments", Phase::Ready, &spec), true).is_none(), "nothing is lost");
    }
}
