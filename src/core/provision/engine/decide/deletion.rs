//! What is deleted; [`removal_rank`] says when. Pure.

use super::claim::{self, is_made_for};
use crate::{
    domain::{Desired, Id, ObjectKey, Observed, Ownership},
    kinds::{RemovalRank, in_words, removal_rank},
    ports::Revoked,
    provision::engine::record,
};
use std::collections::BTreeSet;

/// What becomes of one object that is no longer wanted.
#[derive(Debug)]
pub enum Deletion<'a> {
    Delete(&'a Observed),
    /// It stays, without our fields.
    Release(&'a Observed, String),
    /// In AWS, and named by the record: not read before, so that whose it is is checked as it is deleted.
    Recorded(&'a ObjectKey, Ownership),
    /// What an entry that stays grants in namespaces that go.
    Revoke(Revoked),
}

impl Deletion<'_> {
    pub fn key(&self) -> Option<&ObjectKey> {
        match self {
            Self::Delete(observed) | Self::Release(observed, _) => Some(&observed.key),
            Self::Recorded(key, _) => Some(key),
            Self::Revoke(_) => None,
        }
    }

    pub fn rank(&self) -> RemovalRank {
        self.key().map_or(RemovalRank::AccessPolicy, removal_rank)
    }

    pub fn in_words(&self) -> String {
        match self {
            Self::Revoke(revoked) => revoked.to_string(),
            _ => self.key().map(in_words).unwrap_or_default(),
        }
    }
}

/// Of what was observed, what is deleted or released when it is no longer wanted. `known`: in the record's inventory or in
/// state. `keep`: shared objects that others name.
pub fn deletions<'a>(
    id: &Id,
    observed: &'a [Observed],
    known: &BTreeSet<ObjectKey>,
    wanted: &BTreeSet<ObjectKey>,
    keep: &BTreeSet<ObjectKey>,
) -> Vec<Deletion<'a>> {
    let is_unwanted = |object: &&Observed| {
        !wanted.contains(&object.key) && !keep.contains(&object.key) && !record::is_record(&object.key)
    };
    let is_ours = |object: &&Observed| known.contains(&object.key) || is_made_for(id, object, observed);
    let mut deletions: Vec<Deletion<'a>> =
        observed.iter().filter(is_unwanted).filter(is_ours).filter_map(|object| deletion(id, object)).collect();
    let namespaces = lost_namespaces(&deletions);
    let deleted: BTreeSet<ObjectKey> = deletions.iter().filter_map(Deletion::key).cloned().collect();
    // Gone with its container, or its entry.
    deletions.retain(|deletion| match deletion.key() {
        Some(ObjectKey::AccessPolicy { principal, .. }) => !deleted.contains(&ObjectKey::access_entry(principal)),
        Some(key @ ObjectKey::Kube { namespace: Some(namespace), .. }) => {
            removal_rank(key) == RemovalRank::ActsOnPods || !namespaces.contains(namespace)
        }
        _ => true,
    });
    deletions
}

/// Of a whole removal, what the record names in AWS. Nothing of it was read: a record holds all that its operations have made there, and
/// the target looks whose a thing is right before it deletes it. `others`: the rest of the removal.
pub fn recorded_deletions<'a>(
    id: &Id,
    known: &'a BTreeSet<ObjectKey>,
    keep: &BTreeSet<ObjectKey>,
    others: &[Deletion<'_>],
) -> Vec<Deletion<'a>> {
    let owner = || id.owner().map_or(Ownership::Cluster, Ownership::Ours);
    let goes = |key: &ObjectKey| known.contains(key) && !keep.contains(key);
    let mut deletions: Vec<Deletion<'a>> = vec![];
    let mut revoked: BTreeSet<&String> = BTreeSet::new();
    for key in known {
        match key.principal() {
            None if key.is_aws() => deletions.push(Deletion::Recorded(key, owner())),
            None => {}
            Some(principal) if !goes(&ObjectKey::access_entry(principal)) => {
                revoked.insert(principal);
            }
            // Its access policies go with it.
            Some(_) if matches!(key, ObjectKey::AccessEntry { .. }) => {
                deletions.push(Deletion::Recorded(key, Ownership::Cluster));
            }
            Some(_) => {}
        }
    }
    let mut namespaces: BTreeSet<String> = lost_namespaces(others).into_iter().collect();
    // Of one that is gone already the record speaks still.
    namespaces.extend(known.iter().filter_map(|key| match key {
        ObjectKey::AccessPolicy { namespace, .. } => Some(namespace.clone()),
        _ => None,
    }));
    let revoke = |principal: &String| Revoked { principal: principal.clone(), namespaces: namespaces.clone() };
    if !namespaces.is_empty() {
        deletions.extend(revoked.into_iter().map(|principal| Deletion::Revoke(revoke(principal))));
    }
    deletions
}

/// The namespaces that go with everything inside.
pub fn lost_namespaces(deletions: &[Deletion<'_>]) -> Vec<String> {
    let namespace = |deletion: &Deletion<'_>| match deletion {
        Deletion::Delete(observed) => observed.key.as_namespace().map(str::to_owned),
        _ => None,
    };
    deletions.iter().filter_map(namespace).collect()
}

fn deletion<'a>(id: &Id, object: &'a Observed) -> Option<Deletion<'a>> {
    let stand_in = claim::stand_in(id, object);
    match (&object.ownership, &object.key) {
        _ if stand_in.manager != Desired::MANAGER => Some(Deletion::Release(object, stand_in.manager)),
        _ if stand_in.leave => None,
        // Their key or the record says whose they are; they carry no environment's mark.
        (Ownership::Cluster, key) if key.principal().is_some() => Some(Deletion::Delete(object)),
        _ if claim::is_marked_for(id, object) => Some(Deletion::Delete(object)),
        // A stranger's by now, or another environment's.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EnvironmentId, Fields, Owner, SlotId};

    fn entry(principal: &str) -> ObjectKey {
        ObjectKey::access_entry(principal)
    }

    fn policy(namespace: &str, principal: &str) -> ObjectKey {
        let policy = "AmazonEKSViewPolicy".to_owned();
        ObjectKey::AccessPolicy { policy, namespace: namespace.to_owned(), principal: principal.to_owned() }
    }

    #[test]
    fn what_a_record_names_in_aws_goes_or_grants_less() {
        let slot = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
        let environment = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let role = ObjectKey::role("gp-pay-api");
        let namespace =
            |name: &str| Observed::new(ObjectKey::namespace_object(name), "1", Ownership::Cluster, Fields::default());
        for (id, known, keep, spaces, expected, reason) in [
            (
                &slot,
                vec![role.clone(), policy("pay-api", "a"), policy("pay-api", "b")],
                vec![],
                vec!["pay-api"],
                vec!["Role gp-pay-api of Ours", "access policies of a in pay-api", "access policies of b in pay-api"],
                "a slot has no entries, and takes its namespace from those of its environment",
            ),
            (
                &slot,
                vec![policy("pay-api", "a")],
                vec![],
                vec![],
                vec!["access policies of a in pay-api"],
                "its namespace is gone already",
            ),
            (
                &environment,
                vec![entry("a"), entry("b"), policy("pay", "a"), policy("pay", "b"), policy("pay-jobs", "b")],
                vec![entry("b")],
                vec!["pay", "pay-jobs"],
                vec!["AccessEntry a of Cluster", "access policies of b in pay, pay-jobs"],
                "policies go with their entry; what others name stays, and grants nothing here",
            ),
            (
                &environment,
                vec![entry("c")],
                vec![entry("c")],
                vec!["pay"],
                vec!["access policies of c in pay"],
                "what somebody else has associated with an entry of ours goes too",
            ),
            (&environment, vec![], vec![], vec!["pay"], vec![], "nobody was let in"),
        ] {
            let spaces: Vec<Observed> = spaces.into_iter().map(namespace).collect();
            let others: Vec<Deletion<'_>> = spaces.iter().map(Deletion::Delete).collect();
            let known: BTreeSet<ObjectKey> = known.into_iter().collect();
            let keep: BTreeSet<ObjectKey> = keep.into_iter().collect();
            let found = recorded_deletions(id, &known, &keep, &others);
            let words = found.iter().map(|deletion| match deletion {
                Deletion::Recorded(key, Ownership::Cluster) => format!("{} of Cluster", named(key)),
                Deletion::Recorded(key, _) => format!("{} of Ours", named(key)),
                other => other.in_words(),
            });
            let words: BTreeSet<String> = words.collect();
            let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(words, expected, "{reason}");
        }
    }

    #[test]
    fn what_is_ours_and_unwanted_goes_once() {
        let slot = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
        let environment = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let baseline = Id::baseline(&"demo".parse().unwrap_or_else(|e| panic!("{e}")));
        let ours = |environment: &str, slot: Option<&str>| {
            Ownership::Ours(Owner { environment: environment.into(), slot: slot.map(str::to_owned) })
        };
        let (pay, api, cluster) = (|| ours("pay", None), || ours("pay", Some("api")), || Ownership::Cluster);
        let helm = || Ownership::Foreign { by: "Helm".into() };
        let space = ObjectKey::namespace_object;
        let quota = |namespace: &str| ObjectKey::kube("v1", "ResourceQuota", Some(namespace), "gp-base");
        let scaler = || ObjectKey::kube("autoscaling/v2", "HorizontalPodAutoscaler", Some("pay"), "app");
        let account = || ObjectKey::kube("v1", "ServiceAccount", Some("pay"), "default");
        let record = || ObjectKey::kube("v1", "ConfigMap", Some("goldenpath-system"), "environment.pay");
        let view = || ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "gp-view");
        // All that is seen is in the inventory, too. (reason, id, seen, kept, expected)
        for (reason, id, seen, kept, expected) in [
            (
                "what is in a namespace goes with it, but what acts on pods",
                &environment,
                vec![(space("pay"), pay()), (quota("pay"), pay()), (scaler(), pay())],
                vec![],
                vec!["delete HorizontalPodAutoscaler pay/app", "delete Namespace pay"],
            ),
            (
                "of a namespace that stays, each by itself",
                &environment,
                vec![(space("pay"), pay()), (quota("pay"), pay()), (scaler(), pay())],
                vec![space("pay")],
                vec!["delete HorizontalPodAutoscaler pay/app", "delete ResourceQuota pay/gp-base"],
            ),
            (
                "in another namespace than the one that goes",
                &environment,
                vec![(space("pay"), pay()), (quota("pay-jobs"), pay())],
                vec![],
                vec!["delete Namespace pay", "delete ResourceQuota pay-jobs/gp-base"],
            ),
            (
                "a grant goes with its entry, one of an entry that stays by itself",
                &environment,
                vec![
                    (entry("a"), cluster()),
                    (entry("b"), cluster()),
                    (policy("pay", "a"), cluster()),
                    (policy("pay", "b"), cluster()),
                ],
                vec![entry("b")],
                vec!["delete aws/eks/AccessEntry/a", "delete aws/eks/AccessPolicy/AmazonEKSViewPolicy/pay/b"],
            ),
            (
                "a slot releases its environment's namespace",
                &slot,
                vec![(space("pay"), pay()), (quota("pay"), api())],
                vec![],
                vec!["delete ResourceQuota pay/gp-base", "release Namespace pay of goldenpath-api"],
            ),
            (
                "a namespace of its own goes",
                &slot,
                vec![(space("pay-api"), api()), (quota("pay-api"), api())],
                vec![],
                vec!["delete Namespace pay-api"],
            ),
            (
                "also one with the name that its own would have",
                &slot,
                vec![(space("pay-api"), pay()), (quota("pay-api"), pay())],
                vec![],
                vec!["release Namespace pay-api of goldenpath-api"],
            ),
            ("made by Kubernetes", &environment, vec![(account(), pay())], vec![], vec![]),
            ("a stranger has made it again", &environment, vec![(space("pay"), helm())], vec![], vec![]),
            ("another environment's by now", &environment, vec![(quota("pay"), ours("shop", None))], vec![], vec![]),
            ("a slot's", &environment, vec![(quota("pay"), api())], vec![], vec![]),
            ("an entry that somebody else has made", &environment, vec![(entry("a"), helm())], vec![], vec![]),
            ("the baseline's", &environment, vec![(view(), cluster())], vec![], vec![]),
            ("its own", &baseline, vec![(view(), cluster())], vec![], vec!["delete ClusterRole gp-view"]),
            ("the record has an end of its own", &environment, vec![(record(), pay())], vec![], vec![]),
            ("still wanted", &environment, vec![(quota("pay"), pay())], vec![quota("pay")], vec![]),
        ] {
            let known: BTreeSet<ObjectKey> = seen.iter().map(|(key, _)| key.clone()).collect();
            let observe = |(key, by)| Observed::new(key, "1", by, Fields::default());
            let seen: Vec<Observed> = seen.into_iter().map(observe).collect();
            let (kept, none) = (BTreeSet::from_iter(kept), BTreeSet::new());
            for (wanted, keep) in [(&kept, &none), (&none, &kept)] {
                let found = deletions(id, &seen, &known, wanted, keep);
                let words = found.iter().map(|deletion| match deletion {
                    Deletion::Release(_, manager) => format!("release {} of {manager}", deletion.in_words()),
                    _ => format!("delete {}", deletion.in_words()),
                });
                assert_eq!(words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), expected, "{reason}");
            }
        }
    }

    fn named(key: &ObjectKey) -> String {
        let text = key.to_string();
        format!("{} {}", key.kind(), text.rsplit('/').next().unwrap_or_default())
    }
}
