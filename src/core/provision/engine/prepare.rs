//! Everything that preview and ensure decide alike, without asking the target: render, judge, compare. Pure.
//!
//! Ensure runs this again with the same inputs, so what it makes is what the plan showed; where it is not, the plan is
//! outdated and nothing is changed.

use super::{
    claim::owner_of,
    drift::{self, Lines, Promise, Promised},
    record,
};
use crate::{
    domain::{Desired, Fields, Id, Late, ObjectKey, Problem, Severity, Spec, StableFacts},
    golden::{self, Blueprint, Catalogue, Parent, same_digest},
    policy,
    provision::Prior,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Prepared {
    pub(super) blueprint: Blueprint,
    /// What the plan shows of `objects`.
    pub(super) promised: Promised,
    /// Objects whose drift is only reported: no apply touches them.
    pub(super) left: BTreeSet<String>,
    /// Deletion protection, as it holds from now on; only where there is something to lose.
    pub(super) protected: bool,
    pub(super) problems: Vec<Problem>,
}

pub(super) struct Question<'a> {
    pub(super) spec: &'a Spec,
    pub(super) facts: &'a StableFacts,
    pub(super) parent: Option<&'a Parent>,
    pub(super) prior: Option<&'a Prior>,
    pub(super) catalogue: &'a Catalogue,
}

/// The error arm: nothing can be rendered.
pub(super) fn prepare(question: &Question<'_>) -> Result<Prepared, Vec<Problem>> {
    let Question { spec, facts, parent, prior, catalogue } = question;
    let mut problems = golden::check_spec(spec);
    problems.extend(golden::check_with(spec, catalogue));
    let blueprint = match golden::render(spec, facts, *parent, catalogue) {
        Ok(blueprint) => blueprint,
        Err(errors) => {
            problems.extend(errors.into_iter().filter(|error| !problems.contains(error)).collect::<Vec<_>>());
            return Err(problems);
        }
    };
    problems.extend(blueprint.problems.iter().cloned());
    let findings = policy::judge(&blueprint.objects, spec, facts, blueprint.resolved.class);
    // A fault of a statement is found where it is written and again in the role that it becomes: told once.
    let told = |found: &Problem| problems.iter().any(|known| known.code == found.code && known.field == found.field);
    let findings: Vec<Problem> = findings.into_iter().map(Problem::from).filter(|found| !told(found)).collect();
    problems.extend(findings);

    // An unchanged request renders to what it rendered to, and a refresh of thousands has no time to do it twice.
    let unchanged = prior.is_some_and(|prior| prior.spec == **spec);
    let rendered = prior.filter(|_| !unchanged);
    let rendered = rendered.and_then(|prior| golden::render(&prior.spec, facts, *parent, catalogue).ok());
    let before = if unchanged { Some(&blueprint) } else { rendered.as_ref() };
    let lines = lines_of(&blueprint.objects);
    let Promise { lines: promised, left, problems: reported } = match prior {
        None => Promise { lines, ..Promise::default() },
        Some(prior) => {
            let old = before
                .filter(|_| !prior.incomplete)
                .map(|before| if unchanged { lines.clone() } else { lines_of(&before.objects) });
            let record = record::key_of(&spec.id()).to_string();
            drift::promise(lines, old.as_ref(), &prior.objects, &drift::of_spec(spec), &record)
        }
    };
    let quiet = unchanged && prior.is_some_and(|prior| same_objects(&promised, &prior.objects));
    if quiet {
        // What was only a warning was told when it was made so; repeated in every plan, nobody would read it.
        problems.retain(Problem::is_error);
        // What comes from a date or from a newer rule never breaks a plan that changes nothing.
        for problem in &mut problems {
            problem.severity = Severity::Warning;
        }
    }
    problems.extend(reported);
    if let Some(prior) = prior {
        problems.extend(losses(&blueprint, prior, before));
    }
    let protected = blueprint.resolved.deletion_protection && !blueprint.resolved.namespaces.is_empty();
    Ok(Prepared { blueprint, promised, left, protected, problems })
}

pub(super) fn lines_of(objects: &[Desired]) -> Promised {
    objects
        .iter()
        .map(|desired| {
            let line = match &desired.body {
                Some(body) => Late::Now(golden::line(&desired.key, &golden::fields_of(body))),
                None => Late::Later,
            };
            (desired.key.to_string(), line)
        })
        .collect()
}

fn same_objects(promised: &Promised, observed: &Lines) -> bool {
    promised.len() == observed.len()
        && promised.iter().all(|(key, line)| match (line, observed.get(key)) {
            (Late::Now(line), Some(seen)) => same_digest(line, seen) || line == seen,
            _ => false,
        })
}

/// Namespaces that an update would delete: an error under protection in the prior state, otherwise a warning that lists
/// what goes.
fn losses(now: &Blueprint, prior: &Prior, before: Option<&Blueprint>) -> Vec<Problem> {
    let keys: Vec<ObjectKey> = prior.objects.keys().filter_map(|key| key.parse().ok()).collect();
    let lost: Vec<String> = own_namespaces(&prior.spec.id(), &keys)
        .into_iter()
        .filter(|name| !now.objects.iter().any(|desired| desired.key == ObjectKey::namespace_object(name)))
        .collect();
    if lost.is_empty() {
        return vec![];
    }
    // A prior request that can't be rendered any more is taken for protected unless it says otherwise.
    let protected =
        before.map_or_else(|| written_protection(&prior.spec) != Some(false), |b| b.resolved.deletion_protection);
    vec![namespaces_go(&prior.spec.id().to_string(), &lost, protected)]
}

fn written_protection(spec: &Spec) -> Option<bool> {
    match spec {
        Spec::Baseline(_) => Some(false),
        Spec::Environment(spec) => spec.deletion_protection,
        Spec::Slot(spec) => spec.deletion_protection,
    }
}

/// Of these keys, the namespaces that are this id's own; an environment's Namespace in which a slot only has annotations is
/// not the slot's.
pub(super) fn own_namespaces(id: &Id, keys: &[ObjectKey]) -> Vec<String> {
    let isolated = owner_of(id).and_then(|owner| Some(format!("{}-{}", owner.environment, owner.slot?)));
    let namespaces = keys.iter().filter_map(|key| match key {
        ObjectKey::Kube { kind, namespace: None, name, .. } if kind == "Namespace" => Some(name.clone()),
        _ => None,
    });
    match id {
        Id::Baseline(_) => vec![],
        Id::Environment(_) => namespaces.collect(),
        Id::Slot(_) => namespaces.filter(|name| Some(name) == isolated.as_ref()).collect(),
    }
}

/// One text for every way to lose a namespace: an update, a replacement, a removal.
pub(super) fn namespaces_go(id: &str, namespaces: &[String], protected: bool) -> Problem {
    let list = namespaces.join(", ");
    if protected {
        Problem::error(
            "deletion.protected",
            format!("{id} is protected from deletion, and this would delete {list}"),
            "everything in these namespaces would be lost: apply `deletion_protection = false` by itself first",
        )
        .at(["deletion_protection"])
    } else {
        Problem::warning(
            "deletion.loses",
            format!("{id}: {list} will be deleted with everything inside"),
            "deletion protection is off; what runs or is stored there is lost",
        )
    }
}

/// A promise of the plan that can't be kept is an error before anything is changed.
pub(super) fn keeps_promise(planned: &Promised, now: &Promised) -> Result<(), Problem> {
    let differs: Vec<&String> = planned
        .iter()
        .filter(|(key, line)| match (line, now.get(*key)) {
            (_, None) => true,
            (Late::Now(planned), Some(Late::Now(now))) => planned != now && !same_digest(planned, now),
            (Late::Now(_), Some(Late::Later)) => true,
            (Late::Later, Some(_)) => false,
        })
        .map(|(key, _)| key)
        .chain(now.keys().filter(|key| !planned.contains_key(*key)))
        .collect();
    match differs.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => Err(Problem::error(
            "plan.outdated",
            format!("{first} is no longer what the plan showed"),
            format!(
                "{} object(s) would be made otherwise than planned; the golden path or the cluster's facts changed \
                 meanwhile. Nothing was changed: plan again",
                rest.len() + 1
            ),
        )),
    }
}

/// Desired objects by key, with their canonical fields.
pub(super) fn desired_by_key(blueprint: &Blueprint) -> BTreeMap<&ObjectKey, (&Desired, Option<Fields>)> {
    blueprint.objects.iter().map(|d| (&d.key, (d, d.body.as_ref().map(golden::fields_of)))).collect()
}
