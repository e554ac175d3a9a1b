//! The engine on a sandbox, with a memory of the requests that it was sent.

use async_trait::async_trait;
use goldenpath_adapters::clock::SystemClock;
use goldenpath_core::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected},
    golden::{Catalogue, RESOURCES},
    provision::{
        Description, Descriptor, Engine, EngineConfig, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport,
        Preview, PreviewRequest, Provisioner, RemoveRequest, Removed, WantedPath,
    },
};
use goldenpath_sandbox::{Fault, Sandbox, SandboxOptions};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

pub struct Recorder {
    engine: Engine,
    pub sandbox: Arc<Sandbox>,
    previews: Mutex<Vec<PreviewRequest>>,
    ensures: Mutex<Vec<EnsureRequest>>,
    removals: Mutex<Vec<RemoveRequest>>,
}

impl Recorder {
    pub fn open(folder: &Path) -> Arc<Self> {
        Self::open_with(folder, RESOURCES)
    }

    pub fn open_with(folder: &Path, resources: &'static [&'static dyn Descriptor]) -> Arc<Self> {
        let sandbox = Arc::new(Sandbox::open(folder.join("sandbox.db"), SandboxOptions::default()));
        let clock = Arc::new(SystemClock::default());
        // The built-in path grants no target role.
        let built_in = include_str!("../../../../core/golden/paths/team-standard-1.0.0.yaml");
        let granted = "target_role_arns: [\"arn:{partition}:iam::444455556666:role/le*\"]";
        let granting = built_in.replace("team_tag: team", granted);
        let catalogue = Arc::new(Catalogue::of_documents([("granting", granting.as_str())]).unwrap());
        let config = EngineConfig { resources, ..EngineConfig::default() };
        let engine = Engine::new(sandbox.clone(), sandbox.clone(), sandbox.clone(), clock, catalogue, config);
        let (previews, ensures, removals) = Default::default();
        Arc::new(Self { engine, sandbox, previews, ensures, removals })
    }

    /// Calls fail, from now on.
    pub async fn fail(&self, action: &str, kind: Option<&str>) {
        let (action, kind) = (action.parse().unwrap(), kind.map(str::to_owned));
        let fault = Fault { action, call: None, verb: None, kind, key: None, skip: 0, times: None };
        self.sandbox.add_fault(fault).await.unwrap();
    }

    pub fn last_preview(&self) -> PreviewRequest {
        self.previews.lock().unwrap().last().cloned().expect("a preview")
    }

    pub fn ensures(&self) -> Vec<EnsureRequest> {
        self.ensures.lock().unwrap().clone()
    }

    pub fn removals(&self) -> Vec<RemoveRequest> {
        self.removals.lock().unwrap().clone()
    }
}

#[async_trait]
impl Provisioner for Recorder {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        self.engine.facts(cluster).await
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        self.engine.only_cluster().await
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        self.engine.find(id).await
    }

    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        self.engine.files(id).await
    }

    async fn golden_path(&self, _: &WantedPath) -> Result<PathReport, Problem> {
        Err(Problem::error("test.none", "No golden path is here", "No test asks for one."))
    }

    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem> {
        self.engine.describe(id).await
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        self.engine.observe(request).await
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        self.previews.lock().unwrap().push(request.clone());
        self.engine.preview(request).await
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        self.ensures.lock().unwrap().push(request.clone());
        self.engine.ensure(request).await
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        self.engine.preview_remove(request).await
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        self.removals.lock().unwrap().push(request.clone());
        self.engine.remove(request).await
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        self.engine.unprotect(id).await
    }
}
