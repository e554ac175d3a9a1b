//! An engine in the hold of a rule: who may only read changes nothing, each operation has a session of its own where the configuration
//! says so, and each refusal is in the log and the ledger, with who has met it.

use crate::{refusal, trail::Trail};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected},
    policy::{Identity, May},
    ports::operation,
    provision::{
        Description, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport, Preview, PreviewRequest,
        Provisioner, RemoveRequest, Removed, WantedPath,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// By the operation's id and what it is about.
pub type MakeSession = Box<dyn Fn(String, &Id) -> Result<Arc<dyn Provisioner>, Problem> + Send + Sync>;

pub struct Held {
    engine: Arc<dyn Provisioner>,
    identity: Identity,
    may: May,
    sessions: Option<MakeSession>,
    trail: Arc<Trail>,
}

/// Of a change that no bounds forbid.
pub async fn may_change(may: May, identity: &Identity, trail: &Trail, verb: &str, about: &str) -> Result<(), Problem> {
    if may == May::Change {
        return Ok(());
    }
    let problem = refusal::read_only(identity);
    trail.turn_away(identity, verb, about, &problem).await;
    Err(problem)
}

// === impl Held ===

impl Held {
    pub fn new(
        engine: Arc<dyn Provisioner>,
        identity: Identity,
        may: May,
        sessions: Option<MakeSession>,
        trail: Arc<Trail>,
    ) -> Self {
        Self { engine, identity, may, sessions, trail }
    }

    fn for_operation(&self, about: &Id) -> Result<Arc<dyn Provisioner>, Problem> {
        match (&self.sessions, operation::current()) {
            (Some(session), Some(id)) => session(id, about),
            _ => Ok(self.engine.clone()),
        }
    }

    async fn may_change(&self, verb: &str, about: &str) -> Result<(), Problem> {
        may_change(self.may, &self.identity, &self.trail, verb, about).await
    }

    async fn note(&self, verb: &str, about: &str, problems: &[Problem]) {
        for problem in problems.iter().filter(|problem| refusal::is_refusal(problem)) {
            self.trail.turn_away(&self.identity, verb, about, problem).await;
        }
    }

    async fn note_error<T>(&self, verb: &str, about: &str, result: Result<T, Problem>) -> Result<T, Problem> {
        if let Err(problem) = &result {
            self.note(verb, about, std::slice::from_ref(problem)).await;
        }
        result
    }
}

#[async_trait]
impl Provisioner for Held {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        self.note_error("facts", cluster.name(), self.engine.facts(cluster).await).await
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        self.note_error("only_cluster", "", self.engine.only_cluster().await).await
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        self.note_error("find", &id.to_string(), self.engine.find(id).await).await
    }

    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        self.note_error("files", &id.to_string(), self.engine.files(id).await).await
    }

    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem> {
        self.note_error("describe", &id.to_string(), self.engine.describe(id).await).await
    }

    /// What a platform team publishes is nobody's secret.
    async fn golden_path(&self, wanted: &WantedPath) -> Result<PathReport, Problem> {
        self.engine.golden_path(wanted).await
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        let about = request.id.to_string();
        self.note_error("observe", &about, self.engine.observe(request).await).await
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        let about = request.spec.id().to_string();
        let preview = self.engine.preview(request).await;
        self.note("preview", &about, &preview.problems).await;
        preview
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        let about = request.spec.id().to_string();
        if let Err(problem) = self.may_change("ensure", &about).await {
            return Outcome { exists: None, problems: vec![problem] };
        }
        let engine = match self.for_operation(&request.spec.id()) {
            Ok(engine) => engine,
            Err(problem) => return Outcome { exists: None, problems: vec![problem] },
        };
        let outcome = engine.ensure(request).await;
        self.note("ensure", &about, &outcome.problems).await;
        outcome
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        let problems = self.engine.preview_remove(request).await;
        self.note("preview_remove", &request.id.to_string(), &problems).await;
        problems
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        let about = request.id.to_string();
        if let Err(problem) = self.may_change("remove", &about).await {
            return Removed { gone: false, objects: None, problems: vec![problem] };
        }
        let engine = match self.for_operation(&request.id) {
            Ok(engine) => engine,
            Err(problem) => return Removed { gone: false, objects: None, problems: vec![problem] },
        };
        let removed = engine.remove(request).await;
        self.note("remove", &about, &removed.problems).await;
        removed
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        let about = id.to_string();
        self.may_change("unprotect", &about).await?;
        let engine = self.for_operation(id)?;
        self.note_error("unprotect", &about, engine.unprotect(id).await).await
    }
}
