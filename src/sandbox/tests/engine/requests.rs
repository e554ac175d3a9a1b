//! What a client requests, and what its state holds.

use goldenpath_core::{
    domain::{Computed, Late, ObjectKey, Outputs, PathVersion, Problem, StableFacts},
    golden::Catalogue,
    provision::{
        Baseline, Cancel, EnsureRequest, Environment, ObserveRequest, Parent, PreviewRequest, Prior, RemoveRequest,
        Replacing, Slot, Spec,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What a client's state holds of one resource.
#[derive(Clone, Debug)]
pub struct InstanceState {
    pub spec: Spec,
    pub uid: String,
    pub target: String,
    pub objects: BTreeMap<String, String>,
    pub facts: StableFacts,
    pub path: Option<PathVersion>,
    pub parent: Option<Parent>,
    pub protected: bool,
    pub incomplete: bool,
    pub identity_ready: Option<bool>,
}

impl InstanceState {
    /// The key of its one role.
    pub fn role(&self) -> String {
        self.objects.keys().find(|key| key.starts_with("aws/iam/Role/")).expect("a role").clone()
    }
}

pub fn merge(mut base: Value, over: Value) -> Value {
    if let (Value::Object(base), Value::Object(over)) = (&mut base, over) {
        base.extend(over);
    }
    base
}

/// The built-in golden path and a version of it that comes next, with this besides its head.
pub fn next_version(rest: &str) -> Arc<Catalogue> {
    let head = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: team-standard\nversion: 1.1.0\nextends: 1.0.0\ndefault: true";
    Arc::new(Catalogue::with_documents([("own.yaml", format!("{head}{rest}").as_str())]).expect("a catalogue"))
}

pub fn baseline() -> Spec {
    Spec::of::<Baseline>(serde_json::from_value(json!({"cluster": "demo"})).expect("a baseline"))
}

/// Two namespaces, people from everywhere, a role of its own.
pub fn environment(name: &str, over: Value) -> Spec {
    let base = json!({
        "name": name, "team": "payments", "tier": "dev", "cluster": "demo",
        "namespaces": {"default": {}, "jobs": {}},
        "access": {
            "developer": {"permission_sets": ["PaymentsDev"]},
            "deployer": {"create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"]},
        },
    });
    Spec::of::<Environment>(serde_json::from_value(merge(base, over)).expect("an environment"))
}

pub fn slot(environment: &str, name: &str, over: Value) -> Spec {
    let base = json!({
        "name": name, "environment": format!("demo/{environment}"),
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]},
        "share": {"cpu": "1", "memory": "1Gi"},
    });
    Spec::of::<Slot>(serde_json::from_value(merge(base, over)).expect("a slot"))
}

// === Results ===

pub fn planned_lines(outputs: &Outputs) -> BTreeMap<String, Late<String>> {
    let lines = outputs.get("objects").and_then(Computed::as_map).expect("objects");
    let late = |line: &Computed| line.as_str().map_or(Late::Later, |text| Late::Now(text.to_owned()));
    lines.iter().map(|(key, line)| (key.clone(), late(line))).collect()
}

pub fn known_lines(outputs: &Outputs) -> BTreeMap<String, String> {
    planned_lines(outputs).into_iter().filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect()
}

pub fn identity_leaf(outputs: &Outputs) -> Option<Late<Option<bool>>> {
    Some(match outputs.get("identity_ready")? {
        Computed::Later => Late::Later,
        ready => Late::Now(ready.as_bool()),
    })
}

pub fn errors(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().filter(|problem| problem.is_error()).map(|problem| problem.code).collect()
}

pub fn codes(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code).collect()
}

/// The words of the problem with this code.
pub fn message(problems: &[Problem], code: &str) -> String {
    let found = problems.iter().find(|problem| problem.code == code);
    let found = found.unwrap_or_else(|| panic!("no {code}: {problems:?}"));
    format!("{} {}", found.summary, found.detail)
}

// === Requests ===

fn prior(state: &InstanceState) -> Prior {
    let InstanceState { spec, uid, target, objects, incomplete, identity_ready, .. } = state.clone();
    Prior { spec, uid, target: Some(target), objects, incomplete, identity_ready }
}

pub fn preview_request(spec: &Spec, state: Option<&InstanceState>, replacing: Option<Replacing>) -> PreviewRequest {
    PreviewRequest {
        facts: state.map(|state| state.facts.clone()),
        path: state.and_then(|state| state.path.clone()),
        parent: state.and_then(|state| state.parent.clone()),
        prior: state.map(prior),
        replacing,
        ..PreviewRequest::new(spec.clone())
    }
}

pub fn ensure_request(
    spec: &Spec,
    state: Option<&InstanceState>,
    planned: Option<BTreeMap<String, Late<String>>>,
) -> EnsureRequest {
    EnsureRequest {
        facts: state.map(|state| state.facts.clone()),
        path: state.and_then(|state| state.path.clone()),
        parent: state.and_then(|state| state.parent.clone()),
        prior: state.map(prior),
        planned,
        planned_target: state.map(|state| state.target.clone()),
        ..EnsureRequest::new(spec.clone(), Duration::from_secs(600))
    }
}

pub fn observe_request(state: &InstanceState) -> ObserveRequest {
    ObserveRequest {
        id: state.spec.id(),
        uid: Some(state.uid.clone()),
        target: Some(state.target.clone()),
        spec: Some(state.spec.clone()),
        facts: Some(state.facts.clone()),
        path: state.path.clone(),
        parent: state.parent.clone(),
        objects: state.objects.clone(),
    }
}

pub fn remove_request(state: &InstanceState) -> RemoveRequest {
    RemoveRequest {
        id: state.spec.id(),
        uid: state.uid.clone(),
        target: Some(state.target.clone()),
        facts: Some(state.facts.clone()),
        keys: state.objects.keys().filter_map(|key| key.parse::<ObjectKey>().ok()).collect(),
        protected: state.protected,
        hand_over: false,
        timeout: Duration::from_secs(600),
        cancel: Cancel::new(),
    }
}
