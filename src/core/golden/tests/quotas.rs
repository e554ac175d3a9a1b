//! How a quota is shared out, and what moves with what is written of it.

use crate::{
    domain::Body,
    golden::{
        Catalogue, Environment, Slot, Spec, Tier,
        fixtures::{self, *},
    },
};
use serde_json::{Value, json};

#[test]
fn quota_is_shared_out() {
    let quotas = |members: Value| {
        let blueprint = rendered(Spec::of::<Environment>(environment(members)), &facts(), None);
        let found =
            blueprint.objects.iter().filter(|o| o.key.to_string().ends_with("gp-base")).map(|o| match &o.body {
                Some(Body::Kube(doc)) => doc["spec"]["hard"]["requests.cpu"].as_str().map(str::to_owned),
                _ => None,
            });
        found.flatten().collect::<Vec<_>>()
    };
    for (members, expect, reason) in [
        (json!({}), vec!["4"], "one namespace has all"),
        (json!({"namespaces": {"a": {}, "b": {}, "c": {}}}), vec!["1333m"; 3], "equal parts, rounded down"),
        (json!({"namespaces": {"a": {"quota": {"requests.cpu": "3"}}, "b": {}}}), vec!["3", "1"], "what is left"),
        (json!({"quota": {"total": {"requests.cpu": "16"}}}), vec!["16"], "up to four times the default"),
    ] {
        assert_eq!(quotas(members), expect, "{reason}");
    }
}

/// Of a path that has limits of memory.
#[test]
fn a_memory_limit_moves_with_the_request() {
    let path = Catalogue::built_in().newest(None).expect("the built-in one").clone();
    let mut tier = serde_json::to_value(path.tiers[&"prod".parse().expect("a name")].as_ref()).expect("a tier");
    tier["quota"]["total"]["limits.memory"] = json!("50Gi");
    let tier: Tier = serde_json::from_value(tier).expect("a tier");
    let limit = tier.memory_limit(&"64Gi".parse().expect("a quantity"));
    assert_eq!(limit.map(|limit| limit.to_string()).as_deref(), Some("80Gi"), "50 for 40, so 80 for 64");
}

/// What a slot asks for besides its share, in a namespace of its own.
#[test]
fn an_isolated_slot_has_a_quota_and_keys_of_its_own() {
    let spec = environment(json!({"quota": {"slots_percent": 50}}));
    let parent = parent(&spec, &facts());
    let slot = |members: Value| Spec::of::<Slot>(fixtures::slot(members));
    let own = json!({"quota": {"requests.storage": "20Gi"}, "labels": {"squad": "blue"}, "isolation": "namespace"});
    let blueprint = rendered(slot(own.clone()), &facts(), Some(&parent));
    let body = |kind: &str| {
        let found = blueprint.objects.iter().find(|object| object.key.kind() == kind).expect("an object");
        let Some(Body::Kube(document)) = &found.body else { panic!("{kind} has no body") };
        document.clone()
    };
    assert_eq!(body("ResourceQuota")["spec"]["hard"]["requests.storage"], json!("20Gi"));
    assert_eq!(body("Namespace")["metadata"]["labels"]["squad"], json!("blue"));
    let shared = Value::Object(
        own.as_object().expect("members").clone().into_iter().filter(|(name, _)| name != "isolation").collect(),
    );
    let codes =
        |spec: Spec| judged(&spec, &facts(), Some(&parent)).into_iter().map(|problem| problem.code).collect::<Vec<_>>();
    assert_eq!(
        codes(slot(shared)),
        ["slot.not_isolated", "slot.not_isolated", "slot.shared_identities"],
        "quota and labels"
    );
    let much = json!({"isolation": "namespace", "quota": {"requests.storage": "26Gi"}});
    assert_eq!(codes(slot(much)), ["slot.share_exceeds_total"], "more than the part of isolated slots");
}

#[test]
fn node_ports_follow_load_balancers() {
    let ports = |members: Value| parent(&environment(members), &facts()).quota_total["services.nodeports"].to_string();
    for (members, expect, reason) in [
        (json!({}), "0", "none in dev"),
        (json!({"quota": {"total": {"services.loadbalancers": "1"}}}), "10", "one, as the path allows"),
        (json!({"tier": "prod"}), "20", "two of the tier"),
        (json!({"quota": {"total": {"services.loadbalancers": "1", "services.nodeports": "2"}}}), "2", "as written"),
    ] {
        assert_eq!(ports(members), expect, "{reason}");
    }
    let owner = json!({"contact": "a@example.com", "cost_center": "CC1"});
    let one = json!({"services.loadbalancers": "1"});
    for (namespaces, total, expect, reason) in [
        (json!({"default": {}}), json!({}), vec!["10"], "the environment's own load balancer"),
        (json!({"api": {}, "default": {"quota": one}}), json!({}), vec!["0", "10"], "all of them where it is"),
        (json!({"api": {}, "jobs": {}}), json!({}), vec!["0", "0"], "none of the several has it"),
        (json!({"default": {}}), json!({"services.nodeports": "0"}), vec!["0"], "none, as written"),
    ] {
        let members = json!({"tier": "prod", "owner": owner, "namespaces": namespaces, "quota": {"total": total}});
        let rendered = rendered(Spec::of::<Environment>(environment(members)), &facts(), None);
        let quotas = rendered.objects.iter().filter(|object| object.key.to_string().ends_with("/gp-base"));
        let ports = quotas.filter_map(|object| match &object.body {
            Some(Body::Kube(document)) if object.key.kind() == "ResourceQuota" => {
                document.pointer("/spec/hard/services.nodeports")?.as_str().map(str::to_owned)
            }
            _ => None,
        });
        assert_eq!(ports.collect::<Vec<_>>(), expect, "{reason}");
    }
}
