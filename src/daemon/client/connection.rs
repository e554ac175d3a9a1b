//! The connection of a client: made at the first use with an exchange of versions, and made again once it was lost.

use crate::{
    contract::{API, LARGEST_MESSAGE, RELEASE, work_together},
    refusal,
    socket::{may_talk, own_user},
};
use goldenpath_core::{domain::Problem, provision::Bounds};
use hyper_util::rt::TokioIo;
use provisioner_proto::{HelloRequest, provisioner_client::ProvisionerClient};
use std::{error::Error, io, path::PathBuf, time::Duration};
use tokio::{net::UnixStream, sync::Mutex};
use tonic::{
    Code, Request, Status,
    transport::{Channel, Endpoint, Uri},
};
use tower::service_fn;

pub type Api = ProvisionerClient<Channel>;

/// A local daemon needs milliseconds.
pub const GREETING: Duration = Duration::from_secs(10);

/// Why there is no response.
#[derive(Debug)]
pub enum Failed {
    /// Nobody listens, so nothing was sent.
    Unreachable(String),
    /// After it was sent: the daemon may have got it.
    Lost(String),
    TimedOut,
    Refused(Box<Problem>),
}

pub struct Connection {
    socket: PathBuf,
    endpoint: String,
    /// As a document.
    allow: Vec<u8>,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    /// Counts connections, so that a late failure of an earlier one does not end this one.
    generation: u64,
    api: Option<Api>,
}

// === impl Connection ===

impl Connection {
    pub fn new(socket: PathBuf, endpoint: String, bounds: &[Bounds]) -> Self {
        // Lists of texts: nothing of it could fail to be written.
        let allow = serde_json::to_vec(bounds).unwrap_or_default();
        Self { socket, endpoint, allow, current: Mutex::default() }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The lock is held meanwhile: many requests at once cause one connection.
    pub async fn api(&self) -> Result<(u64, Api), Failed> {
        let mut current = self.current.lock().await;
        if let Some(api) = &current.api {
            return Ok((current.generation, api.clone()));
        }
        let api = self.connect().await?;
        *current = Current { generation: current.generation + 1, api: Some(api.clone()) };
        Ok((current.generation, api))
    }

    /// What a status means. A connection that is lost is not used again: tonic would make another one by itself, without a
    /// greeting.
    pub async fn failed(&self, generation: u64, status: &Status, is_late: bool) -> Failed {
        if is_late {
            return Failed::TimedOut;
        }
        if !is_lost(status) {
            return Failed::Refused(Box::new(refusal::problem_of(status, &self.endpoint)));
        }
        let mut current = self.current.lock().await;
        if current.generation == generation {
            current.api = None;
        }
        Failed::Lost(status.message().to_owned())
    }

    async fn connect(&self) -> Result<Api, Failed> {
        let socket = self.socket.clone();
        let connector = service_fn(move |_: Uri| {
            let socket = socket.clone();
            async move {
                let stream = UnixStream::connect(socket).await?;
                // Nobody else gets to see what a team asks for.
                if !may_talk(stream.peer_cred()?.uid(), own_user()?) {
                    return Err(io::Error::other("a process of another user listens there"));
                }
                Ok(TokioIo::new(stream))
            }
        });
        // A name has to stand in each request; it is never looked up.
        let endpoint = Endpoint::from_static("http://daemon.invalid").connect_timeout(GREETING);
        let channel =
            endpoint.connect_with_connector(connector).await.map_err(|error| Failed::Unreachable(cause(&error)))?;
        let mut api =
            Api::new(channel).max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE);
        let mut hello = Request::new(HelloRequest { api: API, release: RELEASE.to_owned(), allow: self.allow.clone() });
        hello.set_timeout(GREETING);
        let daemon = match api.hello(hello).await {
            Ok(response) => response.into_inner(),
            Err(status) if is_lost(&status) => return Err(Failed::Unreachable(status.message().to_owned())),
            Err(status) => return Err(Failed::Refused(Box::new(refusal::problem_of(&status, &self.endpoint)))),
        };
        if !work_together(daemon.api, API) {
            let status = refusal::wrong_version((RELEASE, API), (&daemon.release, daemon.api));
            return Err(Failed::Refused(Box::new(refusal::problem_of(&status, &self.endpoint))));
        }
        Ok(api)
    }
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
