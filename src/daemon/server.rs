//! The daemon's life: journal, socket, what was left over, clients, end.

use crate::{
    error::DaemonError,
    http::{Health, HttpListener, HttpPlace},
    metrics::{Metrics, OpenConnection},
    operations::{MakeEngine, Operations},
    reads::Reads,
    service::Service,
    socket::Socket,
    store::{self, JournalPlace},
};
use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};
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
    pub engines: MakeEngine,
    /// Over all targets that the engines work on.
    pub reads: Arc<Reads>,
    pub metrics: Arc<Metrics>,
    /// Where metrics and health are served; `None`: nowhere.
    pub http: Option<HttpPlace>,
}

/// Serves until `end`, and then waits for what runs. `listening` is called once clients can connect.
pub async fn serve(daemon: Daemon, listening: impl FnOnce(), end: impl Future<Output = ()>) -> Result<(), DaemonError> {
    let Daemon { socket, journal, retention, engines, reads, metrics, http } = daemon;
    let store = store::open(&journal, retention).await?;
    let operations = Operations::new(store, engines.clone(), reads, metrics.clone());
    let socket = Socket::bind(&socket).await?;
    let http = match http {
        Some(place) => Some(HttpListener::bind(&place).await?),
        None => None,
    };
    // Before anybody can ask for one of them.
    let resumed = operations.resume().await?;
    // Until the end: what runs keeps its claims while the daemon waits for it.
    let mut tending = JoinSet::new();
    tending.spawn(operations.clone().tend());
    if let Some(listener) = http {
        tending.spawn(listener.serve(Health { operations: operations.clone(), metrics: metrics.clone() }));
    }
    tracing::info!(resumed, "The daemon listens");
    listening();
    tokio::select! {
        () = accept(&socket, &operations, &engines, &metrics) => {}
        () = end => {}
    }
    drop(socket);
    tracing::info!(running = operations.count(), "The daemon ends");
    if timeout(GRACE, operations.end()).await.is_err() {
        tracing::warn!(running = operations.count(), "What still runs is resumed by the next start");
    }
    sleep(GRACE_FOR_REPLIES).await;
    Ok(())
}

async fn accept(socket: &Socket, operations: &Arc<Operations>, engines: &MakeEngine, metrics: &Arc<Metrics>) {
    loop {
        match socket.accept().await {
            Ok(stream) => {
                let open = metrics.connection();
                drop(tokio::spawn(connection(stream, operations.clone(), engines.clone(), open)));
            }
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A service of its own for each connection: its state needs no table, and goes when the connection does.
async fn connection(stream: UnixStream, operations: Arc<Operations>, engines: MakeEngine, open: OpenConnection) {
    let service = Service::of_connection(operations, engines, open);
    let incoming = tokio_stream::once(Ok::<_, Infallible>(stream));
    if let Err(error) = Server::builder().add_service(service).serve_with_incoming(incoming).await {
        tracing::debug!(%error, "A connection ended with an error");
    }
}
