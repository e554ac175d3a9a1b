//! The daemon's life: journal, socket, what was left over, clients, end.

use crate::{
    error::DaemonError,
    operations::{MakeEngine, MakeSurvey, Operations},
    reconcile::{self, Reconcile, Reconciler},
    reports::Reports,
    service::Service,
    socket::Socket,
    start::{Opened, open_ledger},
    store::{self, JournalPlace},
};
use goldenpath_core::ports::Clock;
use std::{convert::Infallible, future::pending, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    net::UnixStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tonic::transport::Server;

/// Whoever ends a daemon waits 30 s (Kubernetes) to 90 s (systemd) before it kills. What has not ended by then is resumed by the
/// next start, as after a kill.
const GRACE: Duration = Duration::from_secs(25);
/// How long the responses of what has just ended may take to reach clients.
const GRACE_FOR_REPLIES: Duration = Duration::from_millis(300);
/// After a refused `accept`, most likely for want of file descriptors: others must close some first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub struct Daemon {
    pub socket: PathBuf,
    pub journal: JournalPlace,
    /// How long operations that have ended are kept.
    pub retention: Duration,
    /// The audit ledger.
    pub audit: PathBuf,
    /// `None`: it looks at nothing between applies.
    pub reconcile: Option<Reconcile>,
    pub engines: MakeEngine,
    pub surveys: MakeSurvey,
    pub clock: Arc<dyn Clock>,
}

/// Serves until `end`, and then waits for what runs. `listening` is called once clients can connect.
pub async fn serve(daemon: Daemon, listening: impl FnOnce(), end: impl Future<Output = ()>) -> Result<(), DaemonError> {
    let Daemon { socket, journal, retention, audit, reconcile, engines, surveys, clock } = daemon;
    let store = store::open(&journal, retention).await?;
    let Opened { trail, knowledge } = open_ledger(&audit, &clock).await?;
    let operations = Operations::new(store.clone(), engines.clone(), trail.clone());
    let socket = Socket::bind(&socket).await?;
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
    tracing::info!(resumed, "The daemon listens");
    listening();
    let between = async {
        match reconcile {
            Some(rules) => {
                let (operations, trail, engines) = (operations.clone(), trail.clone(), engines.clone());
                reconcile::run(Reconciler { rules, store, surveys, engines, operations, trail, knowledge, clock }).await
            }
            None => pending().await,
        }
    };
    tokio::select! {
        () = accept(&socket, &operations, &engines, &reports) => {}
        never = between => match never {},
        () = end => {}
    }
    drop(socket);
    tracing::info!(running = operations.count(), "The daemon ends");
    if timeout(GRACE, operations.end()).await.is_err() {
        tracing::warn!(running = operations.count(), "What still runs is resumed by the next start");
    }
    trail.stop().await;
    sleep(GRACE_FOR_REPLIES).await;
    Ok(())
}

async fn accept(socket: &Socket, operations: &Arc<Operations>, engines: &MakeEngine, reports: &Arc<Reports>) {
    loop {
        match socket.accept().await {
            Ok(stream) => {
                drop(tokio::spawn(connection(stream, operations.clone(), engines.clone(), reports.clone())));
            }
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A service of its own for each connection: its state needs no table, and goes when the connection does.
async fn connection(stream: UnixStream, operations: Arc<Operations>, engines: MakeEngine, reports: Arc<Reports>) {
    let service = Service::of_connection(operations, engines, reports);
    let incoming = tokio_stream::once(Ok::<_, Infallible>(stream));
    if let Err(error) = Server::builder().add_service(service).serve_with_incoming(incoming).await {
        tracing::debug!(%error, "A connection ended with an error");
    }
}
