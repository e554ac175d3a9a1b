//! Requests, and a bench that plans and applies them as a client would: each step over a fresh connection.

use super::Fake;
use crate::{
    domain::{Id, Late, Leaf, ObjectKey, Outputs, Problem, Spec, StableFacts},
    golden::{Catalogue, Parent},
    ports::Counted,
    provision::{
        Cancel, Engine, EngineConfig, EnsureRequest, Observation, ObserveRequest, Outcome, Preview, PreviewRequest,
        Prior, Provisioner, RemoveRequest, Removed, Replacing, Seen,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What a client's state holds of one resource.
#[derive(Clone, Debug)]
pub(in crate::provision) struct Held {
    pub(in crate::provision) spec: Spec,
    pub(in crate::provision) uid: String,
    pub(in crate::provision) target: String,
    pub(in crate::provision) objects: BTreeMap<String, String>,
    pub(in crate::provision) facts: StableFacts,
    pub(in crate::provision) parent: Option<Parent>,
    pub(in crate::provision) protected: bool,
    pub(in crate::provision) incomplete: bool,
    pub(in crate::provision) identity_ready: Option<bool>,
}

impl Held {
    /// The key of its one role.
    pub(in crate::provision) fn role(&self) -> String {
        let role = self.objects.keys().find(|key| key.starts_with("aws/iam/Role/"));
        role.cloned().unwrap_or_default()
    }
}

pub(in crate::provision) struct Bench {
    pub(in crate::provision) fake: Arc<Fake>,
    pub(in crate::provision) counted: Arc<Counted>,
}

fn merged(mut base: Value, over: Value) -> Value {
    if let (Value::Object(base), Value::Object(over)) = (&mut base, over) {
        base.extend(over);
    }
    base
}

pub(in crate::provision) fn baseline() -> Spec {
    Spec::Baseline(serde_json::from_value(json!({ "cluster": "demo" })).unwrap_or_else(|e| panic!("{e}")))
}

/// Two namespaces, people from everywhere, a role of its own.
pub(in crate::provision) fn environment(name: &str, over: Value) -> Spec {
    let base = json!({
        "name": name, "team": "payments", "tier": "dev", "cluster": "demo",
        "namespaces": { "default": {}, "jobs": {} },
        "access": {
            "developer": { "permission_sets": ["PaymentsDev"] },
            "deployer": {
                "create_role": true,
                "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"],
            },
        },
    });
    Spec::Environment(serde_json::from_value(merged(base, over)).unwrap_or_else(|e| panic!("{e}")))
}

pub(in crate::provision) fn slot(environment: &str, name: &str, over: Value) -> Spec {
    let base = json!({
        "name": name, "environment": format!("demo/{environment}"),
        "identity": { "statements": [{ "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::led/*"] }] },
        "share": { "cpu": "1", "memory": "1Gi" },
    });
    Spec::Slot(serde_json::from_value(merged(base, over)).unwrap_or_else(|e| panic!("{e}")))
}

pub(in crate::provision) fn planned_lines(outputs: &Outputs) -> BTreeMap<String, Late<String>> {
    let leaf: &Leaf<BTreeMap<String, Late<String>>> = match outputs {
        Outputs::Baseline(outputs) => &outputs.objects,
        Outputs::Environment(outputs) => &outputs.objects,
        Outputs::Slot(outputs) => &outputs.objects,
    };
    leaf.as_ref().and_then(Late::now).cloned().unwrap_or_default()
}

pub(in crate::provision) fn known_lines(outputs: &Outputs) -> BTreeMap<String, String> {
    planned_lines(outputs).into_iter().filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect()
}

pub(in crate::provision) fn identity_leaf(outputs: &Outputs) -> Leaf<Option<bool>> {
    match outputs {
        Outputs::Slot(outputs) => outputs.identity_ready.clone(),
        Outputs::Baseline(_) | Outputs::Environment(_) => None,
    }
}

pub(in crate::provision) fn errors(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().filter(|problem| problem.is_error()).map(|problem| problem.code).collect()
}

pub(in crate::provision) fn codes(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code).collect()
}

// === impl Bench ===

impl Bench {
    pub(in crate::provision) fn new() -> Self {
        Self::with(Fake::new())
    }

    pub(in crate::provision) fn with(fake: Fake) -> Self {
        let fake = Arc::new(fake);
        let counted = Arc::new(Counted::new(fake.clone()));
        Self { fake, counted }
    }

    /// A bench whose cluster has its baseline.
    pub(in crate::provision) async fn ready() -> Self {
        let bench = Self::new();
        bench.create(&baseline()).await;
        bench
    }

    /// A fresh connection.
    pub(in crate::provision) fn engine(&self) -> Engine {
        Engine::new(
            self.counted.clone(),
            self.fake.clone(),
            self.fake.clone(),
            self.fake.clone(),
            Catalogue::embedded(),
            EngineConfig { tool_version: "test".into(), ..EngineConfig::default() },
        )
    }

    pub(in crate::provision) async fn preview(&self, spec: &Spec, held: Option<&Held>) -> Preview {
        self.engine().preview(preview_request(spec, held, None)).await
    }

    pub(in crate::provision) async fn ensure(&self, spec: &Spec, held: Option<&Held>) -> Outcome {
        self.engine().ensure(ensure_request(spec, held, None)).await
    }

    /// Plans and applies; what was promised is what is.
    pub(in crate::provision) async fn apply(&self, spec: &Spec, held: Option<&Held>) -> Held {
        let preview = self.preview(spec, held).await;
        assert_eq!(errors(&preview.problems), Vec::<&str>::new(), "{:?}", preview.problems);
        let Some(decided) = preview.decided else { panic!("nothing was decided: {:?}", preview.problems) };
        let planned = planned_lines(&decided.outputs);
        let outcome = self.engine().ensure(ensure_request(spec, held, Some(planned.clone()))).await;
        let told = outcome.exists.as_ref().and_then(|exists| identity_leaf(&exists.outputs));
        let mut after = self.complete(spec, outcome);
        let promised: BTreeMap<String, String> =
            planned.into_iter().filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect();
        assert_eq!(after.objects, promised, "the objects are those of the plan");
        match (identity_leaf(&decided.outputs), told) {
            (Some(Late::Later), told) => assert!(told.is_some(), "what the plan left open is told"),
            (Some(Late::Now(planned)), told) => {
                assert!(told.is_none_or(|told| told == Late::Now(planned)), "the plan was true");
                after.identity_ready = planned;
            }
            // A create, or no slot.
            (None, _) => {}
        }
        after
    }

    pub(in crate::provision) async fn create(&self, spec: &Spec) -> Held {
        self.apply(spec, None).await
    }

    /// The state after a change that went well.
    pub(in crate::provision) fn complete(&self, spec: &Spec, outcome: Outcome) -> Held {
        let held = self.held(spec, outcome);
        assert!(!held.incomplete, "it ended well");
        held
    }

    pub(in crate::provision) fn held(&self, spec: &Spec, outcome: Outcome) -> Held {
        let Some(exists) = outcome.exists else { panic!("nothing exists: {:?}", outcome.problems) };
        assert_eq!(exists.complete, errors(&outcome.problems).is_empty(), "{:?}", outcome.problems);
        Held {
            spec: spec.clone(),
            uid: exists.uid,
            target: super::ARN.to_owned(),
            objects: known_lines(&exists.outputs),
            identity_ready: identity_leaf(&exists.outputs).and_then(|leaf| leaf.now().copied()).flatten(),
            facts: exists.facts,
            parent: exists.parent,
            protected: exists.protected,
            incomplete: !exists.complete,
        }
    }

    /// Refreshes as a client does. `None`: gone.
    pub(in crate::provision) async fn refresh(&self, held: &Held) -> Option<(Held, Seen)> {
        let observation =
            self.engine().observe(observe_request(held)).await.unwrap_or_else(|problem| panic!("{problem}"));
        match observation {
            Observation::Gone(_) => None,
            Observation::Here(seen) => {
                let fresh = Held { objects: seen.objects.clone(), ..held.clone() };
                Some((fresh, *seen))
            }
        }
    }

    /// Refreshes and plans: nothing to say and nothing to do.
    pub(in crate::provision) async fn assert_quiet(&self, held: &Held, reason: &str) {
        let Some((fresh, seen)) = self.refresh(held).await else { panic!("{reason}: it is gone") };
        assert_eq!(codes(&seen.problems), Vec::<&str>::new(), "{reason}: {:?}", seen.problems);
        assert_eq!(fresh.objects, held.objects, "{reason}: nothing moved");
        let preview = self.preview(&held.spec, Some(&fresh)).await;
        let Some(decided) = preview.decided else { panic!("{reason}: undecided {:?}", preview.problems) };
        assert_eq!(known_lines(&decided.outputs), held.objects, "{reason}: the plan is empty");
        assert_eq!(errors(&preview.problems), Vec::<&str>::new(), "{reason}");
    }

    pub(in crate::provision) async fn remove(&self, held: &Held) -> Removed {
        self.engine().remove(remove_request(held)).await
    }
}

pub(in crate::provision) fn prior(held: &Held) -> Prior {
    Prior {
        spec: held.spec.clone(),
        uid: held.uid.clone(),
        objects: held.objects.clone(),
        incomplete: held.incomplete,
        identity_ready: held.identity_ready,
    }
}

pub(in crate::provision) fn preview_request(
    spec: &Spec,
    held: Option<&Held>,
    replacing: Option<Replacing>,
) -> PreviewRequest {
    PreviewRequest {
        spec: spec.clone(),
        facts: held.map(|held| held.facts.clone()),
        parent: held.and_then(|held| held.parent.clone()),
        prior: held.map(prior),
        replacing,
    }
}

pub(in crate::provision) fn ensure_request(
    spec: &Spec,
    held: Option<&Held>,
    planned: Option<BTreeMap<String, Late<String>>>,
) -> EnsureRequest {
    EnsureRequest {
        spec: spec.clone(),
        facts: held.map(|held| held.facts.clone()),
        parent: held.and_then(|held| held.parent.clone()),
        prior: held.map(prior),
        replacing: None,
        planned,
        planned_target: held.map(|held| held.target.clone()),
        timeout: Duration::from_secs(600),
        cancel: Cancel::new(),
    }
}

pub(in crate::provision) fn observe_request(held: &Held) -> ObserveRequest {
    ObserveRequest {
        id: held.spec.id(),
        uid: Some(held.uid.clone()),
        target: Some(held.target.clone()),
        spec: Some(held.spec.clone()),
        facts: Some(held.facts.clone()),
        parent: held.parent.clone(),
        objects: held.objects.clone(),
    }
}

pub(in crate::provision) fn remove_request(held: &Held) -> RemoveRequest {
    let id: Id = held.spec.id();
    RemoveRequest {
        id,
        uid: held.uid.clone(),
        target: Some(held.target.clone()),
        facts: Some(held.facts.clone()),
        keys: held.objects.keys().filter_map(|key| key.parse::<ObjectKey>().ok()).collect(),
        protected: held.protected,
        hand_over: false,
        timeout: Duration::from_secs(600),
        cancel: Cancel::new(),
    }
}
