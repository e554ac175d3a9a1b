//! What the garbage collector deletes for somebody who may not delete it.

use super::*;

/// The collector takes along what has an owner that is gone, whoever wrote the owner there (Kubernetes, Garbage Collection).
#[test]
fn nobody_gives_an_object_of_the_provider_an_owner() {
    let today = jiff::civil::date(2026, 11, 28);
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "x"}]);
    let tenant = "system:serviceaccount:argocd:argocd-application-controller";
    let collector = "system:serviceaccount:kube-system:generic-garbage-collector";
    for (guard, api, kind, rest) in [
        (Guard::Quotas, "v1", "ResourceQuota", json!({"spec": {"hard": {"pods": "5"}}})),
        (Guard::Quotas, "v1", "LimitRange", json!({"spec": {"limits": []}})),
        (Guard::Network, "networking.k8s.io/v1", "NetworkPolicy", json!({"spec": {"podSelector": {}}})),
        (
            Guard::RoleBindings,
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({"roleRef": {"kind": "ClusterRole", "name": "gp-viewer"}, "subjects": [{"kind": "Group", "name": "x"}]}),
        ),
        (Guard::Namespaces, "v1", "Namespace", json!({})),
    ] {
        let mut free = rest;
        free["apiVersion"] = api.into();
        free["kind"] = kind.into();
        free["metadata"] = json!({"name": "gp-base", "labels": {"goldenpath.internal/managed": "true"}});
        let mut owned = free.clone();
        owned["metadata"]["ownerReferences"] = owner.clone();
        for (before, after, user, passes, reason) in [
            (&free, &owned, tenant, false, "an owner that is gone would take it along"),
            (&owned, &owned, tenant, true, "it stays as it is"),
            (&owned, &free, collector, true, "the collector forgets an owner among others"),
        ] {
            let user = json!({"username": user});
            let home = json!({"metadata": {"labels": {"goldenpath.internal/environment": "shop"}}});
            let (object, old, namespace_object) = (Some(after), Some(before), Some(&home));
            let case =
                Case { operation: Operation::Update, object, old, namespace_object, user: Some(&user), ..case(after) };
            let found = guards()[&guard].judge(&case, today);
            assert_eq!(found == Outcome::Passed, passes, "{kind}: {reason}: {found:?}");
        }
    }
}
