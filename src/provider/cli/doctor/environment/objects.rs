//! The objects that restrict an environment: each is there, and as it was rendered. Pure.

use super::{
    recorded::{Recorded, Space},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::finding::{Finding, PromiseResult};
use goldenpath_core::{
    domain::{BASE_QUOTA, Desired, ObjectKey, Observed, Quantity},
    golden::{
        self,
        promises::{OBJECTS, ObjectPromise},
    },
    kinds::{escape, in_words, kubernetes::resource_quota, readable},
};

pub fn judge(recorded: &Recorded, observed: &[Observed]) -> Vec<Finding> {
    let of = |row: &ObjectPromise| {
        let said = recorded.spaces.iter().map(|space| judge_space(row, space, &recorded.objects, observed)).collect();
        let mut finding = rows::finding(row.name, row.benchmark, said);
        if row.kinds.contains(&resource_quota::KIND.name) {
            let uses = recorded.spaces.iter().filter_map(|space| usage(space, observed));
            finding.found = [finding.found].into_iter().chain(uses).collect::<Vec<_>>().join("; ");
        }
        finding
    };
    OBJECTS.iter().map(of).collect()
}

fn judge_space(row: &ObjectPromise, space: &Space, objects: &[Desired], observed: &[Observed]) -> Said {
    let by = space.namespace.clone();
    let is_meant = |object: &&Desired| row.kinds.contains(&object.key.kind()) && is_in(&object.key, &by);
    let wrong: Vec<String> = objects.iter().filter(is_meant).filter_map(|object| wrong(object, observed)).collect();
    // By its mark nobody's is known: whoever may write a binding may set our label.
    let is_recorded = |object: &Observed| objects.iter().any(|desired| desired.key == object.key);
    let is_strange = |object: &&Observed| {
        let is_meant = row.kinds.contains(&object.key.kind()) && is_in(&object.key, &by);
        is_meant && !is_recorded(object) && lets_people_in(object)
    };
    let strangers: Vec<String> = observed.iter().filter(is_strange).map(|object| in_words(&object.key)).collect();
    let (result, verdict) = if !wrong.is_empty() {
        let remedy = "Plan the environment: it shows the difference, and an apply puts it back.";
        (PromiseResult::No, Fulfilment::Breach(wrong.join(", "), remedy.to_owned()))
    } else if !strangers.is_empty() {
        let found = format!("{} let others in", strangers.join(", "));
        (
            PromiseResult::No,
            Fulfilment::Warned(found, "Look at whom they name, and delete those that nobody needs.".to_owned()),
        )
    } else {
        (PromiseResult::Yes, Fulfilment::AsPromised)
    };
    Said { by, result, verdict }
}

/// A binding that names more than ServiceAccounts.
fn lets_people_in(object: &Observed) -> bool {
    let names_people = |text: &str| text.contains(r#""kind":"Group""#) || text.contains(r#""kind":"User""#);
    object.fields.get("/subjects").is_some_and(|subjects| names_people(subjects.text))
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

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::{FieldsBuilder, Holder, Owner, Ownership, PodSecurityLevel};

    #[test]
    fn a_binding_that_nobody_recorded_lets_others_in_whatever_its_mark() {
        let row = OBJECTS.iter().find(|row| row.kinds.contains(&"RoleBinding")).expect("a row");
        let space = Space { namespace: "pay".to_owned(), level: PodSecurityLevel::Restricted };
        let ours = Ownership::Ours(Owner { environment: "pay".to_owned(), slot: None });
        let foreign = || Ownership::Foreign { by: "kubectl".to_owned() };
        for (namespace, ownership, subject, is_strange, reason) in [
            ("pay", foreign(), "User", true, "somebody's"),
            ("pay", ours, "User", true, "somebody's with our mark"),
            ("pay", Ownership::Cluster, "Group", true, "with the mark of the cluster"),
            ("pay", foreign(), "ServiceAccount", false, "no person"),
            ("shop", foreign(), "User", false, "elsewhere"),
        ] {
            let mut fields = FieldsBuilder::default();
            fields.push("/subjects", format!(r#"[{{"kind":"{subject}","name":"x"}}]"#), Holder::Applied("kubectl"));
            let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "RoleBinding", Some(namespace), "x");
            let seen = [Observed::new(key, "1", ownership, fields.build())];
            let said = judge_space(row, &space, &[], &seen);
            assert_eq!(matches!(said.verdict, Fulfilment::Warned(..)), is_strange, "{reason}");
        }
    }
}
