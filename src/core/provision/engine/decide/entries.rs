//! Access entries are shared by the environments of a cluster: which of those that are no longer wanted here stay.

use crate::{
    domain::{AccessPolicy, Body, ClusterArn, Desired, Id, ObjectKey, Observed, Ownership, Problem},
    kinds::{aws::access_policy::is_elsewhere, in_words},
    provision::engine::gather::{is_shared_entry, role_of_people},
};
use std::collections::{BTreeMap, BTreeSet};

/// Of entries of ours that are no longer wanted here, those that others' records name, or that whoever runs this enters through.
/// `named`: what those records name.
pub fn keep<'k>(
    unwanted: impl IntoIterator<Item = &'k ObjectKey>,
    named: &BTreeSet<String>,
    caller: &str,
) -> (BTreeSet<ObjectKey>, Vec<Problem>) {
    let (mut kept, mut problems) = (BTreeSet::new(), vec![]);
    for key in unwanted {
        if is_callers(key, caller) {
            problems.push(Problem::warning(
                "access.own_entry",
                format!("{} is kept: whoever runs this has access through it", in_words(key)),
                "Delete it with other credentials once nobody needs it.",
            ));
            kept.insert(key.clone());
        } else if named.contains(&key.to_string()) {
            kept.insert(key.clone());
        }
    }
    (kept, problems)
}

/// Of these keys, the entries of ours among what was observed.
pub fn shared_entries<'k>(
    unwanted: &BTreeSet<ObjectKey>,
    observed: &'k [Observed],
) -> impl Iterator<Item = &'k ObjectKey> {
    let shared = observed.iter().filter(|object| is_shared_entry(object) && unwanted.contains(&object.key));
    shared.map(|object| &object.key)
}

/// Entries of ours that belong to a role that is gone, and the access policies that hang on them: an entry stays with the role that bore
/// the name when it was made, so one whose role is made again is made again too (terraform-aws-modules/terraform-aws-eks#3329).
pub fn dead(desired: &[Desired], observed: &[Observed]) -> BTreeSet<ObjectKey> {
    let find = |key: &ObjectKey| observed.iter().find(|object| object.key == *key);
    let has_no_role = |desired: &&Desired| {
        desired.needs.iter().any(|need| matches!(need, ObjectKey::Role { .. }) && find(need).is_none())
    };
    let is_ours = |desired: &&Desired| find(&desired.key).is_some_and(|entry| entry.ownership == Ownership::Cluster);
    let is_entry = |desired: &&Desired| matches!(desired.key, ObjectKey::AccessEntry { .. });
    let entries = desired.iter().filter(is_entry).filter(has_no_role).filter(is_ours);
    let entries: BTreeSet<ObjectKey> = entries.map(|desired| desired.key.clone()).collect();
    let hangs_on = |desired: &&Desired| desired.needs.iter().any(|need| entries.contains(need));
    let policies = desired.iter().filter(hangs_on).map(|desired| desired.key.clone());
    policies.chain(entries.clone()).collect()
}

/// What an entry that is made again has besides what this change wants: policies of isolated slots and of other environments. Those in
/// namespaces of its own that nobody wants, and those that no entry of ours may have, go for good.
pub fn granted_to_others(desired: &[Desired], observed: &[Observed]) -> Vec<Desired> {
    let has = |key: &ObjectKey| desired.iter().any(|desired| desired.key == *key);
    let is_of_others = |object: &&Observed| match &object.key {
        ObjectKey::AccessPolicy { namespace, .. } => {
            !has(&ObjectKey::namespace_object(namespace)) && !is_elsewhere(namespace)
        }
        _ => false,
    };
    let again = |object: &Observed| Desired::new(object.key.clone(), Some(Body::AccessPolicy(AccessPolicy {})));
    observed.iter().filter(is_of_others).map(again).collect()
}

/// Of a slot, the access policies whose role its environment makes for people, and which is gone: nobody gets in by them until the
/// environment has made the role, its entry and these policies again.
pub fn without_role<'k>(
    id: &Id,
    cluster: &ClusterArn,
    keys: impl IntoIterator<Item = &'k ObjectKey>,
    observed: &[Observed],
) -> BTreeSet<ObjectKey> {
    let is_gone = |role: &ObjectKey| !observed.iter().any(|object| object.key == *role);
    let hangs_on = |key: &&ObjectKey| role_of_people(id, cluster, key).is_some_and(|role| is_gone(&role));
    keys.into_iter().filter(hangs_on).cloned().collect()
}

/// Access policies hang on an entry, and somebody else's is never changed: what cannot be granted, once for each principal.
pub fn refuse_foreign(desired: &[Desired], observed: &[Observed]) -> Vec<Problem> {
    let find = |key: &ObjectKey| observed.iter().find(|object| object.key == *key);
    let mut refused: BTreeMap<&str, (&str, BTreeSet<&str>)> = BTreeMap::new();
    for desired in desired {
        let ObjectKey::AccessPolicy { policy, principal, .. } = &desired.key else { continue };
        let entry = find(&ObjectKey::access_entry(principal)).map(|entry| &entry.ownership);
        if let (Some(Ownership::Foreign { by }), None) = (entry, find(&desired.key)) {
            refused.entry(principal).or_insert((by, BTreeSet::new())).1.insert(policy);
        }
    }
    let problem = |(principal, (by, policies)): (&str, (&str, BTreeSet<&str>))| {
        let policies = policies.into_iter().collect::<Vec<_>>().join(", ");
        Problem::error(
            "access.foreign_entry",
            format!("The access entry of {principal} belongs to {by}, and can't be given {policies}: ask its owner"),
            "An entry that the provider has not made is used and never changed, and access policies are a part of it. Nothing was \
             changed. Ask its owner to associate them, or leave out `access_policies` for this principal.",
        )
        .at(["access"])
    };
    refused.into_iter().map(problem).collect()
}

/// The entry of whoever runs this is never deleted: it would lock them out in the middle of the work.
pub fn is_callers(key: &ObjectKey, caller: &str) -> bool {
    let ObjectKey::AccessEntry { principal } = key else {
        return false;
    };
    let role = |arn: &str| -> Option<(String, String)> {
        let account = arn.split(':').nth(4)?.to_owned();
        let name = match arn.split_once(":assumed-role/") {
            Some((_, rest)) => rest.split('/').next()?,
            None => arn.split_once(":role/")?.1.rsplit('/').next()?,
        };
        Some((account, name.to_owned()))
    };
    principal == caller || (role(principal).is_some() && role(principal) == role(caller))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EnvironmentId, Fields, PersonaName, SlotId, role_name};

    fn policy(namespace: &str, principal: &str) -> ObjectKey {
        let (policy, namespace, principal) = ("AmazonEKSViewPolicy".into(), namespace.into(), principal.into());
        ObjectKey::AccessPolicy { policy, namespace, principal }
    }

    fn observed(key: ObjectKey) -> Observed {
        Observed::new(key, "1", Ownership::Cluster, Fields::default())
    }

    #[test]
    fn a_new_entry_gets_what_others_have_by_it() {
        let all = [ObjectKey::namespace_object("pay"), policy("pay", "p")].map(|key| Desired::new(key, None));
        let other = |namespace: &str| ObjectKey::AccessPolicy {
            policy: "AmazonEKSEditPolicy".into(),
            namespace: namespace.into(),
            principal: "p".into(),
        };
        for (key, expected, reason) in [
            (ObjectKey::AccessEntry { principal: "p".into() }, false, "the entry itself"),
            (policy("pay", "p"), false, "it has a step of its own"),
            (other("pay"), false, "nobody wants it in this namespace"),
            (policy("pay-ledger", "p"), true, "an isolated slot's"),
            (other("shop"), true, "another environment's"),
            (policy("kube-system", "p"), false, "in the cluster's own namespace"),
            (policy("*", "p"), false, "over the whole cluster"),
        ] {
            let found = granted_to_others(&all, &[observed(key.clone())]);
            let keys: Vec<ObjectKey> = found.iter().map(|desired| desired.key.clone()).collect();
            assert_eq!(keys, Vec::from_iter(expected.then_some(key)), "{reason}");
            assert!(found.iter().all(|desired| desired.body.is_some()), "{reason}: it can be made");
        }
    }

    #[test]
    fn policies_of_a_slot_rest_on_roles_of_its_environment() {
        let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let slot = Id::from("demo/pay/ledger".parse::<SlotId>().expect("an id"));
        let environment = Id::from("demo/pay".parse::<EnvironmentId>().expect("an id"));
        let name = |environment: &str| role_name(&cluster, environment, None, Some(PersonaName::Deployer));
        let arn = |account: &str, name: &str| format!("arn:aws:iam::{account}:role/goldenpath/pay/{name}");
        let (own, others) = (name("pay"), name("shop"));
        for (id, principal, is_there, expected, reason) in [
            (&slot, arn("111122223333", &own), false, true, "its role is gone"),
            (&slot, arn("111122223333", &own), true, false, "its role is there"),
            (&slot, arn("111122223333", &others), false, false, "another environment's, which is not its to look for"),
            (&slot, arn("999900001111", &own), false, false, "of another account"),
            (&slot, "arn:aws:iam::111122223333:user/ann".to_owned(), false, false, "no role"),
            (&environment, arn("111122223333", &own), false, false, "an environment says it with the entry"),
        ] {
            let key = policy("pay-ledger", &principal);
            let role = is_there.then(|| observed(ObjectKey::role(own.clone())));
            let found = without_role(id, &cluster, [&key], role.as_slice());
            assert_eq!(found.contains(&key), expected, "{reason}");
        }
    }

    #[test]
    fn a_policy_for_somebody_elses_entry_is_refused_at_once() {
        let policy = |namespace: &str| ObjectKey::AccessPolicy {
            policy: "AmazonEKSViewPolicy".to_owned(),
            namespace: namespace.to_owned(),
            principal: "p".to_owned(),
        };
        let desired = ["pay", "pay-api"].map(|namespace| Desired::new(policy(namespace), None));
        let entry = ObjectKey::AccessEntry { principal: "p".to_owned() };
        let foreign = || Ownership::Foreign { by: "Karpenter".into() };
        for (observed, expected, reason) in [
            (vec![], 0, "it will be ours"),
            (vec![(entry.clone(), Ownership::Cluster)], 0, "ours"),
            (vec![(entry.clone(), foreign())], 1, "somebody else's, said once for both namespaces"),
            (
                vec![(entry.clone(), foreign()), (policy("pay"), foreign()), (policy("pay-api"), foreign())],
                0,
                "its owner has associated it",
            ),
        ] {
            let observed: Vec<Observed> = observed
                .into_iter()
                .map(|(key, ownership)| Observed::new(key, "1", ownership, Fields::default()))
                .collect();
            assert_eq!(refuse_foreign(&desired, &observed).len(), expected, "{reason}");
        }
    }

    #[test]
    fn an_entry_stays_for_its_users_and_for_the_caller() {
        let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
        let session = "arn:aws:sts::111122223333:assumed-role/ci/run-7";
        for (principal, named, ownership, kept, warned, reason) in [
            (role("dev"), false, Ownership::Cluster, false, 0, "nobody needs it"),
            (role("dev"), true, Ownership::Cluster, true, 0, "another environment names it"),
            (role("path/ci"), false, Ownership::Cluster, true, 1, "the role of the caller's session"),
            (role("ci2"), false, Ownership::Cluster, false, 0, "another role"),
            (session.to_owned(), false, Ownership::Cluster, true, 1, "the caller itself"),
            (role("dev"), true, Ownership::Foreign { by: "x".into() }, false, 0, "never ours"),
        ] {
            let key = ObjectKey::AccessEntry { principal };
            let observed = [Observed::new(key.clone(), "1", ownership, Fields::default())];
            let named = named.then(|| key.to_string()).into_iter().collect();
            let unwanted = [key.clone()].into();
            let (entries, problems) = keep(shared_entries(&unwanted, &observed), &named, session);
            assert_eq!((entries.contains(&key), problems.len()), (kept, warned), "{reason}");
        }
    }
}
