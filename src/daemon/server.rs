//! The daemon's life: journal, listeners, what was left over, clients, end.

use crate::{
    error::DaemonError,
    forms::Forms,
    gate::{Gate, MakeEngine, MakeSurvey},
    health::{Health, HttpListener, HttpPlace},
    listen::{Listen, Shared},
    metrics::Metrics,
    operations::Operations,
    page::Page,
    reads::Reads,
    reconcile::{self, Reconcile, Reconciler},
    relay::relay,
    reports::Reports,
    start::{Opened, open_ledger},
    store::{self, JournalPlace},
    tokens::{TokenSettings, Tokens},
};
use goldenpath_core::{golden::Catalogue, policy::CallerRule, ports::Clock};
use std::{future::pending, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// Whoever ends a daemon waits 30 s (Kubernetes) to 90 s (systemd) before it kills. What has not ended by then is resumed by the
/// next start, as after a kill.
const GRACE: Duration = Duration::from_secs(25);
/// How long the responses of what has just ended may take to reach clients.
const GRACE_FOR_REPLIES: Duration = Duration::from_millis(300);

pub struct Daemon {
    pub listen: Vec<Listen>,
    pub journal: JournalPlace,
    /// How long operations that have ended are kept.
    pub retention: Duration,
    /// The audit ledger.
    pub audit: PathBuf,
    /// `None`: it looks at nothing between applies.
    pub reconcile: Option<Reconcile>,
    pub engines: MakeEngine,
    pub surveys: MakeSurvey,
    /// For what its page says of access.
    pub catalogue: Arc<Catalogue>,
    /// `None`: the daemon's own user alone.
    pub callers: Option<Vec<CallerRule>>,
    pub tokens: TokenSettings,
    /// Each operation has an engine of its own, made for it.
    pub has_sessions: bool,
    /// Over all targets that the engines work on.
    pub reads: Arc<Reads>,
    pub metrics: Arc<Metrics>,
    /// Where metrics and health are served; `None`: nowhere.
    pub http: Option<HttpPlace>,
    pub clock: Arc<dyn Clock>,
}

/// Whether a daemon could listen, with its certificates as they are.
pub fn check(listen: &[Listen], tokens: TokenSettings) -> Result<(), DaemonError> {
    let has_tokens = tokens.is_some();
    Tokens::new(tokens)?;
    listen.iter().try_for_each(|listen| listen.check(has_tokens))
}

/// Serves until `end`, and then waits for what runs. `listening` is called once clients can connect, with all endpoints.
pub async fn serve(
    daemon: Daemon,
    listening: impl FnOnce(&[String]),
    end: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    serve_as(daemon, Forms::own(), listening, end).await
}

/// As the release that knows these forms.
pub async fn serve_as(
    daemon: Daemon,
    forms: Forms,
    listening: impl FnOnce(&[String]),
    end: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let Daemon {
        listen,
        journal,
        retention,
        audit,
        reconcile,
        engines,
        surveys,
        catalogue,
        callers,
        tokens,
        has_sessions,
        reads,
        metrics,
        http,
        clock,
    } = daemon;
    let has_tokens = tokens.is_some();
    let store = store::open(&journal, retention, forms).await?;
    let Opened { trail, knowledge } = open_ledger(&audit, &clock).await?;
    let gate = Arc::new(Gate::new(engines, callers, Tokens::new(tokens)?, has_sessions, trail.clone()));
    let operations = Operations::new(store.clone(), gate.clone(), trail.clone(), reads, metrics.clone());
    let (mut listeners, mut endpoints) = (vec![], vec![]);
    for listen in &listen {
        let (listener, endpoint) = listen.bind(has_tokens).await?;
        listeners.push(listener);
        endpoints.push(endpoint);
    }
    let http = match http {
        Some(place) => Some(HttpListener::bind(&place).await?),
        None => None,
    };
    let reports = Arc::new(Reports {
        store: store.clone(),
        trail: trail.clone(),
        operations: operations.clone(),
        knowledge: knowledge.clone(),
        surveys: surveys.clone(),
        clusters: reconcile.as_ref().map(|rules| rules.clusters.clone()).unwrap_or_default(),
        reconciles: reconcile.is_some(),
        started_at: clock.now(),
    });
    // Before anybody can ask for one of them.
    let resumed = operations.resume().await?;
    // Until the end: what runs keeps its claims while the daemon waits for it.
    let mut tending = JoinSet::new();
    tending.spawn(operations.clone().tend());
    if store.is_shared() {
        let relay = relay(trail.events.clone(), store.clone());
        tending.spawn(async move { match relay.await {} });
    }
    let page = Arc::new(Page { gate: gate.clone(), reports: reports.clone(), catalogue });
    let shared = Shared { operations: operations.clone(), gate: gate.clone(), metrics: metrics.clone(), reports, page };
    if let Some(listener) = http {
        tending.spawn(listener.serve(Health { operations: operations.clone(), metrics: metrics.clone() }));
    }
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(listener.serve(shared.clone()));
    }
    tracing::info!(resumed, "The daemon listens");
    listening(&endpoints);
    let between = async {
        match reconcile {
            Some(rules) => {
                let (operations, trail) = (operations.clone(), trail.clone());
                let reconciler =
                    Reconciler { rules, store, surveys, gate, operations, trail, knowledge, metrics, clock };
                reconcile::run(reconciler).await
            }
            None => pending().await,
        }
    };
    tokio::select! {
        never = between => match never {},
        () = end => {}
    }
    // With its sockets.
    accepting.shutdown().await;
    tracing::info!(running = operations.count(), "The daemon ends");
    if timeout(GRACE, operations.end()).await.is_err() {
        tracing::warn!(running = operations.count(), "What still runs is resumed by the next start");
    }
    trail.stop().await;
    sleep(GRACE_FOR_REPLIES).await;
    Ok(())
}
