//! What a plan promises of `objects`, from the request and from state alone.
//!
//! An apply makes the same promise from the same inputs, so what it makes is what the plan showed; where it is not, the plan
//! is outdated and nothing is changed.

use super::{
    drift::{self, Lines, Promise, Promised},
    inputs::{Inputs, Past},
    life, losses, policies,
};
use crate::{
    domain::{Desired, Fields, Late, ObjectKey, PathVersion, Problem},
    golden::{Blueprint, Resolved, Spec},
    kinds::{self, in_words, same_digest},
    provision::engine::record,
};
use std::collections::BTreeMap;

/// With all that is said of the request itself.
pub fn promise(inputs: &Inputs<'_>, past: &Past) -> Promise {
    let Inputs { change, blueprint, judged, .. } = inputs;
    let lines = lines_of(&blueprint.objects);
    let notice = life::notice(inputs);
    let found = policies::judge(inputs, past, &lines);
    let Some(prior) = change.prior else {
        let problems = judged.iter().cloned().chain(found).chain(notice).collect();
        return Promise { lines, problems, ..Promise::default() };
    };
    // An unchanged request renders to what it rendered to, and a refresh of thousands has no time to do it twice.
    let before = match (prior.incomplete, past.is_changed) {
        (true, _) => None,
        (false, false) => Some(Before { lines: lines.clone(), judged: judged.to_vec() }),
        (false, true) => past.resolved.as_ref().map(|resolved| before(&prior.spec, resolved)),
    };
    let drift = change.spec.common().drift.cloned().unwrap_or_default();
    let record = record::key_of(&change.id).to_string();
    let lines_before = before.as_ref().map(|before| &before.lines);
    let mut promise = drift::promise(lines, lines_before, &prior.objects, &drift, &record);
    let mut problems = judged.to_vec();
    if let Some(before) = before {
        // A warning was given when it was made so; repeated in every plan, nobody would read it.
        problems.retain(|problem| problem.is_error() || !before.judged.contains(problem));
    }
    problems.extend(found);
    // What comes from a date or from a newer rule never breaks a plan that changes nothing.
    let is_quiet = !past.is_changed && is_same(&promise.lines, &prior.objects);
    if is_quiet {
        problems = problems.into_iter().map(Problem::as_warning).collect();
    }
    // A request that nobody changed is kept true whatever has become of its golden path.
    problems.extend(notice.map(|notice| if past.is_changed { notice } else { notice.as_warning() }));
    problems.append(&mut promise.problems);
    problems.extend(losses::of_update(inputs));
    Promise { problems, is_quiet, ..promise }
}

/// What the prior request would be now.
struct Before {
    lines: Promised,
    judged: Vec<Problem>,
}

fn before(spec: &Spec, resolved: &Resolved) -> Before {
    let blueprint = resolved.render();
    let judged = [spec.check(), resolved.judge(&blueprint)].concat();
    Before { lines: lines_of(&blueprint.objects), judged }
}

pub fn lines_of(objects: &[Desired]) -> Promised {
    let line = |desired: &Desired| match &desired.body {
        Some(body) => {
            let fields = kinds::fields_of(body);
            Late::Now(kinds::block(&desired.key, &fields, &fields))
        }
        None => Late::Later,
    };
    objects.iter().map(|desired| (desired.key.to_string(), line(desired))).collect()
}

fn is_same(promised: &Promised, observed: &Lines) -> bool {
    promised.len() == observed.len()
        && promised.iter().all(|(key, line)| match (line, observed.get(key)) {
            (Late::Now(line), Some(seen)) => same_digest(line, seen) || line == seen,
            _ => false,
        })
}

/// A promise of the plan that can't be kept is an error before anything is changed.
pub fn check_kept(planned: &Promised, now: &Promised) -> Option<Problem> {
    let differs = |(key, line): &(&String, &Late<String>)| match (line, now.get(*key)) {
        (_, None) | (Late::Now(_), Some(Late::Later)) => true,
        (Late::Now(planned), Some(Late::Now(now))) => planned != now && !same_digest(planned, now),
        (Late::Later, Some(_)) => false,
    };
    let changed = planned.iter().filter(differs).map(|(key, _)| key);
    let differing: Vec<&String> = changed.chain(now.keys().filter(|key| !planned.contains_key(*key))).collect();
    let first = differing.first()?;
    Some(Problem::error(
        "plan.outdated",
        format!("{} is no longer what the plan showed: plan again", in_words(first)),
        format!(
            "{} object(s) would differ from the plan: the golden path or the cluster's facts have changed since. \
             Nothing was changed. Plan again.",
            differing.len()
        ),
    ))
}

/// The same of the version of the golden path: a newer one may render the same objects.
pub fn check_version(planned: Option<&str>, blueprint: &Blueprint) -> Result<(), Problem> {
    let PathVersion { name, version, .. } = &blueprint.summary.path;
    match planned {
        Some(planned) if planned != version.to_string() => Err(Problem::error(
            "plan.outdated",
            format!("Golden path {name} {planned}, which the plan showed, would now be {version}: plan again"),
            "The catalogue has changed since the plan was made. Nothing was changed. Plan again.",
        )),
        _ => Ok(()),
    }
}

/// A version is one text for ever; what else would it say what something was made by?
pub fn edited_path(before: Option<&PathVersion>, blueprint: &Blueprint) -> Option<Problem> {
    let PathVersion { name, version, digest } = &blueprint.summary.path;
    let before = before.filter(|before| (&before.name, before.version) == (name, *version))?;
    (before.digest != *digest).then(|| {
        Problem::error(
            "catalogue.edited",
            format!("Golden path {name} {version} is no longer the one that made this: publish the change as a new version"),
            "Its document was changed without a new version, and the change would reach every environment at once. Nothing was \
             changed. Put the document back, and publish the change as a new version, which environments move to one by one.",
        )
        .at(["golden_path_version"])
    })
}

/// Desired objects by key, with their canonical fields.
pub fn desired_by_key(objects: &[Desired]) -> BTreeMap<&ObjectKey, (&Desired, Option<Fields>)> {
    objects.iter().map(|d| (&d.key, (d, d.body.as_ref().map(kinds::fields_of)))).collect()
}

#[cfg(test)]
mod tests;
