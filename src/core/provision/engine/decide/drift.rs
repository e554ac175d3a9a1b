//! Drift: a field of ours whose live value is not ours. What is healed, what is only reported, and the words for it. Pure.
//!
//! A difference is drift when the request wants the same as before and the target says otherwise; it is an edit when the
//! request itself changed. After an interrupted change nothing is drift: unfinished work is finished.

use crate::{
    domain::{Adopt, Desired, Drift, DriftMode, Id, Late, ObjectKey, Observed, Problem, glob},
    golden::{By, FieldChange},
    kinds::{in_words, readable, same_digest, short},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub type Lines = BTreeMap<String, String>;
pub type Promised = BTreeMap<String, Late<String>>;

/// What a plan shows of `objects`, and what it leaves as it is.
#[derive(Debug, Default, PartialEq)]
pub struct Promise {
    pub lines: Promised,
    /// Nothing would change.
    pub is_quiet: bool,
    /// Objects whose drift is only reported: an apply leaves them alone, drifted already or not.
    pub left: BTreeSet<String>,
    /// Of these, the ones that have drifted.
    pub drifted: BTreeSet<String>,
    pub problems: Vec<Problem>,
}

/// `before`: what the prior request would be now, line by line; `None` when it can't be rendered any more, or when its
/// change was interrupted. `observed`: the lines in state. The object called `record` is always healed.
pub fn promise(now: Promised, before: Option<&Promised>, observed: &Lines, drift: &Drift, record: &str) -> Promise {
    let mut promise = Promise::default();
    for (key, desired) in now {
        let Late::Now(text) = &desired else {
            promise.lines.insert(key, desired);
            continue;
        };
        let seen = observed.get(&key);
        let unchanged_request =
            before.and_then(|before| before.get(&key)?.now()).is_some_and(|old| same_digest(old, text));
        let is_left = unchanged_request && key != record && is_only_reported(drift, &key);
        if is_left {
            promise.left.insert(key.clone());
        }
        match seen {
            // New wording in a release changes nothing.
            Some(seen) if same_digest(seen, text) => {
                promise.lines.insert(key, Late::Now(seen.clone()));
            }
            seen if is_left => {
                promise.problems.push(left_alone(&key, seen, text));
                promise.drifted.insert(key.clone());
                promise.lines.extend(seen.map(|seen| (key, Late::Now(seen.clone()))));
            }
            _ => {
                promise.lines.insert(key, desired);
            }
        }
    }
    promise
}

/// Whether drift of this object is left as it is.
pub fn is_only_reported(drift: &Drift, key: &str) -> bool {
    let short = short(key);
    let is_ignored = |pattern: &String| glob(pattern, &short) || glob(pattern, key);
    drift.mode == DriftMode::Report || drift.ignore.iter().any(is_ignored)
}

fn left_alone(key: &str, seen: Option<&String>, desired: &str) -> Problem {
    let text = |text: &str| text.lines().map(|line| format!("\n  {line}")).collect::<String>();
    let now = seen.map_or("It is gone.".to_owned(), |seen| format!("It is:\n{}", text(seen)));
    Problem::warning(
        "drift.reported",
        format!("{} has drifted and is left as it is", in_words(key)),
        format!("{now}\n\nThe golden path wants:\n{}\n\n`drift` says to report it and not to heal it.", text(desired)),
    )
}

/// Fields that an apply takes from those who edited them, or those that adoption names; or the ones held by others.
pub fn takes(
    changes: &[FieldChange],
    manager: &str,
    adopt: Option<&Adopt>,
) -> Result<Vec<String>, Vec<(String, String)>> {
    let (mut take, mut held) = (vec![], vec![]);
    for change in changes {
        match &change.holder {
            By::Edited(_) => take.push(change.path.clone()),
            By::Applied(name) if name == manager => {}
            By::Applied(_) if adopt.is_some_and(|adopt| adopt.take_fields.contains(&change.path)) => {
                take.push(change.path.clone())
            }
            // What we no longer want is simply released; the other one keeps it.
            By::Applied(_) if change.desired.is_none() => {}
            By::Applied(name) => held.push((change.path.clone(), name.clone())),
            By::Us | By::Nobody => {}
        }
    }
    if held.is_empty() { Ok(take) } else { Err(held) }
}

/// What a refresh says of one object that differs. `before` is its line in state: what nobody touched since is no news.
pub fn report(key: &ObjectKey, changes: &[FieldChange], before: Option<&String>, line: &str) -> Option<Problem> {
    let moved = before.is_some_and(|before| !same_digest(before, line));
    let is_ours = |change: &FieldChange| match &change.holder {
        By::Edited(name) | By::Applied(name) => Desired::is_our_manager(name),
        // Elsewhere what is owned whole counts as ours, whoever set it.
        By::Us => !key.is_aws() && change.path.starts_with("/spec/"),
        By::Nobody => false,
    };
    let mut is_all_ours = true;
    let words: Vec<String> = changes
        .iter()
        .filter_map(|change| {
            let manager = match &change.holder {
                _ if is_ours(change) && moved => " (by another run of this provider)".to_owned(),
                _ if is_ours(change) => return None,
                By::Edited(name) => format!(" (by {name})"),
                By::Applied(name) => format!(" (held by {name})"),
                By::Us | By::Nobody if moved => String::new(),
                By::Us | By::Nobody => return None,
            };
            is_all_ours &= is_ours(change);
            Some(match values(change) {
                Some((is, wanted)) => format!("{} is {is}, not {wanted}{manager}", change.path),
                None => format!("{} is not as applied{manager}", change.path),
            })
        })
        .collect();
    let (summary, next) = match is_all_ours {
        true => (
            "was changed by another run of this provider",
            " Have only one state manage it, and apply in one place only.",
        ),
        false => ("was changed outside of Terraform", ""),
    };
    (!words.is_empty()).then(|| {
        Problem::warning(
            "drift.changed",
            format!("{} {summary}", in_words(key)),
            format!("{}.{next}", words.join("; ")),
        )
    })
}

/// What it is and what it should be, where that may be shown.
pub fn values(change: &FieldChange) -> Option<(String, String)> {
    let shown = |text: &Option<String>| match text {
        Some(text) => readable(&change.path, text),
        None => Some("absent".to_owned()),
    };
    Some((shown(&change.observed)?, shown(&change.desired)?))
}

pub fn missing(key: &str) -> Problem {
    Problem::warning(
        "drift.missing",
        format!("{} was deleted outside of Terraform", in_words(key)),
        "The next apply recreates it.",
    )
}

/// It counts as missing, and so do the access policies that hang on it, which an environment says with their entry.
pub fn dead(id: &Id, key: &ObjectKey) -> Option<Problem> {
    let (whose, next) = match (key, id.parent()) {
        (ObjectKey::AccessEntry { .. }, _) => (
            "the role that it was made for is gone",
            "The next apply recreates the role, the entry and all its access policies, including those of isolated \
             slots and of other environments."
                .to_owned(),
        ),
        (ObjectKey::AccessPolicy { .. }, Some(environment)) => (
            "the role that its entry was made for is gone",
            format!("The next apply of {environment} recreates the role, the entry and this policy."),
        ),
        _ => return None,
    };
    Some(Problem::warning("drift.dead_entry", format!("{} has no effect: {whose}", in_words(key)), next))
}

/// Whether a RoleBinding lets in only ServiceAccounts of its own namespace, or of these: charts bring such.
pub fn is_inside(binding: &Observed, keys: &BTreeSet<ObjectKey>) -> bool {
    let ObjectKey::Kube { namespace: Some(own), .. } = &binding.key else { return false };
    let is_ours = |namespace: &str| namespace == own || keys.contains(&ObjectKey::namespace_object(namespace));
    let subjects =
        binding.fields.get("/subjects").and_then(|field| serde_json::from_str::<Vec<Value>>(field.text).ok());
    subjects.is_some_and(|subjects| {
        let is_own = |one: &Value| one["kind"] == "ServiceAccount" && one["namespace"].as_str().is_some_and(is_ours);
        !subjects.is_empty() && subjects.iter().all(is_own)
    })
}

pub fn foreign_grant(observed: &Observed, by: &str) -> Problem {
    Problem::warning(
        "foreign_grant",
        format!(
            "{} grants permissions in a managed namespace and is not managed by goldenpath",
            in_words(&observed.key)
        ),
        format!("It was created by {by}. It is shown and never deleted. Remove it, or grant the access in `access`."),
    )
}

/// With two budgets on one pod, neither lets it be evicted.
pub fn second_budget(other: &Observed) -> Problem {
    Problem::warning(
        "slot.second_budget",
        format!("{} selects pods of this slot, which has a budget already", in_words(&other.key)),
        "Kubernetes refuses to evict a pod that has two, so its node can't be drained. Turn off the budget of the chart, or set \
         `availability = { pdb = false }` on the slot.",
    )
    .at(["availability", "pdb"])
}

/// Grants of our own entries are owned whole.
pub fn foreign_policy(observed: &Observed) -> Problem {
    Problem::warning(
        "drift.foreign_policy",
        format!("{} was associated by somebody else", in_words(&observed.key)),
        "The next apply removes it. If it is needed, grant it in `access.<persona>.access_policies`.",
    )
}

#[cfg(test)]
mod tests;
