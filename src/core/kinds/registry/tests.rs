use super::*;
use crate::{
    domain::plural,
    kinds::kind::{NameRule, Placement, Served, Writes},
};
use std::collections::BTreeSet;

fn key(kind: &Kind) -> ObjectKey {
    let text = match kind.placement {
        Placement::Aws => format!("aws/{}/{}/a/b/c", kind.api, kind.name),
        Placement::Cluster => format!("k8s/{}/{}/a", kind.api, kind.name),
        Placement::Namespaced => format!("k8s/{}/{}/a/b", kind.api, kind.name),
    };
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn each_kind_is_listed_once_and_found_by_its_key() {
    let names: BTreeSet<(&str, &str)> = all().map(|kind| (kind.group(), kind.name)).collect();
    assert_eq!(names.len(), all().count(), "each once");
    for kind in all() {
        let found = of(&key(kind)).unwrap_or_else(|| panic!("{} is found by its key", kind.name));
        assert_eq!((found.api, found.name), (kind.api, kind.name));
    }
    for kind in kubernetes::KINDS {
        assert_eq!(find(kind.api, kind.name).map(|found| found.plural), Some(kind.plural), "{}", kind.name);
    }
}

#[test]
fn a_short_key_of_aws_is_that_of_its_kind() {
    for kind in aws::KINDS {
        let key = key(kind);
        let Some(rest) = (kind.short)(&key) else { panic!("{} has a short key", kind.name) };
        if let Some(read) = (kind.of_short)(&rest) {
            assert_eq!(read, key, "{}: it reads back", kind.name);
        }
        let mut others = aws::KINDS.iter().filter(|other| other.name != kind.name);
        assert!(others.all(|other| (other.short)(&key).is_none()), "{}: no other kind's", kind.name);
    }
}

#[test]
fn a_kind_says_what_every_target_needs_of_it() {
    for kind in kubernetes::KINDS {
        let Kind { name, plural, .. } = kind;
        assert!(
            !plural.is_empty() && plural.chars().all(|c| c.is_ascii_lowercase()),
            "{name}: the plural of its paths"
        );
        assert!(kind.api.rsplit('/').next().is_some_and(|version| version.starts_with('v')), "{name}: a version");
        assert!(!kind.roots.is_empty(), "{name}: its fields");
        let is_root = |pointer: &&str| kind.roots.contains(&pointer.split('/').nth(1).unwrap_or_default());
        assert!(kind.openings.iter().chain(kind.immutable).all(is_root), "{name}: its own pointers");
        let is_written = [kind.baseline, kind.environments].iter().any(|writes| *writes != Writes::Nothing);
        assert!(is_written, "{name}: some pipeline writes it");
    }
}

/// The RBAC of pipelines is made of this.
#[test]
fn a_pipeline_may_write_no_more_than_it_makes() {
    let special = [
        ("Namespace", Writes::Named(&[SYSTEM_NAMESPACE]), Writes::All, "the baseline makes the one of its records"),
        (
            "ConfigMap",
            Writes::Named(&["gp-baseline"]),
            Writes::Within(SYSTEM_NAMESPACE),
            "records alone: aws-auth, which lets people in, is a ConfigMap too",
        ),
        (
            "ClusterRole",
            Writes::Rendered,
            Writes::Nothing,
            "environments bind what a persona may do, and never write it",
        ),
        ("ValidatingAdmissionPolicy", Writes::Rendered, Writes::Nothing, "no environment loosens its guards"),
        ("ValidatingAdmissionPolicyBinding", Writes::Rendered, Writes::Nothing, "nor where they act"),
    ];
    for kind in kubernetes::KINDS {
        let usual =
            (kind.name, Writes::Nothing, Writes::All, "what a golden path renders, and nothing for the baseline");
        let (_, baseline, environments, reason) =
            special.into_iter().find(|(name, ..)| *name == kind.name).unwrap_or(usual);
        assert_eq!((kind.baseline, kind.environments), (baseline, environments), "{}: {reason}", kind.name);
    }
}

/// The sandbox refuses what an API server refuses, and the contract suite meets what a cluster does.
#[test]
fn kinds_are_unlike_others_where_the_api_server_says_so() {
    let those = |is_it: fn(&Kind) -> bool| -> Vec<&str> {
        kubernetes::KINDS.iter().filter(|kind| is_it(kind)).map(|kind| kind.name).collect()
    };
    for (found, expected, reason) in [
        (those(|kind| kind.names == NameRule::PathSegment), &["RoleBinding", "ClusterRole"][..], "`system:basic-user`"),
        (those(|kind| kind.names == NameRule::Label), &["Namespace"], "it is a part of names of hosts"),
        (
            those(|kind| kind.served == Served::WhereInstalled),
            &["ApplicationNetworkPolicy", "CiliumNetworkPolicy"],
            "CRDs of a network policy engine",
        ),
        (
            those(|kind| kind.has_status),
            &["ResourceQuota", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ValidatingAdmissionPolicy"],
            "a controller counts, scales or checks, and writes it down",
        ),
    ] {
        assert_eq!(found, expected, "{reason}");
    }
    let kept: Vec<_> =
        kubernetes::KINDS.iter().flat_map(|kind| kind.immutable.iter().map(|at| (kind.name, *at))).collect();
    assert_eq!(kept, [("RoleBinding", "/roleRef"), ("ResourceQuota", "/spec/scopes")], "who changes it makes another");
    for (kind, field, is_known, reason) in [
        ("NetworkPolicy", "spec", true, "as most have"),
        ("NetworkPolicy", "status", true, "as most have"),
        ("LimitRange", "status", false, "nothing counts for it"),
        ("CiliumNetworkPolicy", "specs", true, "several policies in one object"),
        ("CiliumNetworkPolicy", "status", true, "and what became of them"),
        ("ConfigMap", "data", true, "no spec around it"),
        ("ConfigMap", "spec", false, "no spec around it"),
        ("ClusterRole", "aggregationRule", true, "it may be made of others"),
    ] {
        let known =
            kubernetes::KINDS.iter().find(|known| known.name == kind).is_some_and(|kind| kind.roots.contains(&field));
        assert_eq!(known, is_known, "{field} of {kind}: {reason}");
    }
}

#[test]
fn another_version_is_the_same_kind_and_another_group_is_not() {
    for (api_version, kind, expected, reason) in [
        ("autoscaling/v1", "HorizontalPodAutoscaler", true, "a record of an older release"),
        ("v1", "Namespace", true, "the core group"),
        ("projectcalico.org/v3", "NetworkPolicy", false, "somebody else's kind of that name"),
        ("v1", "NetworkPolicy", false, "no group"),
        ("argoproj.io/v1alpha1", "Application", false, "a kind that nobody added"),
    ] {
        assert_eq!(find(api_version, kind).is_some(), expected, "{reason}");
    }
}

#[test]
fn what_protects_and_serves_others_outlives_them() {
    let rank = |text: &str| removal_rank(&text.parse().unwrap_or_else(|error| panic!("{text}: {error}")));
    let order = [
        ("k8s/autoscaling/v2/HorizontalPodAutoscaler/pay/api", "nothing scales what is about to go"),
        ("aws/eks/PodIdentityAssociation/pay/api", "before its ServiceAccount and its role"),
        ("k8s/v1/ServiceAccount/pay/api", "content"),
        ("k8s/v1/Namespace/pay", "after what is in it"),
        ("aws/eks/AccessPolicy/AmazonEKSViewPolicy/pay/arn:aws:iam::111122223333:role/a", "people see the end of it"),
        ("aws/eks/AccessEntry/arn:aws:iam::111122223333:role/a", "after what is associated with it"),
        ("aws/iam/Role/gp-pay", "after the entry that names it"),
        ("k8s/v1/Namespace/goldenpath-system", "it holds every record"),
    ];
    for pair in order.windows(2) {
        let [(earlier, _), (later, reason)] = pair else { continue };
        assert!(rank(earlier) < rank(later), "{earlier} goes before {later}: {reason}");
    }
    for (same, as_this, reason) in [
        ("k8s/policy/v1/PodDisruptionBudget/pay/api", order[0].0, "it would hold up the end of the pods"),
        ("k8s/autoscaling/v1/HorizontalPodAutoscaler/pay/api", order[0].0, "whatever its version"),
        ("k8s/networking.k8s.io/v1/NetworkPolicy/pay/gp-default-deny", order[2].0, "content"),
        ("k8s/argoproj.io/v1alpha1/Application/pay/api", order[2].0, "a kind that nobody added is content"),
        ("k8s/v1/ConfigMap/goldenpath-system/environment.pay", order[2].0, "a record is removed by whoever holds it"),
    ] {
        assert_eq!(rank(same), rank(as_this), "{same}: {reason}");
    }
}

#[test]
fn every_kind_inside_of_a_namespace_goes_before_it() {
    for kind in all().filter(|kind| kind.is_namespaced()) {
        assert!(kind.removal < RemovalRank::Namespace, "{}", kind.name);
    }
}

#[test]
fn what_lets_someone_in_is_known_by_group() {
    for (api_version, kind, expected, reason) in [
        ("rbac.authorization.k8s.io/v1", "RoleBinding", &["/subjects"][..], "whoever is bound"),
        ("networking.k8s.io/v1", "NetworkPolicy", &["/spec/egress", "/spec/ingress"], "both directions"),
        ("cilium.io/v2", "CiliumNetworkPolicy", &["/spec/egress", "/spec/ingress"], "and other engines'"),
        ("v1", "ConfigMap", &[], "nothing to let in"),
        ("example.com/v1", "Widget", &[], "a kind that nobody added"),
    ] {
        assert_eq!(openings(api_version, kind), expected, "{reason}");
    }
}

#[test]
fn plurals_are_those_of_discovery() {
    for kind in kubernetes::KINDS {
        assert_eq!(plural(kind.name), kind.plural);
    }
    for (kind, expected) in [("Ingress", "ingresses"), ("Gateway", "gateways"), ("Endpoints", "endpoints")] {
        assert_eq!(plural(kind), expected);
    }
}
