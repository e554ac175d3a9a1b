//! Wrong slots as data.

use crate::{
    domain::{Body, Computed, EnvironmentSpec, Problem, Quantity, StableFacts},
    golden::{Catalogue, Parent, QuotaPart, ResolveContext, Slot, Spec, fixtures::*},
};
use serde_json::json;

#[test]
fn wrong_slots_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Slot>(slot(members)));
    let long = "a".repeat(40);
    let isolated = json!({"name": long, "environment": format!("demo/{long}"), "isolation": "namespace"});
    let huge: Vec<String> = (0..400).map(|n| format!("arn:aws:s3:::payments-bucket-number-{n}/*")).collect();
    let huge = json!({"identity": {"statements": [{"actions": ["s3:GetObject"], "resources": huge}]}});
    for (members, field, words, reason) in
        [(isolated, "name", "63", "final name too long"), (huge, "identity.statements", "10240", "too large")]
    {
        assert_refused(&Spec::of::<Slot>(slot(members)), field, words, reason);
    }
}

/// What is right alone and not in its environment.
#[test]
fn a_share_leaves_room_in_the_environment() {
    let (facts, mut environment) = (facts(), payments_prod());
    environment.namespaces = serde_json::from_value(json!({"api": {}})).expect("namespaces");
    let parent = parent(&environment, &facts);
    for (isolation, cpu, code, reason) in [
        ("shared", "6", None, "exactly the headroom of a quarter of the own part is left"),
        ("shared", "6001m", Some("slot.headroom_uncovered"), "less is left"),
        ("shared", "8", Some("slot.headroom_uncovered"), "all of the own part, a quarter of 32"),
        ("shared", "8001m", Some("slot.share_exceeds_total"), "more than that"),
        ("namespace", "18", None, "all of the part of isolated slots, a quarter of it for rolling updates"),
        ("namespace", "18001m", Some("slot.share_exceeds_total"), "more than that"),
    ] {
        let mut members = ledger();
        members["share"]["cpu"] = json!(cpu);
        members["isolation"] = json!(isolation);
        members["namespace"] = if isolation == "shared" { json!("api") } else { json!(null) };
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(&parent));
        let of_share = |code: &&str| ["slot.headroom_uncovered", "slot.share_exceeds_total"].contains(code);
        assert_eq!(problems.iter().map(|problem| problem.code).find(of_share), code, "{reason}");
    }
}

/// What the new pods of a Deployment's update take, a quarter rounded up, is a warning in plans only where it is not left.
#[test]
fn a_shared_slot_says_what_its_update_takes() {
    let facts = facts();
    let parent = parent(&payments_prod(), &facts);
    for (isolation, max_replicas, expected, reason) in [
        ("shared", 3, Some(("333m", "341Mi", "1")), "one of three"),
        ("shared", 5, Some(("400m", "408Mi", "2")), "a quarter of five, rounded up"),
        ("shared", 1, Some(("1", "1Gi", "1")), "as much again"),
        ("namespace", 3, None, "its own quota has room for it"),
    ] {
        let share = json!({"cpu": "1", "memory": "1Gi", "max_replicas": max_replicas});
        let spec = Spec::of::<Slot>(slot(json!({"isolation": isolation, "share": share})));
        let taken = spec.demand(&parent, &Catalogue::built_in());
        let of = |resource: &str| taken.get(&(QuotaPart::Surge, resource.to_owned())).map(ToString::to_string);
        let expected = |pick: fn((&'static str, &'static str, &'static str)) -> &'static str| {
            expected.map(|all| pick(all).parse::<Quantity>().expect("an amount").to_string())
        };
        assert_eq!(of("requests.cpu"), expected(|all| all.0), "{reason}");
        assert_eq!(of("requests.memory"), expected(|all| all.1), "{reason}");
        assert_eq!(of("pods"), expected(|all| all.2), "{reason}");
    }
}

/// Whatever the environment's total bounds is bounded in an isolated slot's namespace, and together they never exceed it.
#[test]
fn an_isolated_slot_takes_its_part_of_everything() {
    let facts = facts();
    let total = json!({"requests.cpu": "16", "limits.memory": "16Gi", "pods": "80", "count/jobs.batch": "33", "requests.nvidia.com/gpu": "4"});
    let spec = environment(json!({"quota": {"total": total, "slots_percent": 50}}));
    let parent = parent(&spec, &facts);
    let isolated = json!({"isolation": "namespace", "share": {"cpu": "2", "memory": "1Gi", "max_replicas": 8}});
    let blueprint = rendered(Spec::of::<Slot>(slot(isolated)), &facts, Some(&parent));
    let hard = blueprint.objects.iter().find_map(|object| match &object.body {
        Some(Body::Kube(document)) if object.key.kind() == "ResourceQuota" => Some(&document["spec"]["hard"]),
        _ => None,
    });
    let hard = hard.expect("a quota");
    for (resource, amount, reason) in [
        ("requests.cpu", json!("2500m"), "its share, and a quarter for a rolling update"),
        ("requests.memory", json!("1280Mi"), "likewise"),
        ("limits.memory", json!("2560Mi"), "moves with the request, by the ratio of the environment"),
        ("pods", json!("11"), "eight replicas, their surge and one more"),
        ("requests.storage", json!("10Gi"), "the path's"),
        ("count/jobs.batch", json!("5"), "of the 16 that isolated slots have, as much as of their CPU"),
        ("requests.nvidia.com/gpu", json!("0"), "its part of 2 is no whole one"),
    ] {
        assert_eq!(hard[resource], amount, "{resource}: {reason}: {hard}");
    }
    let none = parent_without_slots(&facts);
    let problems = judged(&Spec::of::<Slot>(slot(json!({"isolation": "namespace"}))), &facts, Some(&none));
    let found: Vec<_> = problems.iter().map(|problem| (problem.code, problem.field.join("."))).collect();
    assert_eq!(
        found,
        [("slot.no_part_for_isolated", "isolation".to_owned())],
        "one error, and not one for each resource"
    );
}

fn parent_without_slots(facts: &StableFacts) -> Parent {
    parent(&environment(json!({})), facts)
}

/// A Deny takes and never gives; what a document or a managed policy gives is held against the grants as well.
#[test]
fn grants_are_held_against_what_is_allowed() {
    let facts = facts();
    let parent = parent(&payments_prod(), &facts);
    let statement = |effect: &str, action: &str| json!({"effect": effect, "actions": [action], "resources": ["*"]});
    let document = |effect: &str, action: &str| {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    };
    for (identity, expected, reason) in [
        (json!({"statements": [statement("Deny", "*")]}), None, "a Deny may name anything"),
        (
            json!({"statements": [statement("Allow", "ec2:RunInstances")]}),
            Some(("identity.action_not_granted", "identity.statements.0.actions")),
            "an Allow may not",
        ),
        (
            json!({"statements": [statement("Allow", "xray:PutTraceSegments")]}),
            None,
            "an action that supports no resource names all of them",
        ),
        (
            json!({"statements": [{"actions": ["xray:PutTraceSegments"], "resources": ["arn:aws:s3:::shop-data/*"]}]}),
            Some(("identity.resource_not_granted", "identity.statements.0.resources")),
            "and no resource of another team's",
        ),
        (json!({"policy_json": document("Deny", "iam:*")}), None, "nor is a Deny of a document linted"),
        (
            json!({"policy_json": document("Allow", "ec2:RunInstances")}),
            Some(("identity.action_not_granted", "identity.policy_json")),
            "a document is blamed as a whole",
        ),
        (
            json!({"policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}),
            Some(("identity.policy_not_granted", "identity.policy_arns")),
            "the built-in path grants no managed policy",
        ),
    ] {
        let mut members = ledger();
        members["identity"] = identity;
        members["ingress"] = json!(null);
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(&parent));
        let first = problems.first().map(|problem| (problem.code, problem.field.join(".")));
        assert_eq!(first, expected.map(|(code, field)| (code, field.to_owned())), "{reason}");
    }
}

/// The codes of what is wrong with a slot of `payments-prod`, or of this environment.
fn codes(members: serde_json::Value, environment: Option<&EnvironmentSpec>) -> Vec<&'static str> {
    let (facts, prod) = (facts(), payments_prod());
    let parent = parent(environment.unwrap_or(&prod), &facts);
    let mut whole = ledger();
    whole.as_object_mut().expect("members").extend(members.as_object().expect("members").clone());
    judged(&Spec::of::<Slot>(slot(whole)), &facts, Some(&parent)).iter().map(|problem| problem.code).collect()
}

#[test]
fn what_is_just_within_its_bounds_is_accepted() {
    for (availability, reason) in [
        (json!({"max_unavailable": "100%"}), "all of them"),
        (json!({"max_unavailable": "9999"}), "four digits"),
        (json!({"max_unavailable": "1"}), "a count"),
        (json!({"min_replicas": 3, "target_cpu_percent": 100}), "as many as there may be"),
        (json!({"min_replicas": 1, "target_cpu_percent": 1}), "the least"),
    ] {
        let share = json!({"cpu": "1", "memory": "1Gi", "max_replicas": 3});
        let members = json!({"availability": availability, "share": share});
        assert_eq!(problems(&Spec::of::<Slot>(slot(members.clone()))), [], "{reason}");
        let found = codes(members, None);
        let of_availability =
            |code: &&&str| code.starts_with("slot.m") || code.starts_with("slot.replicas") || code.contains("cpu");
        assert_eq!(found.iter().find(of_availability), None, "{reason}");
    }
}

/// Where the environment restricts nothing, rules of a slot open nothing.
#[test]
fn rules_that_have_no_effect_are_named() {
    for (deny, members, expected, reason) in [
        ("ingress", json!({"egress": {"to_slots": ["edge-prod/gateway"]}}), true, "to a slot"),
        ("ingress", json!({"egress": {"fqdns": ["api.example.com"]}}), true, "to a name"),
        ("ingress", json!({"egress": {}}), false, "to nothing"),
        ("egress", json!({"egress": {"to_slots": ["edge-prod/gateway"]}}), false, "what is restricted"),
        ("egress", json!({"ingress": {"from_slots": ["edge-prod/gateway"], "ports": [80]}}), true, "from a slot"),
        (
            "ingress",
            json!({"ingress": {"from_slots": ["edge-prod/gateway"], "ports": [80]}}),
            false,
            "what is restricted",
        ),
    ] {
        let mut spec = payments_prod();
        spec.network.as_mut().expect("a network").default_deny =
            serde_json::from_value(json!(deny)).expect("a default");
        let mut whole = json!({"ingress": null, "egress": null});
        whole.as_object_mut().expect("members").extend(members.as_object().expect("members").clone());
        assert_eq!(codes(whole, Some(&spec)).contains(&"slot.network_open"), expected, "{deny}: {reason}");
    }
}

/// Any pod of a shared namespace could take such a role.
#[test]
fn a_shared_role_needs_a_namespace_or_a_tier_that_allows_it() {
    let asked = |isolation: &str, scope: &str| {
        let namespace = if isolation == "shared" { json!("api") } else { json!(null) };
        json!({"isolation": isolation, "namespace": namespace, "identity": {"scope": scope}})
    };
    let dev = environment(json!({"tier": "dev", "namespaces": {"api": {}}}));
    for (members, environment, expected, reason) in [
        (asked("shared", "role_only"), None, true, "in production, beside others"),
        (asked("namespace", "role_only"), None, false, "in a namespace of its own"),
        (asked("shared", "tags"), None, false, "bound to its ServiceAccount"),
        (asked("shared", "role_only"), Some(&dev), false, "outside of production"),
    ] {
        assert_eq!(codes(members, environment).contains(&"identity.shared_role_only"), expected, "{reason}");
    }
}

#[test]
fn what_is_granted_of_the_same_service_is_named() {
    let statement = json!({"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::shop-data/*"]});
    let (facts, environment) = (facts(), payments_prod());
    let parent = parent(&environment, &facts);
    let mut members = ledger();
    members["identity"] = json!({"statements": [statement]});
    let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(&parent));
    let refused = problems.iter().find(|problem| problem.code == "identity.resource_not_granted").expect("refused");
    assert!(refused.detail.contains("arn:aws:s3:::payments"), "{}", refused.detail);
    assert!(!refused.detail.contains("arn:aws:sqs:"), "of another service: {}", refused.detail);
}

#[test]
fn a_slot_that_is_named_twice_is_warned_of() {
    for (slots, expected, reason) in [
        (json!(["edge-dev/gateway", "edge-dev/gateway"]), true, "the same text"),
        (json!(["edge-dev/gateway", "demo/edge-dev/gateway"]), true, "once with its cluster"),
        (json!(["edge-dev/gateway", "edge-dev/shop"]), false, "two of them"),
    ] {
        for members in [json!({"ingress": {"from_slots": slots}}), json!({"egress": {"to_slots": slots}})] {
            let found = problems(&Spec::of::<Slot>(slot(members)));
            let codes: Vec<&str> = found.iter().map(|problem| problem.code).collect();
            assert_eq!(codes, if expected { &["slot.reference_twice"][..] } else { &[] }, "{reason}");
            assert!(!found.iter().any(Problem::is_error), "{reason}");
        }
    }
}

#[test]
fn too_much_is_refused_where_it_is_asked_for() {
    let environment = environment(json!({"quota": {"slots_percent": 50}}));
    let parent = parent(&environment, &facts());
    let share = |cpu: &str, memory: &str, max_replicas: u32| json!({"share": {"cpu": cpu, "memory": memory, "max_replicas": max_replicas}});
    for (members, field) in [
        (share("5", "1Gi", 3), "share.cpu"),
        (share("1", "9Gi", 3), "share.memory"),
        (share("1", "1Gi", 41), "share.max_replicas"),
        (json!({"isolation": "namespace", "quota": {"requests.storage": "26Gi"}}), "quota"),
    ] {
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts(), Some(&parent));
        let found = problems.iter().filter(|problem| problem.code == "slot.share_exceeds_total");
        assert_eq!(found.map(|problem| problem.field.join(".")).collect::<Vec<_>>(), [field], "{problems:?}");
    }
}

/// What all namespaces have together helps none of its pods.
#[test]
fn a_shared_slot_fits_its_namespace() {
    let namespaces = json!({"api": {"quota": {"requests.cpu": "2", "pods": "10"}}, "jobs": {}});
    let environment = environment(json!({ "namespaces": namespaces }));
    let parent = parent(&environment, &facts());
    let share = |namespace: &str, cpu: &str, memory: &str, max_replicas: u32| {
        let share = json!({"cpu": cpu, "memory": memory, "max_replicas": max_replicas});
        json!({"namespace": namespace, "share": share})
    };
    for (members, expected, reason) in [
        (share("api", "2", "1Gi", 3), &[][..], "as much as it has"),
        (share("api", "3", "1Gi", 3), &["share.cpu"], "more CPU"),
        (share("api", "1", "5Gi", 3), &["share.memory"], "more memory than an equal part"),
        (share("api", "1", "1Gi", 11), &["share.max_replicas"], "more pods"),
        (share("jobs", "1", "1Gi", 11), &[], "which the other namespace has"),
        (share("api", "3", "5Gi", 11), &["share.max_replicas", "share.cpu", "share.memory"], "more of all"),
    ] {
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts(), Some(&parent));
        let found = problems.iter().filter(|problem| problem.code == "slot.share_exceeds_namespace");
        assert_eq!(found.clone().map(|problem| problem.field.join(".")).collect::<Vec<_>>(), expected, "{reason}");
        for problem in found {
            assert!(problem.summary.contains("payments-dev-api"), "{reason}: {problem}");
            assert_well_written(problem, reason);
        }
    }
}

#[test]
fn a_slot_asks_for_at_most_the_bound_of_its_tier() {
    let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
        tiers: { dev: { slot: { bounds: { requests.storage: 20Gi } } } }\n";
    let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
    let environment = environment(json!({"golden_path": "own", "quota": {"slots_percent": 50}}));
    let facts = facts();
    let parent = crate::golden::environment::parent_of(&environment, &facts, &catalogue).expect("an environment");
    for (amount, expected, reason) in [
        ("19Gi", None, "less"),
        ("20Gi", None, "as much"),
        ("21Gi", Some(("slot.quota_above_bound", "quota.requests.storage".to_owned())), "more"),
    ] {
        let slot = slot(json!({"isolation": "namespace", "quota": {"requests.storage": amount}}));
        let given = ResolveContext { facts: &facts, parent: Some(&parent), catalogue: &catalogue };
        let resolved =
            Spec::of::<Slot>(slot).resolve(&given).map_err(|problems| format!("{problems:?}")).expect(reason);
        let problems = resolved.judge(&resolved.render());
        let found = problems.first().map(|problem| (problem.code, problem.field.join(".")));
        assert_eq!(found, expected, "{reason}");
    }
}

#[test]
fn a_slot_lives_in_the_default_namespace_or_the_only_one() {
    for (namespaces, asked, expected, reason) in [
        (json!({"api": {}}), None, Ok("payments-dev-api"), "the only one, whatever its key"),
        (json!({"default": {}, "jobs": {}}), None, Ok("payments-dev"), "the default one of several"),
        (json!({"default": {}, "jobs": {}}), Some("jobs"), Ok("payments-dev-jobs"), "the one that it names"),
        (json!({"api": {}, "jobs": {}}), None, Err("has several namespaces and no default one"), "which?"),
        (json!({"api": {}}), Some("jobs"), Err("has no namespace \"jobs\""), "none of that key"),
    ] {
        let parent = parent(&environment(json!({ "namespaces": namespaces })), &facts());
        let slot = Spec::of::<Slot>(slot(json!({ "namespace": asked })));
        match (resolved(&slot, &facts(), Some(&parent)), expected) {
            (Ok(resolved), expected) => {
                let outputs = resolved.render().outputs;
                assert_eq!(
                    outputs.get("namespace_name").and_then(Computed::as_str).ok_or("none"),
                    expected,
                    "{reason}"
                );
            }
            (Err(problems), expected) => {
                let words = expected.expect_err(reason);
                assert!(problems.iter().any(|problem| problem.summary.contains(words)), "{reason}: {problems:?}");
            }
        }
    }
}
