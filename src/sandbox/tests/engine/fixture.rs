//! A sandbox and a client that plans and applies over it.
//!
//! Time is tokio's paused clock, for the sandbox too: it stands still while the sandbox works, and jumps to the next timer when
//! everybody waits.

#[path = "fixture/elsewhere.rs"]
mod elsewhere;
#[path = "fixture/target.rs"]
mod target;

pub use target::Wrong;

use super::requests::*;
use async_trait::async_trait;
use elsewhere::Elsewhere;
use goldenpath_core::{
    domain::{Class, ClusterArn, Late, Problem},
    golden::Catalogue,
    ports::{Clock, Clusters, PortError, Probe, Readiness},
    provision::{Engine, EngineConfig, Observation, Outcome, Preview, Provisioner, Removed, Spec},
};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::OnceCell, time::Instant};

pub const ARN: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

/// The file of a sandbox whose cluster has its baseline: made once, copied by every test that begins there.
static READY: OnceCell<Snapshot> = OnceCell::const_new();

pub struct EngineFixture {
    pub sandbox: Sandbox,
    pub probe: Arc<ScriptedProbe>,
    /// What the sandbox had before anything was made in it.
    seeded: BTreeSet<String>,
    begun: Instant,
    file: rusqlite::Connection,
    _folder: tempfile::TempDir,
}

/// A sandbox to begin from as often as one likes.
pub struct Snapshot(Vec<u8>);

impl Snapshot {
    pub async fn open(&self) -> EngineFixture {
        EngineFixture::open(Some(self), SandboxOptions::default()).await
    }
}

// === impl EngineFixture ===

impl EngineFixture {
    /// A new cluster.
    pub async fn new() -> Self {
        Self::with(SandboxOptions::default()).await
    }

    pub async fn with(options: SandboxOptions) -> Self {
        Self::open(None, options).await
    }

    /// A cluster that has its baseline.
    pub async fn ready() -> Self {
        let make = || async {
            let fixture = Self::new().await;
            fixture.create(&baseline()).await;
            fixture.snapshot()
        };
        Self::open(Some(READY.get_or_init(make).await), SandboxOptions::default()).await
    }

    /// And these instances.
    pub async fn with_instances(specs: &[Spec]) -> Self {
        let fixture = Self::ready().await;
        for spec in specs {
            fixture.create(spec).await;
        }
        fixture
    }

    /// All that the sandbox has.
    pub fn snapshot(&self) -> Snapshot {
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        Snapshot(std::fs::read(self.sandbox.path()).expect("the file"))
    }

    async fn open(snapshot: Option<&Snapshot>, options: SandboxOptions) -> Self {
        // In memory, where there is such a place: nobody waits for a disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a folder");
        let path = folder.path().join("sandbox.db");
        if let Some(Snapshot(bytes)) = snapshot {
            std::fs::write(&path, bytes).expect("a copy");
        }
        let begun = Instant::now();
        let sandbox = Sandbox::open_at(&path, options, Arc::new(move || now(begun)));
        sandbox.only().await.expect("opened");
        let file = rusqlite::Connection::open(&path).expect("the file");
        let probe = Arc::new(ScriptedProbe { sandbox: sandbox.clone(), responses: Mutex::default() });
        let mut fixture = Self { sandbox, probe, seeded: BTreeSet::new(), begun, file, _folder: folder };
        fixture.seeded = match snapshot {
            None => fixture.keys(),
            Some(_) => fixture.seeded_keys().await,
        };
        fixture
    }

    async fn seeded_keys(&self) -> BTreeSet<String> {
        static SEEDED: OnceCell<BTreeSet<String>> = OnceCell::const_new();
        SEEDED.get_or_init(|| async { Box::pin(Self::new()).await.seeded }).await.clone()
    }

    /// A fresh connection.
    pub fn engine(&self) -> Engine {
        self.engine_with(EngineConfig::default())
    }

    /// One that knows these golden paths.
    pub fn engine_of(&self, catalogue: &Arc<Catalogue>) -> Engine {
        self.engine_on(catalogue.clone(), EngineConfig::default())
    }

    /// A fresh connection of somebody whose word is not taken for anything.
    pub fn verifying(&self, bounds: Value) -> Engine {
        let bounds = vec![serde_json::from_value(bounds).expect("bounds")];
        self.engine_with(EngineConfig { bounds, verifies: true, ..EngineConfig::default() })
    }

    /// A fresh connection that works for somebody else.
    pub fn engine_for(&self, caller: &str) -> Engine {
        self.engine_with(EngineConfig { caller: Some(caller.to_owned()), ..EngineConfig::default() })
    }

    fn engine_with(&self, config: EngineConfig) -> Engine {
        self.engine_on(Catalogue::built_in(), config)
    }

    /// A fresh connection of somebody who has the wrong credentials.
    pub fn engine_elsewhere(&self) -> Engine {
        self.engine_over(Arc::new(Elsewhere), Catalogue::built_in(), EngineConfig::default())
    }

    fn engine_on(&self, catalogue: Arc<Catalogue>, config: EngineConfig) -> Engine {
        self.engine_over(Arc::new(self.sandbox.clone()), catalogue, config)
    }

    fn engine_over(&self, clusters: Arc<dyn Clusters>, catalogue: Arc<Catalogue>, config: EngineConfig) -> Engine {
        let config = EngineConfig { tool_version: "test".into(), ..config };
        let clock = Arc::new(TestClock(self.begun));
        Engine::new(Arc::new(self.sandbox.clone()), clusters, self.probe.clone(), clock, catalogue, config)
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    // --- the client

    pub async fn preview(&self, spec: &Spec, state: Option<&InstanceState>) -> Preview {
        self.engine().preview(preview_request(spec, state, None)).await
    }

    pub async fn ensure(&self, spec: &Spec, state: Option<&InstanceState>) -> Outcome {
        self.engine().ensure(ensure_request(spec, state, None)).await
    }

    /// Plans and applies; what was promised is what is.
    pub async fn apply(&self, spec: &Spec, state: Option<&InstanceState>) -> InstanceState {
        let preview = self.preview(spec, state).await;
        assert_eq!(errors(&preview.problems), Vec::<&str>::new(), "{:?}", preview.problems);
        let decided = preview.decided.unwrap_or_else(|| panic!("nothing was decided: {:?}", preview.problems));
        let planned = planned_lines(&decided.outputs);
        let outcome = self.engine().ensure(ensure_request(spec, state, Some(planned.clone()))).await;
        let reported = outcome.exists.as_ref().and_then(|exists| identity_leaf(&exists.outputs));
        let mut after = self.complete(spec, outcome);
        let promised: BTreeMap<String, String> =
            planned.into_iter().filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect();
        assert_eq!(after.objects, promised, "the objects are those of the plan");
        match identity_leaf(&decided.outputs) {
            Some(Late::Later) => assert!(reported.is_some(), "what the plan left open is reported"),
            Some(Late::Now(planned)) => {
                assert!(reported.is_none_or(|reported| reported == Late::Now(planned)), "the plan was true");
                after.identity_ready = planned;
            }
            // A create, or no slot.
            None => {}
        }
        after
    }

    pub async fn create(&self, spec: &Spec) -> InstanceState {
        self.apply(spec, None).await
    }

    /// The state after a change that went well.
    pub fn complete(&self, spec: &Spec, outcome: Outcome) -> InstanceState {
        let problems = outcome.problems.clone();
        let state = self.state(spec, outcome);
        assert!(!state.incomplete, "it ended well: {problems:?}");
        state
    }

    pub fn state(&self, spec: &Spec, outcome: Outcome) -> InstanceState {
        let exists = outcome.exists.unwrap_or_else(|| panic!("nothing exists: {:?}", outcome.problems));
        assert_eq!(exists.complete, errors(&outcome.problems).is_empty(), "{:?}", outcome.problems);
        InstanceState {
            spec: spec.clone(),
            uid: exists.uid,
            target: self.query("SELECT uuid FROM target", "").expect("its name"),
            objects: known_lines(&exists.outputs),
            identity_ready: identity_leaf(&exists.outputs).and_then(|leaf| leaf.now().copied()).flatten(),
            facts: exists.facts,
            path: Some(exists.path),
            parent: exists.parent,
            protected: exists.protected,
            incomplete: !exists.complete,
        }
    }

    /// Refreshes as a client does: its new state, and what it is warned of.
    pub async fn refresh(&self, state: &InstanceState) -> (InstanceState, Vec<Problem>) {
        self.maybe_refresh(state).await.expect("it is there")
    }

    /// `None`: gone.
    pub async fn maybe_refresh(&self, state: &InstanceState) -> Option<(InstanceState, Vec<Problem>)> {
        match self.engine().observe(observe_request(state)).await.unwrap_or_else(|problem| panic!("{problem}")) {
            Observation::Gone(_) => None,
            Observation::Here(observed) => {
                let state = InstanceState { objects: observed.objects, facts: observed.facts, ..state.clone() };
                Some((state, observed.problems))
            }
        }
    }

    /// Refreshes: nothing to say, and what is there is what state holds.
    pub async fn assert_steady(&self, state: &InstanceState, reason: &str) {
        let (fresh, problems) = self.maybe_refresh(state).await.unwrap_or_else(|| panic!("{reason}: it is gone"));
        assert_eq!(codes(&problems), Vec::<&str>::new(), "{reason}: {problems:?}");
        assert_eq!(fresh.objects, state.objects, "{reason}: nothing moved");
    }

    /// And plans: nothing to do.
    pub async fn assert_quiet(&self, state: &InstanceState, reason: &str) {
        self.assert_steady(state, reason).await;
        let preview = self.preview(&state.spec, Some(state)).await;
        let decided = preview.decided.unwrap_or_else(|| panic!("{reason}: undecided {:?}", preview.problems));
        assert_eq!(known_lines(&decided.outputs), state.objects, "{reason}: the plan is empty");
        assert_eq!(errors(&preview.problems), Vec::<&str>::new(), "{reason}");
    }

    pub async fn remove(&self, state: &InstanceState) -> Removed {
        self.engine().remove(remove_request(state)).await
    }
}

// === Time and looks at identities ===

fn now(begun: Instant) -> jiff::Timestamp {
    let milliseconds = i64::try_from(begun.elapsed().as_millis()).expect("not so long");
    jiff::Timestamp::from_millisecond(1_790_000_000_000 + milliseconds).expect("a time")
}

struct TestClock(Instant);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> String {
        now(self.0).round(jiff::Unit::Second).expect("a time").to_string()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The sandbox's probe. A test scripts what a real cluster with several API servers may return besides.
pub struct ScriptedProbe {
    sandbox: Sandbox,
    responses: Mutex<VecDeque<Result<Readiness, Class>>>,
}

impl ScriptedProbe {
    /// What the next looks see; when it is used up, the sandbox responds.
    pub fn script(&self, responses: impl IntoIterator<Item = Result<Readiness, Class>>) {
        *self.responses.lock().expect("a lock") = responses.into_iter().collect();
    }
}

#[async_trait]
impl Probe for ScriptedProbe {
    async fn identity(&self, cluster: &ClusterArn, namespace: &str, account: &str) -> Result<Readiness, PortError> {
        let found = self.sandbox.identity(cluster, namespace, account).await;
        match self.responses.lock().expect("a lock").pop_front() {
            Some(response) => response.map_err(|class| PortError::new(class, "probe", "refused by the test")),
            None => found,
        }
    }
}
