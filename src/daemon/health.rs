//! Metrics and health over HTTP, for whoever scrapes and probes. Nothing else is served there, and nobody is asked who they are.

use crate::{
    error::{DaemonError, in_one_line},
    metrics::{Form, Metrics, Standing},
    operations::Operations,
    socket::Socket,
};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, error::Error, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

/// A scraper and two probes need three.
const CONNECTIONS: usize = 32;
/// For the head of a request, so that who says nothing keeps no place.
const PATIENCE: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// For the journal and the ledger: probes give up after a second or a few.
const CHECK: Duration = Duration::from_secs(1);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpPlace {
    Tcp(SocketAddr),
    /// Only the daemon's own user can open it.
    Unix(PathBuf),
}

/// Bound, and not served yet.
pub enum HttpListener {
    Tcp(TcpListener),
    Unix(Socket),
}

#[derive(Clone)]
pub struct Health {
    pub operations: Arc<Operations>,
    pub metrics: Arc<Metrics>,
}

// === impl HttpListener ===

impl HttpListener {
    pub async fn bind(place: &HttpPlace) -> Result<Self, DaemonError> {
        Ok(match place {
            HttpPlace::Tcp(address) => {
                let failed = |source| DaemonError::Address { address: *address, source };
                Self::Tcp(TcpListener::bind(address).await.map_err(failed)?)
            }
            HttpPlace::Unix(path) => Self::Unix(Socket::bind(path).await?),
        })
    }

    /// For as long as the process lives, also while it ends.
    pub async fn serve(self, health: Health) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let health = health.clone();
            let accepted = match &self {
                Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                    tokio::spawn(async move {
                        connection(stream, health).await;
                        drop(place);
                    })
                }),
                Self::Unix(socket) => socket.accept().await.map(|stream| {
                    tokio::spawn(async move {
                        connection(stream, health).await;
                        drop(place);
                    })
                }),
            };
            if let Err(error) = accepted {
                tracing::debug!(%error, "A connection for metrics could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, health: Health) {
    let service = service_fn(move |request: Request<Incoming>| {
        let health = health.clone();
        async move { Ok::<_, Infallible>(health.respond(request.method(), request.uri().path(), request.headers()).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "A connection for metrics ended with an error");
    }
}

// === impl Health ===

impl Health {
    async fn respond(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<String> {
        if ![Method::GET, Method::HEAD].contains(method) {
            return response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET\n".to_owned());
        }
        match path {
            "/metrics" => {
                let (form, kind) = match accepts_open_metrics(headers) {
                    true => (Form::OpenMetrics, OPEN_METRICS),
                    false => (Form::Text, TEXT),
                };
                let (journal, waiting) =
                    tokio::join!(self.journal(), check_in_time("journal", self.operations.waiting()));
                let standing = Standing { running: self.operations.count(), waiting: waiting.ok() };
                response(StatusCode::OK, kind, self.metrics.write(form, standing, journal.is_ok()))
            }
            "/healthz" => response(StatusCode::OK, PLAIN, "alive\n".to_owned()),
            "/readyz" => match self.ready().await {
                Ok(()) => response(StatusCode::OK, PLAIN, "ready\n".to_owned()),
                Err(why) => response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("not ready: {why}\n")),
            },
            _ => response(StatusCode::NOT_FOUND, PLAIN, "there are /metrics, /healthz and /readyz\n".to_owned()),
        }
    }

    async fn ready(&self) -> Result<(), String> {
        if self.operations.is_ending() {
            return Err("the daemon is ending".to_owned());
        }
        let (journal, ledger) = tokio::join!(self.journal(), check_in_time("ledger", self.operations.check_ledger()));
        journal.and(ledger)
    }

    async fn journal(&self) -> Result<(), String> {
        check_in_time("journal", self.operations.check_journal()).await
    }
}

async fn check_in_time<T, E: Error + 'static>(
    what: &str,
    check: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(CHECK, check).await {
        Ok(checked) => checked.map_err(|error| in_one_line(&error)),
        Err(_) => Err(format!("the {what} does not respond")),
    }
}

fn accepts_open_metrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.into_iter().any(|value| value.contains("application/openmetrics-text"))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
