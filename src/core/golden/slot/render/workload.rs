//! Around the workload: how it may be disturbed, how it scales, whom it talks to.

use crate::{
    domain::{Desired, LABEL_PREFIX},
    golden::{
        objects::{document::Inside, network},
        slot::effective::Effective,
    },
};
use serde_json::{Value, json};

pub fn render(effective: &Effective, inside: &Inside<'_>) -> Vec<Desired> {
    let selector = json!({"matchLabels": {"app.kubernetes.io/name": effective.name()}});
    let mut objects = vec![];
    objects.extend(disruption_budget(effective, inside, &selector));
    objects.extend(autoscaler(effective, inside));
    objects.extend(openings(effective, inside, &selector));
    objects
}

fn disruption_budget(effective: &Effective, inside: &Inside<'_>, selector: &Value) -> Option<Desired> {
    let allowed = effective.max_unavailable.as_ref()?;
    let allowed = allowed.parse::<u32>().map_or_else(|_| Value::from(allowed.as_str()), Value::from);
    // A pod that never became ready is no reason to keep a node from being drained.
    let spec = json!({"selector": selector, "maxUnavailable": allowed, "unhealthyPodEvictionPolicy": "AlwaysAllow"});
    Some(inside.object("policy/v1", "PodDisruptionBudget", effective.name(), json!({ "spec": spec })))
}

fn autoscaler(effective: &Effective, inside: &Inside<'_>) -> Option<Desired> {
    let percent = effective.spec.availability.as_ref()?.target_cpu_percent?;
    let spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": effective.name()},
        "minReplicas": effective.min_replicas,
        "maxReplicas": effective.share.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}
    });
    Some(inside.object("autoscaling/v2", "HorizontalPodAutoscaler", effective.name(), json!({ "spec": spec })))
}

/// A direction that the environment leaves open needs no opening; to name it would close it.
fn openings(effective: &Effective, inside: &Inside<'_>, selector: &Value) -> Vec<Desired> {
    let (spec, open) = (&effective.spec, &effective.parent.network);
    let mut policy = json!({ "podSelector": selector });
    let mut types = vec![];
    let mut objects = vec![];
    if let Some(ingress) = spec.ingress.as_ref().filter(|_| open.default_deny.has_ingress())
        && !ingress.from_slots.is_empty()
    {
        types.push("Ingress");
        policy["ingress"] = json!([rule("from", &ingress.from_slots, &ingress.ports)]);
    }
    if let Some(egress) = spec.egress.as_ref().filter(|_| open.default_deny.has_egress()) {
        if !egress.to_slots.is_empty() {
            types.push("Egress");
            policy["egress"] = json!([rule("to", &egress.to_slots, &[])]);
        }
        let hosts = network::https(&egress.fqdns);
        let name = format!("gp-slot-{}-names", effective.name());
        objects.extend(network::names_policy(open.engine, inside, &name, selector.clone(), &hosts));
    }
    if !types.is_empty() {
        policy["policyTypes"] = json!(types);
        let name = format!("gp-slot-{}", effective.name());
        objects.push(inside.object("networking.k8s.io/v1", "NetworkPolicy", &name, json!({ "spec": policy })));
    }
    objects
}

/// Peers by slot, wherever their namespaces are: pods carry the slot's name, namespaces the environment's.
fn rule(direction: &str, slots: &[String], ports: &[u16]) -> Value {
    let peers: Vec<Value> = slots
        .iter()
        .filter_map(|slot| {
            let (environment, slot) = slot.rsplit_once('/')?;
            let environment = environment.rsplit('/').next()?;
            Some(json!({
                "namespaceSelector": {"matchLabels": {format!("{LABEL_PREFIX}environment"): environment}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": slot}}
            }))
        })
        .collect();
    let mut rule = json!({ direction: peers });
    if !ports.is_empty() {
        rule["ports"] = network::ports(ports);
    }
    rule
}
