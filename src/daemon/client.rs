//! The daemon as a provisioner. Nothing is connected before the first request.
//!
//! A read whose connection is lost is asked once more. An operation is asked again, by the same id, until its time is over: the
//! daemon goes on with it, and one that was killed resumes it when it starts again.

mod connection;
mod page;
mod reports;

use crate::{
    contract::{READ_LIMIT, Verb},
    refusal,
};
use async_trait::async_trait;
pub use connection::{Address, TokenSource};
pub use page::serve_page;

use connection::{Api, Connection, Failed, GREETING};
use goldenpath_core::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected, from_document_text},
    provision::{
        Bounds, Cancel, Description, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport, Preview,
        PreviewRequest, Provisioner, RemoveRequest, Removed, WantedPath, operation_id,
    },
};
use provisioner_proto::{CancelRequest, OperationRequest, ReadRequest, ReadResponse};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status};

/// The code of whatever target is out of reach.
const UNAVAILABLE: &str = "target.unavailable";

/// What nobody has asked for yet holds nobody up.
const AT_FIRST: Duration = Duration::from_secs(2);
/// The outcome of an operation that has run out of time is still worth having.
const OPERATION_MARGIN: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A cancellation may arrive before the operation does, so it is said until the operation has ended.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);

pub struct Client {
    connection: Connection,
}

#[derive(Clone)]
pub struct ClientOptions {
    pub address: Address,
    /// As it is written, for messages.
    pub endpoint: String,
    pub token: Option<TokenSource>,
}

struct Operation<'a> {
    verb: Verb,
    about: String,
    document: Vec<u8>,
    limit: Duration,
    cancel: &'a Cancel,
}

// === impl Client ===

impl Client {
    /// The bounds hold in the daemon beside its own.
    pub fn new(options: ClientOptions, bounds: &[Bounds]) -> Self {
        let ClientOptions { address, endpoint, token } = options;
        Self { connection: Connection::new(address, token, endpoint, bounds) }
    }

    /// What speaks against working together: asked before anything else is. A daemon that can't be asked is a matter of whoever needs it.
    pub async fn too_far_apart(&self) -> Option<Problem> {
        match timeout(AT_FIRST, self.connection.api()).await {
            Ok(Err(Failed::Refused(problem))) if problem.code == refusal::VERSION => Some(*problem),
            _ => None,
        }
    }

    async fn ask<Q, A, F>(
        &self,
        about: &str,
        query: &Q,
        call: impl Fn(Api, Request<ReadRequest>) -> F + Send + Sync,
    ) -> Result<A, Problem>
    where
        Q: Serialize + Sync + ?Sized,
        A: DeserializeOwned,
        F: Future<Output = Result<Response<ReadResponse>, Status>> + Send,
    {
        let document = self.write(query)?;
        let mut again = true;
        loop {
            let message = ReadRequest { about: about.to_owned(), document: document.clone() };
            let failed = match self.connection.api().await {
                Err(failed) => return Err(self.problem(failed)),
                Ok((generation, api)) => {
                    let sent = Instant::now();
                    match call(api, with_timeout(message, READ_LIMIT)).await {
                        Ok(response) => return self.read(&response.into_inner().document),
                        Err(status) => {
                            self.connection.handle_failure(generation, &status, sent.elapsed() >= READ_LIMIT).await
                        }
                    }
                }
            };
            match failed {
                Failed::Lost(_) if again => again = false,
                failed => return Err(self.problem(failed)),
            }
        }
    }

    async fn operate<A: DeserializeOwned>(&self, operation: Operation<'_>) -> Result<A, Problem> {
        let id = operation_id()?;
        let begun = Instant::now();
        let limit = operation.limit + OPERATION_MARGIN;
        let mut was_sent = false;
        let mut pause = FIRST_PAUSE;
        loop {
            let failed = match self.connection.api().await {
                Ok((generation, api)) => {
                    let left = limit.saturating_sub(begun.elapsed());
                    match send(api, &id, &operation, left).await {
                        Ok(document) => return self.read(&document),
                        Err(status) => {
                            was_sent = true;
                            self.connection.handle_failure(generation, &status, begun.elapsed() >= limit).await
                        }
                    }
                }
                Err(failed) => failed,
            };
            match failed {
                Failed::Refused(problem) => return Err(*problem),
                Failed::TimedOut => return Err(self.left_alone(&id, &operation.about, "its time is over")),
                Failed::Unreachable(why) | Failed::Lost(why) if was_sent => {
                    if begun.elapsed() >= limit || operation.cancel.is_cancelled() {
                        return Err(self.left_alone(&id, &operation.about, &why));
                    }
                    tracing::warn!(operation = id, why, "The connection to the daemon was lost, and is made again");
                }
                failed => return Err(self.problem(failed)),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn write<Q: Serialize + ?Sized>(&self, query: &Q) -> Result<Vec<u8>, Problem> {
        serde_json::to_vec(query).map_err(|error| self.unreadable("request", &error))
    }

    fn read<A: DeserializeOwned>(&self, document: &[u8]) -> Result<A, Problem> {
        from_document_text(document).map_err(|error| self.unreadable("response", &error))
    }

    fn unreadable(&self, what: &str, error: &serde_json::Error) -> Problem {
        Problem::error(
            "daemon.response",
            format!(
                "The {what} to or from the daemon at {} can't be read: {error}; use one release of both",
                self.connection.endpoint()
            ),
            "Use the provider and the daemon of the same release.",
        )
    }

    fn problem(&self, failed: Failed) -> Problem {
        let endpoint = self.connection.endpoint();
        match failed {
            Failed::Refused(problem) => *problem,
            Failed::Unreachable(why) => Problem::error(
                UNAVAILABLE,
                format!("The daemon at {endpoint} can't be reached: {why}; check that it runs, or correct `daemon`"),
                match endpoint.starts_with("unix:") {
                    true => {
                        "Start it with `goldenpath daemon --config <file>` as the same user, or correct \
                         `daemon.endpoint` in the provider block."
                    }
                    false => {
                        "Check that it runs, that its certificate is for this name, and that it accepts yours; or correct `daemon` in \
                         the provider block."
                    }
                },
            ),
            Failed::Lost(why) => Problem::error(
                UNAVAILABLE,
                format!("The connection to the daemon at {endpoint} was lost: {why}; check that it runs"),
                "Check that the daemon runs, then try again.",
            ),
            Failed::TimedOut => Problem::error(
                UNAVAILABLE,
                format!("The daemon at {endpoint} does not respond: look into its log"),
                "Look into the daemon's log for what it waits for, then try again.",
            ),
        }
    }

    /// Once it was sent, it may have been accepted.
    fn left_alone(&self, id: &str, about: &str, why: &str) -> Problem {
        let endpoint = self.connection.endpoint();
        Problem::error(
            UNAVAILABLE,
            format!(
                "The daemon at {endpoint} was lost during operation {id} on {about}: {why}; start it, then apply again"
            ),
            "If the daemon has accepted the operation, it finishes it, as soon as it runs again. Start the daemon, then apply again \
             to continue.",
        )
    }
}

/// The document of its outcome.
async fn send(mut api: Api, id: &str, operation: &Operation<'_>, left: Duration) -> Result<Vec<u8>, Status> {
    let Operation { verb, about, document, cancel, .. } = operation;
    let canceller = api.clone();
    let message = OperationRequest { operation: id.to_owned(), about: about.clone(), document: document.clone() };
    let call = async {
        match verb {
            Verb::Ensure => api.ensure(with_timeout(message, left)).await,
            Verb::Remove => api.remove(with_timeout(message, left)).await,
        }
    };
    tokio::select! {
        response = call => Ok(response?.into_inner().document),
        never = keep_cancelling(canceller, id, cancel) => match never {},
    }
}

async fn keep_cancelling(mut api: Api, id: &str, cancel: &Cancel) -> Infallible {
    cancel.cancelled().await;
    loop {
        // What comes of it is seen by the operation itself.
        let _ = api.cancel(with_timeout(CancelRequest { operation: id.to_owned() }, GREETING)).await;
        sleep(CANCEL_AGAIN).await;
    }
}

fn with_timeout<T>(message: T, limit: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

#[async_trait]
impl Provisioner for Client {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        self.ask(cluster.name(), cluster, |mut api, request| async move { api.facts(request).await }).await?
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        self.ask("", &(), |mut api, request| async move { api.only_cluster(request).await }).await?
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        self.ask(&id.to_string(), id, |mut api, request| async move { api.find(request).await }).await?
    }

    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        self.ask(&id.to_string(), id, |mut api, request| async move { api.files(request).await }).await?
    }

    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem> {
        self.ask(&id.to_string(), id, |mut api, request| async move { api.describe(request).await }).await?
    }

    async fn golden_path(&self, wanted: &WantedPath) -> Result<PathReport, Problem> {
        self.ask("", wanted, |mut api, request| async move { api.golden_path(request).await }).await?
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        self.ask(&id.to_string(), id, |mut api, request| async move { api.unprotect(request).await }).await?
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        let about = request.id.to_string();
        self.ask(&about, &request, |mut api, request| async move { api.observe(request).await }).await?
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        let about = request.spec.id().to_string();
        let preview = self.ask(&about, &request, |mut api, request| async move { api.preview(request).await }).await;
        preview.unwrap_or_else(|problem: Problem| {
            // As with any target out of reach: a plan may leave open what can't be read, the same plan made again may not.
            let may_be_open = problem.code == UNAVAILABLE && !request.again;
            Preview { decided: None, problems: vec![if may_be_open { problem.as_warning() } else { problem }] }
        })
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        let outcome = async {
            let (verb, about, document) = (Verb::Ensure, request.spec.id().to_string(), self.write(&request)?);
            self.operate(Operation { verb, about, document, limit: request.timeout, cancel: &request.cancel }).await
        };
        outcome.await.unwrap_or_else(|problem| Outcome { exists: None, problems: vec![problem] })
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        let about = request.id.to_string();
        let found =
            self.ask(&about, request, |mut api, request| async move { api.preview_remove(request).await }).await;
        found.unwrap_or_else(|problem| vec![problem])
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        let removed = async {
            let (verb, about, document) = (Verb::Remove, request.id.to_string(), self.write(&request)?);
            self.operate(Operation { verb, about, document, limit: request.timeout, cancel: &request.cancel }).await
        };
        removed.await.unwrap_or_else(|problem| Removed { gone: false, objects: None, problems: vec![problem] })
    }
}
