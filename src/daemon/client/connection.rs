//! The connection of a client: made at the first use with an exchange of versions, and made again once it was lost.

use crate::{
    contract::{LARGEST_MESSAGE, work_together},
    forms::{Document, Forms, Message},
    refusal,
    socket::{may_talk, own_user},
    tls::{self, Pair},
};
use goldenpath_core::{
    domain::{self, Problem},
    provision::Bounds,
};
use hyper_util::rt::TokioIo;
use provisioner_proto::{HelloRequest, provisioner_client::ProvisionerClient};
use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, sync::Mutex, time::Instant};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint, Uri},
};
use tower::service_fn;

pub type Api = ProvisionerClient<Channel>;

/// Where the daemon is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Of the same user.
    Unix(PathBuf),
    Https {
        host: String,
        port: u16,
        /// Instead of the authorities of the system.
        ca: Option<PathBuf>,
        /// Who we are, if no token says it.
        own: Option<Pair>,
    },
}

#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    Text(String),
    /// Read for each connection: whatever renews it writes it there.
    File(PathBuf),
}

/// A daemon needs milliseconds, and seconds where it first has to fetch the keys of an issuer.
pub const GREETING: Duration = Duration::from_secs(30);

/// Why there is no response.
#[derive(Clone, Debug)]
pub enum Failed {
    /// Nobody listens, so nothing was sent.
    Unreachable(String),
    /// After it was sent: the daemon may have got it.
    Lost(String),
    TimedOut,
    Refused(Box<Problem>),
}

/// A connection on which both sides know each other.
#[derive(Clone)]
pub struct Greeted {
    /// Counts connections, so that a late failure of an earlier one does not end this one.
    pub generation: u64,
    pub api: Api,
    /// In which documents travel.
    pub form: u32,
}

pub struct Connection {
    pub forms: Forms,
    address: Address,
    token: Option<TokenSource>,
    endpoint: String,
    allow: Document,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    /// Of the last connection.
    generation: u64,
    greeted: Option<Greeted>,
    /// When the last try ended, if there is no connection since.
    failed: Option<(Instant, Failed)>,
}

// === impl Failed ===

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable(why) | Self::Lost(why) => why,
            Self::TimedOut => "no response in time",
            Self::Refused(problem) => &problem.summary,
        })
    }
}

// === impl Connection ===

impl Connection {
    pub fn new(
        forms: Forms,
        address: Address,
        token: Option<TokenSource>,
        endpoint: String,
        bounds: &[Bounds],
    ) -> Self {
        // Lists of texts: nothing of it could fail to be written.
        let allow = forms.document(Message::Bounds, serde_json::to_vec(bounds).unwrap_or_default());
        // Of which release the daemon is, its response to them says.
        let allow = forms.share(Message::Bounds, &allow);
        Self { forms, address, token, endpoint, allow, current: Mutex::default() }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The lock is held meanwhile: many requests at once cause one connection. Whoever has waited for a try that failed has tried as well, or
    /// the last of many would hear only after as many tries that a daemon is away.
    pub async fn greet(&self) -> Result<Greeted, Failed> {
        let asked = Instant::now();
        let mut current = self.current.lock().await;
        if let Some(greeted) = &current.greeted {
            return Ok(greeted.clone());
        }
        if let Some((at, failed)) = &current.failed
            && *at >= asked
        {
            return Err(failed.clone());
        }
        let connected = self.connect().await;
        current.failed = connected.as_ref().err().map(|failed| (Instant::now(), failed.clone()));
        let (api, form) = connected?;
        current.generation += 1;
        let greeted = Greeted { generation: current.generation, api, form };
        current.greeted = Some(greeted.clone());
        Ok(greeted)
    }

    /// What a status means. A connection that is lost is not used again: tonic would make another one by itself, without a
    /// greeting.
    pub async fn handle_failure(&self, generation: u64, status: &Status, is_late: bool) -> Failed {
        if is_late {
            return Failed::TimedOut;
        }
        if !is_lost(status) {
            return Failed::Refused(Box::new(refusal::problem_of(status, &self.endpoint)));
        }
        let mut current = self.current.lock().await;
        if current.generation == generation {
            current.greeted = None;
        }
        Failed::Lost(status.message().to_owned())
    }

    async fn connect(&self) -> Result<(Api, u32), Failed> {
        let token = self.token.as_ref().map(authorization).transpose()?;
        let channel = self.channel().await?;
        let mut api =
            Api::new(channel).max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE);
        let (own, release, Document { form, bytes }) = (self.forms.api(), domain::release(), &self.allow);
        let message = HelloRequest { api: own, release: release.to_owned(), allow: bytes.to_vec(), form: *form };
        let mut hello = Request::new(message);
        hello.set_timeout(GREETING);
        if let Some(token) = token {
            hello.metadata_mut().insert("authorization", token);
        }
        let daemon = match api.hello(hello).await {
            Ok(response) => response.into_inner(),
            Err(status) if is_lost(&status) && status.details().is_empty() => {
                return Err(Failed::Unreachable(status.message().to_owned()));
            }
            Err(status) => return Err(Failed::Refused(Box::new(refusal::problem_of(&status, &self.endpoint)))),
        };
        if !work_together(daemon.api, own) {
            let status = refusal::wrong_version((release, own), (&daemon.release, daemon.api));
            return Err(Failed::Refused(Box::new(refusal::problem_of(&status, &self.endpoint))));
        }
        Ok((api, self.forms.between(daemon.api)))
    }

    async fn channel(&self) -> Result<Channel, Failed> {
        // A name has to stand in each request; it is never looked up.
        let endpoint = Endpoint::from_static("http://daemon.invalid").connect_timeout(tls::CONNECT);
        let connected = match self.address.clone() {
            Address::Unix(socket) => {
                endpoint.connect_with_connector(service_fn(move |_: Uri| own_socket(socket.clone()))).await
            }
            Address::Https { host, port, ca, own } => {
                let wrong =
                    |error: tls::TlsError| bad_credentials(format!("No connection to the daemon can be made: {error}"));
                let config = tls::client(ca.as_deref(), own.as_ref(), b"h2").map_err(wrong)?;
                let connector = service_fn(move |_: Uri| {
                    let (host, config) = (host.clone(), config.clone());
                    async move { tls::connect(&host, port, config).await.map(TokioIo::new) }
                });
                endpoint.connect_with_connector(connector).await
            }
        };
        connected.map_err(|error| Failed::Unreachable(cause(&error)))
    }
}

pub async fn own_socket(socket: PathBuf) -> io::Result<TokioIo<UnixStream>> {
    let stream = UnixStream::connect(socket).await?;
    // Nobody else gets to see what a team asks for.
    if !may_talk(stream.peer_cred()?.uid(), own_user()?) {
        return Err(io::Error::other("a process of another user listens there"));
    }
    Ok(TokioIo::new(stream))
}

/// As it is now.
pub fn authorization(source: &TokenSource) -> Result<MetadataValue<Ascii>, Failed> {
    let text = match source {
        TokenSource::Text(text) => text.clone(),
        TokenSource::File(path) => read(path)?,
    };
    let value = MetadataValue::try_from(format!("Bearer {}", text.trim()));
    let mut value = value.map_err(|_| {
        bad_credentials("The token for the daemon holds characters that no token has: correct it".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn read(path: &Path) -> Result<String, Failed> {
    fs::read_to_string(path).map_err(|error| {
        bad_credentials(format!(
            "The token for the daemon can't be read from {}: {error}; correct the file",
            path.display()
        ))
    })
}

/// By ourselves, before anything was sent.
fn bad_credentials(summary: String) -> Failed {
    Failed::Refused(Box::new(Problem::error(
        "daemon.credentials",
        summary,
        "Nothing was changed. Correct the file, or `daemon` in the provider block.",
    )))
}

/// The layers above it only say that it failed.
fn cause(error: &tonic::transport::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// One that this side made has a cause; one that the daemon sent has none. `Unavailable`: it is ending. `Unauthenticated`: the
/// connection was made again behind our back.
fn is_lost(status: &Status) -> bool {
    status.source().is_some() || matches!(status.code(), Code::Unavailable | Code::Unauthenticated)
}

pub fn with_timeout<T>(message: T, limit: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}
