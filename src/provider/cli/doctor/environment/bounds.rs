//! The objects that bound an environment: each is there, and as it was rendered. Pure.

use super::{
    recorded::{Recorded, Space},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::finding::{Answer, Finding};
use goldenpath_core::{
    domain::{BASE_QUOTA, Desired, ObjectKey, Observed, Ownership, Quantity},
    golden::{
        self,
        promises::{BOUNDS, BoundPromise},
    },
    kinds::{escape, in_words, kubernetes::resource_quota, readable},
};

pub fn judge(recorded: &Recorded, observed: &[Observed]) -> Vec<Finding> {
    let of = |row: &BoundPromise| {
        let said = recorded.spaces.iter().map(|space| judge_space(row, space, &recorded.objects, observed)).collect();
        let mut finding = rows::finding(row.name, row.benchmark, said);
        if row.kinds.contains(&resource_quota::KIND.name) {
            let uses = recorded.spaces.iter().filter_map(|space| usage(space, observed));
            finding.found = [finding.found].into_iter().chain(uses).collect::<Vec<_>>().join("; ");
        }
        finding
    };
    BOUNDS.iter().map(of).collect()
}

fn judge_space(row: &BoundPromise, space: &Space, objects: &[Desired], observed: &[Observed]) -> Said {
    let by = space.namespace.clone();
    let is_meant = |object: &&Desired| row.kinds.contains(&object.key.kind()) && is_in(&object.key, &by);
    let wrong: Vec<String> = objects.iter().filter(is_meant).filter_map(|object| wrong(object, observed)).collect();
    let is_strange = |object: &&Observed| {
        row.kinds.contains(&object.key.kind()) && is_in(&object.key, &by) && lets_people_in(object)
    };
    let strangers: Vec<String> = observed.iter().filter(is_strange).map(|object| in_words(&object.key)).collect();
    let (answer, verdict) = if !wrong.is_empty() {
        let remedy = "Plan the environment: it shows the difference, and an apply puts it back.";
        (Answer::No, Fulfilment::Broken(wrong.join(", "), remedy.to_owned()))
    } else if !strangers.is_empty() {
        let found = format!("{} let others in", strangers.join(", "));
        (
            Answer::No,
            Fulfilment::Warned(found, "Look at whom they name, and delete those that nobody needs.".to_owned()),
        )
    } else {
        (Answer::Yes, Fulfilment::AsPromised)
    };
    Said { by, answer, verdict }
}

/// A binding of somebody else's that names more than ServiceAccounts.
fn lets_people_in(object: &Observed) -> bool {
    let names_people = |text: &str| text.contains(r#""kind":"Group""#) || text.contains(r#""kind":"User""#);
    let is_foreign = matches!(object.ownership, Ownership::Foreign { .. });
    is_foreign && object.fields.get("/subjects").is_some_and(|subjects| names_people(subjects.text))
}

fn is_in(key: &ObjectKey, name: &str) -> bool {
    let inside = matches!(key, ObjectKey::Kube { namespace: Some(namespace), .. } if namespace == name);
    inside || key.as_namespace() == Some(name)
}

/// How it is not what was rendered.
pub fn wrong(desired: &Desired, observed: &[Observed]) -> Option<String> {
    let words = in_words(&desired.key);
    let Some(found) = observed.iter().find(|object| object.key == desired.key) else {
        return Some(format!("{words} is missing"));
    };
    let change = golden::diff(desired, found).into_iter().next()?;
    let shown = |text: &Option<String>| {
        let text = text.as_deref().map(|text| readable(&change.path, text).unwrap_or_else(|| "another".to_owned()));
        text.unwrap_or_else(|| "unset".to_owned())
    };
    Some(format!("{words} has {} {}, not {}", change.path, shown(&change.observed), shown(&change.desired)))
}

/// `requests.cpu 500m of 4, 3500m left`
fn usage(space: &Space, observed: &[Observed]) -> Option<String> {
    let key = ObjectKey::kube("v1", resource_quota::KIND.name, Some(&space.namespace), BASE_QUOTA);
    let quota = observed.iter().find(|object| object.key == key)?;
    let amounts = quota.used.iter().filter_map(|(name, used)| {
        let hard = quota.fields.get(&format!("{}{}", resource_quota::HARD, escape(name)))?.text.to_owned();
        let left = hard.parse::<Quantity>().ok()?.checked_sub(&used.parse().ok()?)?;
        Some(format!("{name} {used} of {hard}, {left} left"))
    });
    Some(format!("{}: {}", space.namespace, amounts.collect::<Vec<_>>().join("; ")))
}
