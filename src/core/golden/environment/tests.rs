//! Wrong requests as data: what is wrong, at which attribute, and what is reported of it.

use crate::{
    domain::{Body, Computed, FieldsBuilder, Late, ObjectKey, Observed, Outputs, Ownership, Problem, Record},
    golden::{Before, Catalogue, Environment, ObservedByKey, ResolveContext, Seen, Spec, fixtures::*},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn wrong_environments_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Environment>(environment(members)));
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("n{n}"), json!({}))).collect();
    let long = "a".repeat(40);
    for (members, field, words, reason) in [
        (json!({ "namespaces": many }), "namespaces", "and has 21", "too many namespaces"),
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
        (
            None,
            json!({"pods": "100"}),
            &[][..],
            "above the maximum of the newest, 40, and below that of the older, 160",
        ),
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

#[test]
fn what_is_just_within_its_limits_is_accepted() {
    let twenty: serde_json::Map<String, Value> = (0..20).map(|n| (format!("n{n}"), json!({}))).collect();
    let owner = json!({"contact": "a@example.com", "cost_center": "CC1"});
    let default = json!({"container": {"default_memory": "128Mi"}});
    let level = |level: &str| json!({"pod_security": {"enforce": level}});
    let half = json!({"default_request_memory": "512Mi", "default_memory": "512Mi", "max_memory": "512Mi"});
    let total =
        |total: Value, priority: &str| json!({"quota": {"total": total, "by_priority": {"x": {"pods": priority}}}});
    let trusted = json!([{"provider": "oidc.eks.eu-west-1.amazonaws.com/id/A-1_b~2", "subjects": ["repo:acme/pay"]}]);
    let branches =
        json!([{"provider": "token.actions.githubusercontent.com", "subjects": ["repo:acme/pay:ref:refs/heads/*"]}]);
    for (members, reason) in [
        (json!({ "namespaces": twenty }), "as many namespaces as there may be"),
        (level("baseline"), "the level of the tier"),
        (
            json!({"pod_security": {"enforce": "restricted"}, "namespaces": {"a": level("restricted")}}),
            "a namespace with the level of the environment",
        ),
        (json!({"limits": {"container": half}}), "request, limit and maximum are the same"),
        (
            json!({"quota": {"total": {"requests.memory": "8Gi", "limits.memory": "8Gi"}}, "limits": default}),
            "requests as large as the limits",
        ),
        (
            json!({"quota": {"total": {"limits.memory": "8Gi"}}, "limits": default}),
            "limits as large as the tier's requests",
        ),
        (json!({"quota": {"total": {"requests.cpu": "16"}}}), "the maximum of the tier"),
        (total(json!({"pods": "10"}), "10"), "a class may take all of what was written"),
        (total(json!({"pods": "10"}), "5"), "or less"),
        (total(json!({}), "40"), "or all of the tier's"),
        (
            json!({"limits": default, "namespaces": {"a": {"quota": {"limits.memory": "128Mi"}}}}),
            "a namespace in which one container fits",
        ),
        (json!({"network": {"default_deny": "ingress"}}), "what the tier denies"),
        (json!({"network": {"default_deny": "both"}}), "more than that"),
        (json!({"tier": "prod", "owner": owner, "network": {"default_deny": "both"}}), "what production denies"),
        (json!({"network": {"same_environment": false}}), "closed within, and no preset opens it"),
        (json!({"access": {"deployer": {"create_role": true, "trusted_oidc": trusted}}}), "a provider with a path"),
        (
            json!({"access": {"deployer": {"create_role": true, "trusted_oidc": branches}}}),
            "every branch of a repository",
        ),
    ] {
        let found = problems(&Spec::of::<Environment>(environment(members)));
        assert_eq!(found.into_iter().filter(Problem::is_error).collect::<Vec<_>>(), [], "{reason}");
    }
}

/// That of the cluster when the environment was made, which its labels name.
#[test]
fn a_version_of_pod_security_is_not_older_than_the_recorded_one() {
    for (version, expected, reason) in [
        ("1.35", &["pod_security.version", "namespaces.a.pod_security.version"][..], "older"),
        ("1.36", &[], "the same"),
        ("1.37", &[], "newer"),
    ] {
        let asked = json!({ "version": version });
        let members = json!({"pod_security": asked, "namespaces": {"a": {"pod_security": asked}}});
        let problems = judged(&Spec::of::<Environment>(environment(members)), &facts(), None);
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, expected, "{reason}: {problems:?}");
    }
}

#[test]
fn a_default_limit_is_warned_of_where_it_is_set() {
    let limits = json!({"container": {"default_memory": "256Mi", "max_memory": "1Gi"}});
    for (members, expected, reason) in [
        (json!({ "limits": limits }), &["limits.container.default_memory"][..], "of all namespaces"),
        (
            json!({"namespaces": {"a": {"limits": limits}, "b": {}}}),
            &["namespaces.a.limits.container.default_memory"],
            "of one of them",
        ),
        (json!({"limits": {"container": {"max_memory": "1Gi"}}}), &[], "a maximum is none that somebody chose"),
        (
            json!({"limits": {"container": {"default_memory": "1Gi", "max_memory": "1Gi"}}}),
            &[],
            "at the maximum, which refuses as much",
        ),
    ] {
        let problems = problems(&Spec::of::<Environment>(environment(members)));
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, expected, "{reason}: {problems:?}");
        for problem in &problems {
            assert!(problem.code == "environment.default_limit" && !problem.is_error(), "{reason}: {problem}");
            assert_well_written(problem, reason);
        }
    }
}

/// The trap is the same whoever has set it.
#[test]
fn a_default_limit_of_the_path_is_warned_of_once() {
    let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
        tiers: { dev: { limits: { default_memory: 256Mi } } }\n";
    let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
    let container = |members: Value| json!({"container": members});
    let of_all = "limits.container.default_memory";
    let of_a = "namespaces.a.limits.container.default_memory";
    for (members, expected, reason) in [
        (
            json!({"namespaces": {"a": {}, "b": {}}}),
            &[(of_all, "golden path own")][..],
            "of the path, for all namespaces",
        ),
        (json!({"limits": container(json!({"max_memory": "1Gi"}))}), &[(of_all, "golden path own")], "below a maximum"),
        (json!({"limits": container(json!({"max_memory": "128Mi"}))}), &[], "a smaller maximum takes its place"),
        (
            json!({"limits": container(json!({"default_memory": "1Gi"}))}),
            &[(of_all, "Leave it out")],
            "the request's own",
        ),
        (
            json!({"namespaces": {"a": {"limits": container(json!({"default_memory": "1Gi"}))}}}),
            &[(of_a, "Leave it out"), (of_all, "golden path own")],
            "another one in one namespace",
        ),
    ] {
        let mut members = members;
        members["golden_path"] = json!("own");
        let found = Spec::of::<Environment>(environment(members)).check_with(&catalogue);
        let seen: Vec<String> = found.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(seen, expected.iter().map(|(field, _)| *field).collect::<Vec<_>>(), "{reason}: {found:?}");
        for (problem, (_, words)) in found.iter().zip(expected) {
            assert!(
                problem.code == "environment.default_limit" && problem.detail.contains(words),
                "{reason}: {problem}"
            );
            assert_well_written(problem, reason);
        }
    }
}

/// Else a larger request would meet the default limit.
#[test]
fn a_memory_limit_of_a_tier_follows_the_request_unless_it_is_written() {
    let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
        tiers: { dev: { quota: { total: { limits.memory: 16Gi } }, limits: { default_memory: 256Mi } } }\n";
    let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
    for (total, expected, reason) in [
        (json!({}), "16Gi", "as the tier has it"),
        (json!({"requests.memory": "12Gi"}), "24Gi", "twice the request, as in the tier"),
        (json!({"requests.memory": "12Gi", "limits.memory": "20Gi"}), "20Gi", "as written"),
    ] {
        let spec = environment(json!({"golden_path": "own", "quota": {"total": total}}));
        let parent = crate::golden::environment::parent_of(&spec, &facts(), &catalogue).expect(reason);
        assert_eq!(parent.quota_total["limits.memory"].to_string(), expected, "{reason}");
    }
}

#[test]
fn an_apply_says_the_arns_that_the_plan_promised_and_a_refresh_only_those_that_exist() {
    let blueprint = rendered(Spec::of::<Environment>(payments_prod()), &facts(), None);
    let entries: Vec<(&ObjectKey, &str)> = blueprint
        .objects
        .iter()
        .filter_map(|object| match &object.key {
            key @ ObjectKey::AccessEntry { principal } => Some((key, principal.as_str())),
            _ => None,
        })
        .collect();
    let seen = |count: usize| -> ObservedByKey {
        let live = |(key, principal): &(&ObjectKey, &str)| {
            let id = Some(format!("{principal}/entry"));
            let live = Observed::new((*key).clone(), "1", Ownership::Cluster, FieldsBuilder::default().build());
            ((*key).clone(), Observed { id, ..live })
        };
        entries.iter().take(count).map(live).collect()
    };
    let arns = |count: usize| {
        let arn = |(index, (_, principal)): (usize, &(&ObjectKey, &str))| {
            ((*principal).to_owned(), (index < count).then(|| format!("{principal}/entry")))
        };
        Some(Computed::from(entries.iter().enumerate().map(arn).collect::<BTreeMap<_, _>>()))
    };
    let all = entries.len();
    assert!(all > 1, "one can be missing");
    for (count, is_promised, expected, reason) in [
        (all, true, arns(all), "an apply made them"),
        (all - 1, true, arns(all - 1), "one was not made, and its key was in the plan"),
        (all, false, arns(all), "a refresh finds them"),
        (all - 1, false, None, "one that is gone is drift"),
    ] {
        let mut outputs = Outputs::default();
        if is_promised {
            outputs.set("access_entry_arns", Computed::Later);
        }
        let seen = Seen { objects: &seen(count), record: None, proof: None };
        blueprint.output_rules.settle_outputs(&mut outputs, &blueprint.objects, &seen);
        assert_eq!(outputs.get("access_entry_arns"), expected.as_ref(), "{reason}");
    }
}

#[test]
fn how_long_a_create_took_is_computed_from_its_record() {
    let blueprint = rendered(Spec::of::<Environment>(environment(json!({}))), &facts(), None);
    let timing = |phase: &str, second: u32, milliseconds: u64| json!({"phase": phase, "started_at": format!("2026-11-25T01:00:0{second}Z"), "milliseconds": milliseconds});
    let timings = json!([timing("requested", 0, 10), timing("objects", 1, 3000), timing("ready", 4, 0)]);
    let expected = json!({
        "requested_at": "2026-11-25T01:00:00Z", "ready_at": "2026-11-25T01:00:04Z",
        "phases": {"requested": 10, "objects": 3000, "ready": 0}
    });
    for (timings, expected, reason) in
        [(timings, Some(&expected), "each phase"), (json!([]), None, "a record of something that was adopted has none")]
    {
        let record: Record = serde_json::from_value(json!({
            "id": "demo/payments-dev", "uid": "u", "kind": "environment", "cluster_arn": facts().cluster_arn, "team": "payments",
            "golden_path": "team-standard", "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {},
            "facts": facts(), "inventory": [], "phase": "ready", "timings": timings, "tool_version": "1"
        }))
        .expect("a record");
        let mut outputs = Outputs::default();
        let seen = Seen { objects: &ObservedByKey::new(), record: Some(&record), proof: None };
        blueprint.output_rules.settle_outputs(&mut outputs, &blueprint.objects, &seen);
        let found = serde_json::to_value(&outputs).expect("writes");
        assert_eq!(found.get("provisioning"), expected, "{reason}");
    }
}
