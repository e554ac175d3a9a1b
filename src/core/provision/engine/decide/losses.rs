//! Namespaces that a change would delete with everything inside. Under deletion protection that is an error, otherwise a
//! warning that lists what is lost.

use super::inputs::Inputs;
use crate::{
    domain::{Id, ObjectKey, Phase, Problem, Record},
    golden::Spec,
    provision::engine::record,
};
use std::collections::BTreeSet;

/// Of these keys, the namespaces that are this id's own.
pub fn own_namespaces<'k>(id: &Id, keys: impl IntoIterator<Item = &'k ObjectKey>) -> Vec<String> {
    let namespaces = keys.into_iter().filter_map(|key| match key {
        ObjectKey::Kube { kind, namespace: None, name, .. } if kind == "Namespace" => Some(name.clone()),
        _ => None,
    });
    namespaces.filter(|name| id.loses_namespace(name)).collect()
}

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
        format!("{id} would lose namespace {namespace}, in which {} {} lives", record.kind, record.id),
        "Nothing was changed. First destroy it or have it live in another namespace, by an apply of its own.",
    ))
}

/// Of an apply, by what really is there. What a create that never ended has made is nobody's loss.
pub fn of_apply(inputs: &Inputs<'_>, record: Option<&Record>, deleted: &BTreeSet<ObjectKey>) -> Option<Problem> {
    let lost = own_namespaces(&inputs.change.id, deleted);
    if lost.is_empty() {
        return None;
    }
    let was_ready = record.is_none_or(|record| record.phase != Phase::Creating);
    let recorded = record.and_then(|record| inputs.change.spec.resource().parse(&record.spec).ok());
    let before = inputs.change.prior.map(|prior| &prior.spec).or(recorded.as_ref());
    let is_protected = was_ready && before.is_some_and(|before| is_protected(inputs, before));
    report(&inputs.change.id, &lost, is_protected)
}

/// Of a replacement of something that is alive and well.
pub fn of_replacement(id: &Id, recorded: &Record, is_protected: bool) -> Option<Problem> {
    let keys: Vec<ObjectKey> = record::keys(Some(recorded)).collect();
    let lost = of_removal(id, &own_namespaces(id, &keys), is_protected && recorded.holds_protection())?;
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
