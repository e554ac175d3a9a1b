//! Requests, facts and records for tests of the pure stages.

use crate::{
    domain::{Facts, Lease, Operation, Phase, Record, ResourceKind, StableFacts},
    golden::{Blueprint, Catalogue, Environment, ResolveContext, Slot, Spec},
    provision::{Prior, engine::gather::Ground},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const ARN: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

pub fn facts() -> Facts {
    Facts {
        stable: StableFacts {
            cluster_arn: ARN.parse().unwrap_or_else(|e| panic!("{e}")),
            auto_mode: false,
            service_cidr: "10.100.0.0/16".into(),
            ip_family: "ipv4".into(),
            oidc_issuer: None,
            pod_security_version: "1.36".into(),
            permission_sets: [].into(),
        },
        version: "1.36".into(),
        authentication_mode: "API".into(),
        network_policy_enforced: Some(true),
        network_policy_engine: None,
        pod_identity_agent: None,
        addons: vec![],
        crds: vec![],
        caller: "arn:aws:iam::111122223333:user/ci".into(),
    }
}

fn merged(mut base: Value, over: Value) -> Value {
    if let (Value::Object(base), Value::Object(over)) = (&mut base, over) {
        base.extend(over);
    }
    base
}

pub fn environment(name: &str, over: Value) -> Spec {
    let base = json!({ "name": name, "team": "payments", "tier": "dev", "cluster": "demo" });
    Spec::of::<Environment>(serde_json::from_value(merged(base, over)).unwrap_or_else(|e| panic!("{e}")))
}

pub fn slot(environment: &str, name: &str, over: Value) -> Spec {
    let base = json!({ "name": name, "environment": format!("demo/{environment}") });
    Spec::of::<Slot>(serde_json::from_value(merged(base, over)).unwrap_or_else(|e| panic!("{e}")))
}

/// With the environment that a slot lives in.
pub fn rendered(spec: &Spec, environment: Option<&Spec>) -> Blueprint {
    rendered_by(&Catalogue::built_in(), spec, environment)
}

pub fn rendered_by(catalogue: &Catalogue, spec: &Spec, environment: Option<&Spec>) -> Blueprint {
    let facts = facts().stable;
    let parent = environment.and_then(|spec| spec.parent_of(&facts, catalogue)?.ok());
    let resolved = spec.resolve(&ResolveContext { facts: &facts, parent: parent.as_ref(), catalogue });
    resolved.unwrap_or_else(|e| panic!("{e:?}")).render()
}

pub fn ground() -> Ground {
    Ground { target: None, facts: facts().stable, cluster: None, parent: None, parents: 1 }
}

pub fn prior(spec: &Spec, objects: BTreeMap<String, String>) -> Prior {
    let (uid, target) = ("uid-1".into(), None);
    Prior { spec: spec.clone(), uid, target, objects, incomplete: false, identity_ready: None }
}

/// Of an environment `demo/pay`, with somebody at work on it.
pub fn record(team: &str, phase: Phase, spec: &Spec) -> Record {
    Record {
        id: "demo/pay".into(),
        uid: "uid-1".into(),
        kind: ResourceKind::ENVIRONMENT,
        cluster_arn: ARN.into(),
        team: team.into(),
        tier: "dev".into(),
        golden_path: "team-standard".into(),
        golden_path_version: "1.0.0".into(),
        golden_path_digest: String::new(),
        spec: spec.to_document().unwrap_or_default(),
        timeouts: None,
        facts: facts().stable,
        inventory: vec![],
        phase,
        operation: Some(Operation { id: "op-1".into(), lease: Some(Lease { renewals: 1, seconds: 15 }) }),
        timings: vec![],
        writers: vec![],
        written_at: "2026-11-25T01:00:00Z".into(),
        tool_version: "test".into(),
        unprotected: None,
    }
}
