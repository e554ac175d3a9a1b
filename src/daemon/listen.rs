//! Where the daemon listens: sockets of its own user, and TCP with TLS. One connection is served here from its handshake to its end.

use crate::{
    deadline::Deadline,
    error::DaemonError,
    gate::{Gate, Peer},
    metrics::Metrics,
    operations::Operations,
    page::Page,
    reports::Reports,
    service::Service,
    socket::Socket,
    tls::server::{ServerTls, TlsFiles, identity_of},
    tokens::VERIFIED_WITHIN,
};
use http_body_util::Limited;
use hyper::{Request, body::Incoming, header::CONTENT_TYPE, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::Service as _;

/// Open connections of one listener. Each run of Terraform has one for each provider block; others wait until one ends.
const MOST: usize = 500;
/// A client of ours says Hello at once, and its token is verified in time. Until then, nobody knows who has opened the connection.
const UNGREETED: Duration = Duration::from_secs(VERIFIED_WITHIN.as_secs() + 2);
/// And sends little: whatever a stranger sends is kept until it is whole.
const LARGEST_GREETING: usize = 64 << 10;
/// A browser keeps its connection for the next page, and no longer than that.
const IDLE: Duration = Duration::from_secs(60);
/// Calls of one connection at once. A plan has ten, unless `-parallelism` says otherwise.
const MOST_CALLS: u32 = 200;
/// A peer whose machine is gone says nothing at all.
const PING: Duration = Duration::from_secs(60);
/// After a refused `accept`, most likely for want of file descriptors: others must close some first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// For processes of the daemon's own user.
    Unix(PathBuf),
    Tcp {
        address: SocketAddr,
        tls: TlsFiles,
    },
}

pub enum Listener {
    Unix(Socket),
    Tcp(TcpListener, Arc<ServerTls>),
}

/// What connections share.
#[derive(Clone)]
pub struct Shared {
    pub operations: Arc<Operations>,
    pub gate: Arc<Gate>,
    pub metrics: Arc<Metrics>,
    pub reports: Arc<Reports>,
    pub page: Arc<Page>,
}

// === impl Listen ===

impl Listen {
    /// Whether it could be listened on. Listens on nothing.
    pub fn check(&self, has_tokens: bool) -> Result<(), DaemonError> {
        match self {
            Self::Unix(path) => crate::socket::check(path),
            Self::Tcp { tls, .. } => Ok(ServerTls::new(tls.clone(), !has_tokens).map(drop)?),
        }
    }

    /// With the address, whose port may have been left to the system.
    pub async fn bind(&self, has_tokens: bool) -> Result<(Listener, String), DaemonError> {
        Ok(match self {
            Self::Unix(path) => (Listener::Unix(Socket::bind(path).await?), format!("unix://{}", path.display())),
            Self::Tcp { address, tls } => {
                let tls = Arc::new(ServerTls::new(tls.clone(), !has_tokens)?);
                let failed = |source| DaemonError::Address { address: *address, source };
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let name = format!("https://{}", listener.local_addr().map_err(failed)?);
                (Listener::Tcp(listener, tls), name)
            }
        })
    }
}

// === impl Listener ===

impl Listener {
    /// Until it is dropped.
    pub async fn serve(self, shared: Shared) {
        let free = Arc::new(Semaphore::new(MOST));
        loop {
            let Ok(permit) = free.clone().acquire_owned().await else { return };
            let shared = shared.clone();
            match self.accept().await {
                Ok(accepted) => drop(tokio::spawn(async move {
                    accepted.serve(shared).await;
                    drop(permit);
                })),
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<Accepted> {
        Ok(match self {
            Self::Unix(socket) => Accepted::Unix(socket.accept().await?),
            Self::Tcp(listener, tls) => {
                let (stream, peer) = listener.accept().await?;
                Accepted::Tcp(stream, peer, tls.clone())
            }
        })
    }
}

enum Accepted {
    Unix(UnixStream),
    Tcp(TcpStream, SocketAddr, Arc<ServerTls>),
}

// === impl Accepted ===

impl Accepted {
    async fn serve(self, shared: Shared) {
        match self {
            Self::Unix(stream) => connection(stream, Peer::Own, shared).await,
            Self::Tcp(stream, address, tls) => {
                let accepted = match tls.accept(stream).await {
                    Ok(stream) => identity_of(&stream).map(|identity| (stream, identity)),
                    Err(error) => Err(error),
                };
                match accepted {
                    Ok((stream, identity)) => connection(stream, Peer::Remote(identity), shared).await,
                    // Whoever scans ports must not fill the log.
                    Err(error) => tracing::debug!(%address, error, "A connection was refused"),
                }
            }
        }
    }
}

/// A service of its own for each connection: its state needs no table, and goes when the connection does.
async fn connection<S>(stream: S, peer: Peer, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared { operations, gate, metrics, reports, page } = shared;
    let _open = metrics.connection();
    let (is_known, peer) = (matches!(peer, Peer::Own), Arc::new(peer));
    let (service, greeted) = Service::of_connection(operations, gate, reports, peer.clone());
    let known = greeted.clone();
    let respond = service_fn(move |request: Request<Incoming>| {
        let (mut service, page, peer, known) = (service.clone(), page.clone(), peer.clone(), known.clone());
        async move {
            if !is_of_the_api(&request) {
                return Ok(page.respond(&request, &peer, &known).await);
            }
            let most = if is_known || known.is_cancelled() { usize::MAX } else { LARGEST_GREETING };
            let deadline = Deadline::of(request.uri().path(), request.headers());
            deadline.hold(service.call(request.map(|body| Limited::new(body, most)))).await
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(LARGEST_GREETING);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING).max_concurrent_streams(MOST_CALLS);
    let serving = builder.serve_connection(TokioIo::new(stream), respond);
    let ungreeted = async {
        if timeout(UNGREETED, greeted.cancelled()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = serving => {
            if let Err(error) = served {
                tracing::debug!(%error, "A connection ended with an error");
            }
        }
        () = ungreeted => tracing::debug!("A connection was closed: nobody said Hello on it"),
    }
}

/// All else is for the page.
fn is_of_the_api(request: &Request<Incoming>) -> bool {
    request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}
