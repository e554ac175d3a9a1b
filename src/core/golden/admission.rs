//! Whether each tier admits a normal pod: Kubernetes' own defaulting, LimitRanger and quota, evaluated on what we render.
//!
//! The order is the API server's: decoding gives a container with a limit the same request (`SetDefaults_Pod`), LimitRanger
//! fills what is still unset, quota then refuses a pod that leaves one of its compute resources unset.

use super::{Environment, Slot, Spec, fixtures::*};
use crate::domain::{Body, Desired, Quantity};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Resources = BTreeMap<String, Quantity>;

fn spec<'a>(objects: &'a [Desired], end: &str) -> &'a Value {
    let found = objects.iter().find(|object| object.key.to_string().ends_with(end)).expect("an object");
    match &found.body {
        Some(Body::Kube(doc)) => &doc["spec"],
        _ => panic!("{end} has no body"),
    }
}

fn quantities(value: &Value) -> Resources {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// Why the pod is refused; `containers` are `{requests, limits}`.
fn refusal(objects: &[Desired], containers: &[Value]) -> Option<String> {
    let item = &spec(objects, "/gp-defaults")["limits"][0];
    let (default, default_request, max) =
        (quantities(&item["default"]), quantities(&item["defaultRequest"]), quantities(&item["max"]));
    let mut used: BTreeMap<String, Quantity> = [("pods".to_owned(), Quantity::whole(1))].into();
    let hard = quantities(&spec(objects, "/gp-base")["hard"]);
    for container in containers {
        let (mut requests, mut limits) = (quantities(&container["requests"]), quantities(&container["limits"]));
        for (name, limit) in &limits {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
        for (into, from) in [(&mut limits, &default), (&mut requests, &default_request)] {
            for (name, value) in from {
                into.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        for (name, request) in &requests {
            if limits.get(name).is_some_and(|limit| request > limit) {
                return Some(format!("{name}: request above limit"));
            }
        }
        for (name, most) in &max {
            if limits.get(name).is_none_or(|limit| limit > most) {
                return Some(format!("{name}: limit above maximum"));
            }
        }
        for (prefix, resources) in [("requests", &requests), ("limits", &limits)] {
            for resource in ["cpu", "memory"] {
                let name = format!("{prefix}.{resource}");
                match (hard.contains_key(&name), resources.get(resource)) {
                    (false, _) => {}
                    (true, None) => return Some(format!("{name} must be set")),
                    (true, Some(value)) => {
                        let sum = used.get(&name).cloned().unwrap_or_else(|| Quantity::whole(0)).checked_add(value);
                        used.insert(name, sum.expect("small"));
                    }
                }
            }
        }
    }
    used.into_iter()
        .find(|(name, used)| hard.get(name).is_some_and(|hard| used > hard))
        .map(|(name, _)| format!("{name} exceeded"))
}

#[test]
fn every_tier_admits_a_normal_pod() {
    let owner = json!({"contact": "a@b", "cost_center": "C"});
    let facts = facts();
    for tier in ["dev", "staging", "prod"] {
        let environment = environment(json!({"tier": tier, "owner": owner, "quota": {"slots_percent": 50}}));
        let isolated = rendered(
            Spec::of::<Slot>(slot(json!({"isolation": "namespace"}))),
            &facts,
            Some(&parent(&environment, &facts)),
        );
        let environment = rendered(Spec::of::<Environment>(environment), &facts, None);
        for objects in [environment.objects, isolated.objects] {
            for (containers, reason) in [
                (vec![json!({})], "no resources given"),
                (vec![json!({"requests": {"cpu": "100m", "memory": "128Mi"}})], "requests only"),
                (vec![json!({"requests": {"memory": "600Mi"}})], "a large request only"),
                (vec![json!({"limits": {"memory": "128Mi"}})], "limits only"),
                (vec![json!({"limits": {"cpu": "1", "memory": "1Gi"}})], "limits only, of CPU too"),
                (vec![json!({"requests": {"memory": "64Mi"}}), json!({})], "a sidecar without resources"),
            ] {
                assert_eq!(refusal(&objects, &containers), None, "{tier}: {reason}");
            }
            assert_eq!(
                refusal(&objects, &[json!({"requests": {"cpu": "99"}})]).as_deref(),
                Some("requests.cpu exceeded"),
                "{tier}"
            );
        }
    }
}

#[test]
fn narrower_limits_still_admit_a_pod_that_sets_nothing() {
    for container in [
        json!({"default_memory": "32Mi"}),
        json!({"max_memory": "48Mi"}),
        json!({"default_memory": "1Gi", "max_memory": "1Gi"}),
        json!({"default_request_memory": "16Mi", "default_request_cpu": "10m"}),
    ] {
        let spec = environment(json!({"limits": {"container": container}}));
        let objects = rendered(Spec::of::<Environment>(spec), &facts(), None).objects;
        assert_eq!(refusal(&objects, &[json!({})]), None, "{container}");
    }
}
