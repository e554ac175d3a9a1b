//! What is reported of requests: all that is wrong, each fault once, and nothing of what is right.

use crate::{
    domain::Problem,
    golden::{
        Environment, Slot, Spec,
        fixtures::{self, *},
    },
};
use serde_json::{Value, json};

#[test]
fn what_only_the_cluster_can_refuse_is_reported() {
    let facts = facts();
    for (members, field, code, reason) in [
        (
            json!({"access": {"viewer": {"permission_sets": ["Nope"]}}}),
            "access.viewer.permission_sets",
            "access.unknown_permission_set",
            "no role",
        ),
        (
            json!({"network": {"egress_fqdns": ["a.example.com"]}}),
            "network.egress_fqdns",
            "network.engine_knows_no_names",
            "auto is vpc_cni here",
        ),
    ] {
        let errors = resolved(&Spec::of::<Environment>(environment(members)), &facts, None).err().expect(reason);
        assert_eq!((errors[0].field.join("."), errors[0].code), (field.to_owned(), code), "{reason}");
    }
    let foreign = json!({"access": {"admin": {"principal_arns": ["arn:aws:iam::999999999999:role/x"]}}});
    let refused = judged(&Spec::of::<Environment>(environment(foreign)), &facts, None);
    assert_eq!(refused[0].code, "access.principal_not_granted");

    let several = parent(&environment(json!({"namespaces": {"api": {}, "jobs": {}}})), &facts);
    let one = parent(&environment(json!({"namespaces": {"api": {}}})), &facts);
    for (members, parent, field, reason) in [
        (json!({}), &several, "namespace", "several namespaces and none called default"),
        (json!({"namespace": "nope"}), &one, "namespace", "no such namespace"),
        (json!({"name": "api", "isolation": "namespace"}), &one, "name", "the isolated namespace is taken"),
        (json!({"share": {"cpu": "5", "memory": "1Gi"}}), &one, "share.cpu", "more than the total"),
        (json!({"identity": {"mode": "irsa"}}), &one, "identity.mode", "no OIDC issuer"),
        (json!({"egress": {"fqdns": ["a.example.com"]}}), &one, "egress.fqdns", "names without an engine"),
        (
            json!({"identity": {"statements": [{"actions": ["ec2:RunInstances"], "resources": ["*"]}]}}),
            &one,
            "identity.statements.0.actions",
            "not granted",
        ),
        (
            json!({"availability": {"min_replicas": 5}, "share": {"cpu": "1", "memory": "1Gi", "max_replicas": 4}}),
            &one,
            "availability.min_replicas",
            "order",
        ),
    ] {
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(parent));
        assert!(problems.iter().any(|p| p.is_error() && p.field.join(".") == field), "{reason}: {problems:?}");
    }
    let lost = resolved(&Spec::of::<Slot>(slot(json!({}))), &facts, None).err().expect("no environment");
    assert_eq!(lost[0].field, ["environment"]);
}

#[test]
fn right_requests_pass() {
    for spec in [
        Spec::of::<Environment>(environment(json!({}))),
        Spec::of::<Environment>(payments_prod()),
        Spec::of::<Slot>(slot(json!({}))),
        Spec::of::<Slot>(slot(ledger())),
        baseline(),
    ] {
        assert_eq!(problems(&spec), [], "{spec:?}");
    }
}

/// A default that gives way to a smaller maximum is what a quota is held against.
#[test]
fn a_quota_is_held_against_the_limit_that_containers_get() {
    let spec = |container: Value| {
        let quota = json!({"a": {"quota": {"limits.memory": "128Mi"}, "limits": {"container": container}}});
        problems(&Spec::of::<Environment>(environment(json!({ "namespaces": quota }))))
    };
    assert_eq!(spec(json!({}))[0].code, "environment.no_default_limit", "the tier has no default");
    assert_eq!(
        spec(json!({"default_memory": "256Mi"}))[0].code,
        "environment.default_exceeds_quota",
        "more than there is"
    );
    assert_eq!(spec(json!({"max_memory": "64Mi"})), [], "which is the default, too");
}

/// What `check` reports is not reported again by the guardrails, and nothing else is lost.
#[test]
fn a_fault_is_reported_once() {
    let written = json!({"identity": {"statements": [{"actions": ["sts:AssumeRole"], "resources": ["*"]}]}});
    let (spec, facts) = (Spec::of::<Slot>(slot(written)), facts());
    let parent = parent(&environment(json!({})), &facts);
    let codes = |problems: Vec<Problem>| problems.iter().map(|problem| problem.code).collect::<Vec<_>>();
    assert_eq!(codes(spec.check()), ["iam.assume_anything"]);
    let found = codes(judged(&spec, &facts, Some(&parent)));
    assert_eq!(found, ["identity.action_not_granted", "identity.resource_not_granted", "slot.shared_identities"]);
}

#[test]
fn all_that_is_wrong_is_reported_where_nothing_can_be_rendered() {
    let facts = facts();
    let parent = parent(&environment(json!({})), &facts);
    let slot = Spec::of::<Slot>(slot(json!({"namespace": "nope", "share": {"cpu": "99", "memory": "1Gi"}})));
    let environment = json!({"name": "kube-x", "access": {"viewer": {"permission_sets": ["Nope"]}}});
    let environment = Spec::of::<Environment>(fixtures::environment(environment));
    for (spec, parent, expect) in [
        (slot, Some(&parent), ["slot.share_exceeds_total", "slot.namespace_unknown"]),
        (environment, None, ["names.reserved", "access.unknown_permission_set"]),
    ] {
        let errors = resolved(&spec, &facts, parent).err().expect("nothing to render");
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), expect);
    }
}
