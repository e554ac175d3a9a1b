//! Wrong requests as data: what is wrong, at which attribute, and what is reported of it.

use crate::{
    domain::{Body, Computed, Late, Outputs, Problem},
    golden::{Before, Catalogue, Environment, ResolveContext, Spec, fixtures::*},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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

/// An environment may stay at an older version of its path, so only what none of them admits is wrong before it is planned.
#[test]
fn what_some_version_admits_is_not_wrong() {
    let next = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: team-standard\nversion: 1.1.0\nextends: 1.0.0\n\
        tiers: { dev: { quota: { total: { pods: 10, requests.cpu: 8 } } } }\n";
    let catalogue = Catalogue::with_documents([("next", next)]).expect("a catalogue");
    for (version, total, refused, reason) in [
        (None, json!({"pods": "100"}), &[][..], "above the bound of the newest, 40, and below that of the older, 160"),
        (None, json!({"requests.cpu": "20"}), &[], "the other way round"),
        (None, json!({"pods": "100", "requests.cpu": "20"}), &[], "each refuses something else"),
        (None, json!({"pods": "200"}), &["quota.total.pods"], "above both"),
        (None, json!({"pods": "200", "requests.cpu": "20"}), &["quota.total.pods"], "above both, and one of them"),
        (Some("1.1.0"), json!({"pods": "100"}), &["quota.total.pods"], "only the newest is admitted"),
        (Some("1.0.0"), json!({"pods": "100"}), &[], "only the older one is"),
    ] {
        let members = json!({"golden_path_version": version, "quota": {"total": total}});
        let problems = Spec::of::<Environment>(environment(members)).check_with(&catalogue);
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, refused, "{reason}: {problems:?}");
    }
}

#[test]
fn a_data_source_shows_whom_each_persona_names() {
    let blueprint = rendered(Spec::of::<Environment>(payments_prod()), &facts(), None);
    let described = serde_json::to_value(&blueprint.described).expect("writes");
    let arn = |role: &str| format!("arn:aws:iam::111122223333:role/{role}");
    let set = arn("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_PaymentsDev_0123456789abcdef");
    let principals = &described["principal_arns"];
    assert_eq!(principals["admin"], json!([arn("pay-admin")]), "{described}");
    assert_eq!(principals["developer"], json!([set]), "the role behind a permission set");
    assert_eq!(principals["viewer"], json!([]), "groups have no ARN");
}

/// Only EKS knows them, and it never changes them.
#[test]
fn access_entries_keep_their_arns_while_the_principals_stay() {
    let blueprint = rendered(Spec::of::<Environment>(payments_prod()), &facts(), None);
    let keys: Vec<String> = blueprint.objects.iter().map(|object| object.key.to_string()).collect();
    let entry = keys.iter().position(|key| key.contains("/AccessEntry/")).expect("an entry");
    let all =
        |keys: &[String]| -> BTreeMap<String, String> { keys.iter().map(|key| (key.clone(), String::new())).collect() };
    let (mut fewer, mut more) = (all(&keys), all(&keys));
    fewer.remove(&keys[entry]);
    more.insert("aws/eks/AccessEntry/arn:aws:iam::111122223333:role/left".to_owned(), String::new());
    let mut others = all(&keys);
    others.retain(|key, _| key.contains("/AccessEntry/"));
    for (objects, is_kept, reason) in [
        (Some(all(&keys)), true, "nothing changes"),
        (Some(others), true, "other objects do not matter"),
        (Some(fewer), false, "a principal comes"),
        (Some(more), false, "a principal goes"),
        (None, false, "a create"),
    ] {
        let later = Outputs::default().with("access_entry_arns", Computed::Later);
        let mut outputs = later.clone();
        let before = Before { objects: objects.as_ref(), identity_ready: None, proves_identity: false };
        blueprint.output_rules.plan_outputs(&mut outputs, &blueprint.objects, &before);
        assert_eq!(outputs, if is_kept { Outputs::default() } else { later }, "{reason}");
    }
}
