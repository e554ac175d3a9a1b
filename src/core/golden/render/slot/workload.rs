//! Around the workload: how it may be disturbed, how it scales, whom it talks to.

use super::{
    super::{namespace::Inside, network},
    Effective, Slot,
};
use crate::domain::{Desired, projection::LABEL_PREFIX};
use serde_json::{Value, json};

impl Slot<'_> {
    pub(super) fn disruption_budget(
        &self,
        inside: &Inside<'_>,
        effective: &Effective,
        selector: &Value,
    ) -> Option<Desired> {
        let allowed = effective.max_unavailable.as_ref()?;
        let allowed = allowed.parse::<u32>().map_or_else(|_| Value::from(allowed.as_str()), Value::from);
        // A pod that never became ready is no reason to keep a node from being drained.
        let spec =
            json!({"selector": selector, "maxUnavailable": allowed, "unhealthyPodEvictionPolicy": "AlwaysAllow"});
        Some(inside.object("policy/v1", "PodDisruptionBudget", self.name(), json!({ "spec": spec })))
    }

    pub(super) fn autoscaler(&self, inside: &Inside<'_>, effective: &Effective) -> Option<Desired> {
        let percent = self.spec.availability.as_ref()?.target_cpu_percent?;
        let spec = json!({
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name()},
            "minReplicas": effective.min_replicas,
            "maxReplicas": effective.max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}
        });
        Some(inside.object("autoscaling/v2", "HorizontalPodAutoscaler", self.name(), json!({ "spec": spec })))
    }

    /// A direction that the environment leaves open needs no opening; to name it would close it.
    pub(super) fn network(&self, inside: &Inside<'_>, selector: &Value) -> Vec<Desired> {
        let deny = self.parent.network.default_deny;
        let mut spec = json!({ "podSelector": selector });
        let mut types = vec![];
        if let Some(ingress) =
            self.spec.ingress.as_ref().filter(|ingress| deny.ingress() && !ingress.from_slots.is_empty())
        {
            types.push("Ingress");
            spec["ingress"] = json!([rule("from", &ingress.from_slots, &ingress.ports)]);
        }
        let mut objects = vec![];
        if let Some(egress) = self.spec.egress.as_ref().filter(|_| deny.egress()) {
            if !egress.to_slots.is_empty() {
                types.push("Egress");
                spec["egress"] = json!([rule("to", &egress.to_slots, &[])]);
            }
            let names = egress.fqdns.iter().cloned().collect();
            let name = format!("gp-slot-{}-names", self.name());
            objects.extend(network::names_policy(self.parent.network.engine, inside, &name, selector.clone(), &names));
        }
        if !types.is_empty() {
            spec["policyTypes"] = json!(types);
            let name = format!("gp-slot-{}", self.name());
            objects.push(inside.object("networking.k8s.io/v1", "NetworkPolicy", &name, json!({ "spec": spec })));
        }
        objects
    }
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
