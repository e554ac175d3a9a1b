//! Wrong requests as data: what is wrong, at which attribute, and what is reported of it.

use crate::{
    domain::{Body, Late, Problem},
    golden::{Catalogue, Environment, ResolveContext, Spec, fixtures::*},
};
use serde_json::{Value, json};

#[test]
fn wrong_environments_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Environment>(environment(members)));
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("n{n}"), json!({}))).collect();
    let long = "a".repeat(40);
    for (members, field, words, reason) in [
        (json!({ "namespaces": many }), "namespaces", "this one has 21", "too many namespaces"),
        (json!({"name": long, "namespaces": {&long: {}}}), &format!("namespaces.{long}"), "63", "final name too long"),
    ] {
        assert_refused(&Spec::of::<Environment>(environment(members)), field, words, reason);
    }
}

#[test]
fn all_problems_are_collected() {
    let spec = Spec::of::<Environment>(environment(json!({
        "tier": "prod", "pod_security": {"enforce": "baseline", "version": "x"}, "network": {"allow_from": ["x"], "engine": "none"}
    })));
    let fields: Vec<String> = problems(&spec).iter().map(|problem| problem.field.join(".")).collect();
    for field in ["pod_security.version", "network.allow_from", "owner", "pod_security.enforce", "network.engine"] {
        assert!(fields.contains(&field.to_owned()), "{field} is missing in {fields:?}");
    }
}

#[test]
fn what_is_not_known_is_not_wrong() {
    let mut spec = environment(json!({"access": {"deployer": {"create_role": true}}, "network": {"egress_cidrs": []}}));
    spec.access.as_mut().and_then(|a| a.deployer.as_mut()).expect("deployer").trusted_principal_arns =
        Late::Later.into();
    spec.network.as_mut().expect("network").egress_cidrs = Late::Now(vec![Late::Later]).into();
    assert_eq!(problems(&Spec::of::<Environment>(spec)), []);
}

/// What a golden path offers passes its own guardrails.
#[test]
fn every_preset_can_be_used_in_every_tier() {
    let owner = json!({"contact": "a@example.com", "cost_center": "CC1"});
    for tier in ["dev", "staging", "prod"] {
        for preset in ["aws_services", "internet_https", "kubernetes_api", "same_environment"] {
            let network = json!({"egress_presets": [preset]});
            let spec = environment(json!({"tier": tier, "owner": owner, "network": network}));
            let judged = judged(&Spec::of::<Environment>(spec), &facts(), None);
            let errors: Vec<_> = judged.into_iter().filter(Problem::is_error).collect();
            assert_eq!(errors, [], "{preset} in {tier}");
        }
    }
}

/// What guards read stands in annotations; what HCL asks for is within the golden path's lists.
#[test]
fn lists_of_the_golden_path_bound_what_admission_admits() {
    let path = include_str!("../paths/team-standard-1.0.0.yaml").replace("version: 1.0.0", "version: 2.0.0").replace(
        "      iam_path:",
        "      admission: {ingress_hosts: ['*.{team}.example.com'], priority_classes: [batch], storage_classes: []}\n      iam_path:",
    );
    let catalogue = Catalogue::with_documents([("x", path.as_str())]).expect("a path");
    let facts = facts();
    for (members, hosts, refused, reason) in [
        (json!({}), Some("*.payments.example.com"), &[][..], "all that is granted"),
        (
            json!({"network": {"ingress_hosts": ["a.payments.example.com"]}}),
            Some("a.payments.example.com"),
            &[],
            "HCL narrows it",
        ),
        (
            json!({"network": {"ingress_hosts": ["a.edge.example.com"]}}),
            Some("a.edge.example.com"),
            &["network.ingress_hosts"],
            "another team's",
        ),
        (
            json!({"quota": {"by_priority": {"urgent": {"pods": "1"}}}}),
            Some("*.payments.example.com"),
            &["quota.by_priority.urgent"],
            "a class that is not granted",
        ),
    ] {
        let spec = Spec::of::<Environment>(environment(members));
        let resolved =
            spec.resolve(&ResolveContext { facts: &facts, parent: None, catalogue: &catalogue }).expect(reason);
        let blueprint = resolved.render();
        let Some(Body::Kube(namespace)) = &blueprint.objects[0].body else { panic!("{reason}: no namespace") };
        let annotation =
            |name: &str| namespace["metadata"]["annotations"][format!("goldenpath.internal/{name}")].as_str();
        assert_eq!(annotation("ingress-hosts"), hosts, "{reason}");
        assert_eq!(annotation("priority-classes"), Some("batch"), "{reason}");
        assert_eq!(annotation("storage-classes"), Some(""), "none at all: {reason}");
        assert_eq!(annotation("ingress-classes"), None, "no list bounds nothing: {reason}");
        let problems = resolved.judge(&blueprint);
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, refused, "{reason}: {problems:?}");
    }
}
