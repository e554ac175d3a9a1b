//! A daemon in a thread of its own, which can be killed: with its runtime all its tasks are gone, as with a process.

mod engine;

pub use engine::FakeEngine;

use crate::{
    Address, Client, ClientOptions, Daemon, EngineScope, HttpPlace, JournalPlace, Listen, MakeEngine, MakeSurvey,
    Metrics, Reads, TokenSettings, TokenSource,
    events::Events,
    forms::Forms,
    gate::Gate,
    ledger::Ledger,
    server::serve_as,
    tokens::Tokens,
    trail::{Announced, Trail},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Problem, from_document},
    golden::Catalogue,
    policy::CallerRule,
    ports::Clock,
    provision::{Bounds, Cancel, EnsureRequest, Provisioner, RemoveRequest, Spec, Survey},
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::{Notify, oneshot},
    time::timeout,
};

/// A clock whose time passes when a test says so.
#[derive(Default)]
pub struct FakeClock {
    seconds: AtomicU64,
    moved: Notify,
    sleepers: AtomicUsize,
    _folder: Option<tempfile::TempDir>,
}

impl FakeClock {
    pub fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// How many wait for time to pass: whoever is not among them yet reads the time first.
    pub fn sleepers(&self) -> usize {
        self.sleepers.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> String {
        "2026-11-25T01:41:48Z".to_owned()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.elapsed().saturating_add(duration);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        loop {
            let moved = self.moved.notified();
            if self.elapsed() >= end {
                break;
            }
            moved.await;
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// With a ledger of its own, whose folder lives as long as the clock.
pub fn trail() -> Arc<Trail> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let clock = Arc::new(FakeClock { _folder: Some(folder), ..FakeClock::default() });
    let ledger = Ledger::open(&path, clock.clone(), |_, _| {}).unwrap();
    Arc::new(Trail::new(Arc::new(ledger), Arc::new(Events::default()), clock, Announced::default()))
}

/// For the daemon's own user, and for the daemon itself.
pub fn gate(engines: MakeEngine, trail: &Arc<Trail>) -> Arc<Gate> {
    Arc::new(Gate::new(engines, None, Tokens::new(TokenSettings::default()).unwrap(), false, trail.clone()))
}

/// Nothing that a test waits for takes so long, also beside a build. A test that waits for time to pass waits for what it brings.
pub const LONG: Duration = Duration::from_secs(180);

fn baseline(cluster: &str) -> Spec {
    from_document(&json!({ "kind": "baseline", "request": { "cluster": cluster } })).unwrap()
}

pub fn ensure_of(cluster: &str) -> EnsureRequest {
    EnsureRequest::new(baseline(cluster), LONG)
}

pub fn removal_of(cluster: &str) -> RemoveRequest {
    RemoveRequest {
        id: baseline(cluster).id(),
        uid: "u".into(),
        target: None,
        facts: None,
        keys: vec![],
        protected: false,
        hand_over: false,
        timeout: LONG,
        cancel: Cancel::new(),
    }
}

/// Waits for what another task does.
pub async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(LONG, wait).await.unwrap();
}

pub struct DaemonFixture {
    folder: tempfile::TempDir,
    journal: JournalPlace,
    pub engine: Arc<FakeEngine>,
    /// Of operations that have sessions of their own. `None`: they have none.
    pub in_session: Option<Arc<FakeEngine>>,
    /// Of the release that its daemons are.
    pub forms: Forms,
    scopes: Arc<Mutex<Vec<EngineScope>>>,
}

pub struct RunningDaemon {
    pub endpoints: Vec<String>,
    kill: oneshot::Sender<()>,
    end: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl DaemonFixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = JournalPlace::File(folder.path().join("journal.db"));
        Self { folder, journal, engine: Arc::default(), in_session: None, forms: Forms::own(), scopes: Arc::default() }
    }

    pub fn with_sessions() -> Self {
        Self { in_session: Some(Arc::default()), ..Self::new() }
    }

    pub fn of(forms: Forms) -> Self {
        Self { forms, ..Self::new() }
    }

    /// Several on one database have one engine, as they have one target.
    pub fn on(journal: JournalPlace, engine: &Arc<FakeEngine>) -> Self {
        Self { journal, engine: engine.clone(), ..Self::new() }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("daemon.sock")
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub fn http(&self) -> PathBuf {
        self.folder.path().join("http.sock")
    }

    pub fn audit(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    /// Of each engine that was made, in their order.
    pub fn scopes(&self) -> Vec<EngineScope> {
        self.scopes.lock().unwrap().clone()
    }

    /// Of each connection that was made.
    pub fn bounds(&self) -> Vec<String> {
        let written = |scope: &EngineScope| serde_json::to_string(&scope.bounds).unwrap();
        let mut bounds: Vec<String> = self.scopes().iter().map(written).collect();
        bounds.sort_by_key(String::len);
        bounds
    }

    pub fn client(&self) -> Client {
        self.client_with(None, &[])
    }

    pub fn bounded_client(&self, bounds: &str) -> Client {
        self.client_with(None, &[serde_json::from_str(bounds).unwrap()])
    }

    pub fn client_with(&self, token: Option<TokenSource>, bounds: &[Bounds]) -> Client {
        self.client_of(Forms::own(), token, bounds)
    }

    /// Of another release.
    pub fn client_of(&self, forms: Forms, token: Option<TokenSource>, bounds: &[Bounds]) -> Client {
        let address = Address::Unix(self.socket());
        Client::of(forms, ClientOptions { address, endpoint: "unix:///daemon.sock".into(), token }, bounds)
    }

    /// Once it listens.
    pub async fn start(&self) -> RunningDaemon {
        self.start_for(vec![Listen::Unix(self.socket())], None, TokenSettings::default()).await
    }

    pub async fn start_for(
        &self,
        listen: Vec<Listen>,
        callers: Option<Vec<CallerRule>>,
        tokens: TokenSettings,
    ) -> RunningDaemon {
        let (kill, killed) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let (listens, listening) = oneshot::channel();
        let (engine, in_session, scopes) = (self.engine.clone(), self.in_session.clone(), self.scopes.clone());
        let (has_sessions, forms) = (in_session.is_some(), self.forms);
        let engines: MakeEngine = Arc::new(move |scope: EngineScope| -> Result<Arc<dyn Provisioner>, Problem> {
            let engine = in_session.as_ref().filter(|_| scope.session.is_some()).unwrap_or(&engine).clone();
            scopes.lock().unwrap().push(scope);
            Ok(engine)
        });
        let engine = self.engine.clone();
        let surveys: MakeSurvey = Arc::new(move |_| -> Result<Arc<dyn Survey>, Problem> { Ok(engine.clone()) });
        let metrics = Metrics::new();
        let daemon = Daemon {
            listen,
            journal: self.journal.clone(),
            retention: LONG,
            audit: self.audit(),
            reconcile: None,
            engines,
            surveys,
            catalogue: Catalogue::built_in(),
            callers,
            tokens,
            has_sessions,
            reads: Reads::new(Duration::ZERO, metrics.clone()),
            metrics,
            http: Some(HttpPlace::Unix(self.http())),
            clock: Arc::new(FakeClock::default()),
        };
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let end = async { ended.await.unwrap_or_default() };
                tokio::select! {
                    served = serve_as(daemon, forms, |endpoints| listens.send(endpoints.to_vec()).unwrap(), end) => {
                        served.unwrap();
                    }
                    _ = killed => {}
                }
            });
        });
        let endpoints = listening.await.unwrap();
        RunningDaemon { endpoints, kill, end, thread }
    }
}

impl RunningDaemon {
    pub fn kill(self) {
        self.kill.send(()).unwrap();
        self.thread.join().unwrap();
    }

    pub fn end(self) {
        self.begin_to_end().join().unwrap();
    }

    /// As SIGTERM does; what runs is waited for.
    pub fn begin_to_end(self) -> thread::JoinHandle<()> {
        let Self { kill, end, thread, .. } = self;
        end.send(()).unwrap();
        // Dropped, it would kill.
        std::mem::forget(kill);
        thread
    }
}
