//! What the records of a cluster say, and what none of them names.

use super::found::{Found, error, ok, warning};
use crate::cli::doctor::own::OwnObject;
use goldenpath_core::{
    domain::{ObjectKey, PathVersion, SYSTEM_NAMESPACE},
    golden::Catalogue,
    kinds::in_words,
};
use std::collections::BTreeSet;

/// Of what can't be read nothing else is said.
pub(super) fn unreadable(objects: &[OwnObject]) -> Found {
    let records = objects.iter().filter_map(|object| Some((&object.key, object.record.as_ref()?)));
    let found: Vec<String> = records
        .clone()
        .filter_map(|(key, record)| Some(format!("{} can't be read: {}", in_words(key), record.as_ref().err()?)))
        .collect();
    if found.is_empty() {
        return ok(format!("{} can be read", records.count()));
    }
    error(
        found.join("; "),
        "A newer release may have written it. Use that release, or restore the ConfigMap from a backup; the next apply of its \
         environment or slot writes an empty one again. Delete none of its objects until it can be read.",
    )
}

/// Ours by their mark, and named by no record.
pub(super) fn orphans(objects: &[OwnObject]) -> Found {
    let records = objects.iter().filter_map(|object| object.record.as_ref()?.as_ref().ok());
    let named: BTreeSet<&str> = records.flat_map(|record| &record.inventory).map(String::as_str).collect();
    // Made together with the permissions, before there is a baseline whose record could name it.
    let home = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    let is_unnamed = |object: &&OwnObject| {
        object.record.is_none() && object.key != home && !named.contains(object.key.to_string().as_str())
    };
    // By their mark they are of a record that can't be read. What the cluster shares may be of any of them.
    let unread = |object: &&OwnObject| object.record.as_ref().is_some_and(Result::is_err);
    let unread: BTreeSet<Option<&str>> = objects.iter().filter(unread).map(|object| object.owner.as_deref()).collect();
    let may_be_named =
        |object: &&OwnObject| unread.contains(&object.owner.as_deref()) || object.owner.is_none() && !unread.is_empty();
    let (undecided, orphans): (Vec<&OwnObject>, Vec<&OwnObject>) =
        objects.iter().filter(is_unnamed).partition(may_be_named);
    if orphans.is_empty() {
        let of_unread = match undecided.len() {
            0 => String::new(),
            count => format!("; {count} of them may be of a record that can't be read"),
        };
        return ok(format!("none among {} objects{of_unread}", objects.len()));
    }
    let names: Vec<String> = orphans
        .iter()
        .map(|object| match &object.owner {
            Some(owner) => format!("{} (of {owner})", object.key),
            None => object.key.to_string(),
        })
        .collect();
    // In a namespace that a record names, an access policy is what somebody else associated with an entry of ours.
    let is_foreign_policy = |object: &&OwnObject| match &object.key {
        ObjectKey::AccessPolicy { namespace, .. } => {
            named.contains(ObjectKey::namespace_object(namespace).to_string().as_str())
        }
        _ => false,
    };
    let (policies, left): (Vec<&OwnObject>, Vec<&OwnObject>) = orphans.into_iter().partition(is_foreign_policy);
    let remedies = [
        (left, "Import the environment or slot and destroy it, or delete the objects by hand once nobody needs them."),
        (
            policies,
            "Plan and apply the environment of the access policy's namespace: it removes what somebody else associated.",
        ),
    ];
    let remedies: Vec<&str> = remedies.iter().filter(|(of, _)| !of.is_empty()).map(|(_, remedy)| *remedy).collect();
    warning(format!("no record names {}", names.join(", ")), remedies.join(" "))
}

/// An environment stays at its version, so somebody has to say that there is a newer one.
pub(super) fn versions(objects: &[OwnObject], catalogue: &Catalogue) -> Found {
    let made = objects.iter().filter_map(|object| Some((object.owner.as_ref()?, object.path()?)));
    let behind = |(owner, path): (&String, &PathVersion)| {
        let newest = catalogue.newer(path).next_back()?;
        Some(format!("{owner} is at {} {} ({} is there)", path.name, path.version, newest.version))
    };
    let behind: Vec<String> = made.clone().filter_map(behind).collect();
    if behind.is_empty() {
        return ok(format!("{} environments, each at the newest version of its golden path", made.count()));
    }
    warning(behind.join(", "), "To move one, set its `golden_path_version`; its plan shows what changes.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::{finding::CheckStatus, own::OwnRecord};

    fn object(key: &str, owner: Option<&str>) -> OwnObject {
        OwnObject { key: key.parse().expect("a key"), owner: owner.map(str::to_owned), record: None }
    }

    fn unread(name: &str, owner: Option<&str>) -> OwnObject {
        let key = format!("k8s/v1/ConfigMap/{SYSTEM_NAMESPACE}/{name}");
        OwnObject { record: Some(Err("no field `spec`".to_owned())), ..object(&key, owner) }
    }

    #[test]
    fn what_a_record_that_can_not_be_read_may_name_is_no_orphan() {
        let (pay, shop) = (Some("pay"), Some("shop"));
        let entry = "aws/eks/AccessEntry/arn:aws:iam::111122223333:role/a";
        for (record, found, is_orphan, reason) in [
            (unread("environment.pay", pay), object("k8s/v1/Namespace/pay", pay), false, "of its environment"),
            (unread("environment.pay", pay), object("k8s/v1/Namespace/shop", shop), true, "of another one"),
            (unread("environment.pay", pay), object(entry, None), false, "which environments share"),
            (unread("slot.pay.api", Some("pay/api")), object("aws/iam/Role/a", Some("pay/api")), false, "of its slot"),
            (unread("gp-baseline", None), object("k8s/v1/Namespace/pay", pay), true, "of no environment that is known"),
        ] {
            let Found(status, said, _) = orphans(&[record.clone(), found.clone()]);
            assert_eq!(status == CheckStatus::Warning, is_orphan, "{reason}: {said}");
            assert_eq!(said.contains(&found.key.to_string()), is_orphan, "{reason}: {said}");
            assert!(!said.contains("ConfigMap"), "{reason}: a record is no orphan: {said}");
            let Found(status, said, remedy) = unreadable(&[record, found]);
            assert_eq!(status, CheckStatus::Error, "{reason}");
            assert!(said.contains("can't be read: no field `spec`") && !remedy.is_empty(), "{reason}: {said}");
        }
        let record = Ok(OwnRecord { inventory: vec!["k8s/v1/Namespace/pay".to_owned()], path: None });
        let record = OwnObject { record: Some(record), ..unread("environment.pay", pay) };
        let all = [record, object("k8s/v1/Namespace/pay", pay)];
        assert_eq!((orphans(&all).0, unreadable(&all).0), (CheckStatus::Ok, CheckStatus::Ok), "all can be read");
    }
}
