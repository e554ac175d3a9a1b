//! The daemon as a provisioner. Nothing is connected before the first request.
//!
//! A read whose connection is lost is asked once more. An operation is asked again, by the same id, until its time is over: the
//! daemon goes on with it, and one that was killed resumes it when it starts again.

mod connection;
mod operation;
mod page;
mod reports;

use crate::{
    contract::{READ_LIMIT, Verb},
    forms::{FormError, Forms, Message, Method},
    refusal,
};
use async_trait::async_trait;
pub use connection::{Address, TokenSource};
pub use page::serve_page;

use connection::{Api, Connection, Failed, Greeted, with_timeout};
use goldenpath_core::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected},
    provision::{
        Bounds, Description, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport, Preview, PreviewRequest,
        Provisioner, RemoveRequest, Removed, WantedPath, operation_id,
    },
};
use operation::{Operation, send};
use provisioner_proto::{ReadRequest, ReadResponse};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status};

/// The code of whatever target is out of reach.
const UNAVAILABLE: &str = "target.unavailable";

/// What nobody has asked for yet holds nobody up.
const AT_FIRST: Duration = Duration::from_secs(2);
/// The outcome of an operation that has run out of time is still worth having.
const OPERATION_MARGIN: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
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

// === impl Client ===

impl Client {
    /// The bounds hold in the daemon beside its own.
    pub fn new(options: ClientOptions, bounds: &[Bounds]) -> Self {
        Self::of(Forms::own(), options, bounds)
    }

    /// Of the release that knows these forms.
    pub(crate) fn of(forms: Forms, options: ClientOptions, bounds: &[Bounds]) -> Self {
        let ClientOptions { address, endpoint, token } = options;
        Self { connection: Connection::new(forms, address, token, endpoint, bounds) }
    }

    /// What speaks against working together: asked before anything else is. A daemon that can't be asked is a matter of whoever needs it.
    pub async fn too_far_apart(&self) -> Option<Problem> {
        match timeout(AT_FIRST, self.connection.greet()).await {
            Ok(Err(Failed::Refused(problem))) if problem.code == refusal::VERSION => Some(*problem),
            _ => None,
        }
    }

    async fn ask<Q, A, F>(
        &self,
        method: Method,
        about: &str,
        query: &Q,
        call: impl Fn(Api, Request<ReadRequest>) -> F + Send + Sync,
    ) -> Result<A, Problem>
    where
        Q: Serialize + Sync + ?Sized,
        A: DeserializeOwned,
        F: Future<Output = Result<Response<ReadResponse>, Status>> + Send,
    {
        let mut again = true;
        loop {
            let failed = match self.connection.greet().await {
                Err(failed) => return Err(self.problem(failed)),
                Ok(Greeted { generation, api, form }) => {
                    let document = self.connection.forms.write(Message::Request(method), query, form);
                    let document = document.map_err(|error| self.unreadable("request", &error))?;
                    let message = ReadRequest { about: about.to_owned(), document };
                    let sent = Instant::now();
                    match call(api, with_timeout(message, READ_LIMIT)).await {
                        Ok(response) => return self.read(method, &response.into_inner().document, form),
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
            let was_sent_before = was_sent;
            let failed = match self.connection.greet().await {
                Ok(Greeted { generation, api, form }) => {
                    let request = Message::request(operation.verb);
                    let document = match self.connection.forms.of_types(request, (&operation.document).into(), form) {
                        Ok(document) => document.into_owned(),
                        // A newer daemon may have accepted it, and this one can't be asked about it.
                        Err(error) if was_sent => {
                            return Err(self.left_alone(&id, &operation.about, &error.to_string()));
                        }
                        Err(error) => return Err(self.unreadable("request", &error)),
                    };
                    let left = limit.saturating_sub(begun.elapsed());
                    match send(api, &id, &operation, document, left).await {
                        Ok(document) => return self.read(operation.verb.into(), &document, form),
                        Err(status) => {
                            was_sent = true;
                            self.connection.handle_failure(generation, &status, begun.elapsed() >= limit).await
                        }
                    }
                }
                Err(failed) => failed,
            };
            match failed {
                Failed::Refused(problem) if was_sent_before => {
                    return Err(with_operation(*problem, &id, &operation.about));
                }
                Failed::Refused(problem) => return Err(*problem),
                Failed::TimedOut => return Err(late_problem(&id, &operation.about, limit)),
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
        serde_json::to_vec(query).map_err(|error| self.unreadable("request", &error.into()))
    }

    fn read<A: DeserializeOwned>(&self, method: Method, document: &[u8], form: u32) -> Result<A, Problem> {
        let read = self.connection.forms.read(Message::Response(method), document, form);
        read.map_err(|error| self.unreadable("response", &error))
    }

    fn unreadable(&self, what: &str, error: &FormError) -> Problem {
        let FormError::Json(error) = error else { return refusal::other_form_problem(what, error) };
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

/// The daemon still works on it, or has not begun it: it begins only so many at once.
fn late_problem(id: &str, about: &str, limit: Duration) -> Problem {
    Problem::error(
        "daemon.deadline",
        format!("Operation {id} on {about} did not end within {limit:?}: watch it with `goldenpath watch`"),
        "The daemon goes on with it, or begins it as soon as it can. Watch it with `goldenpath watch`, then apply again.",
    )
}

/// Of an operation that the daemon may have accepted before.
fn with_operation(problem: Problem, id: &str, about: &str) -> Problem {
    let before = format!("Operation {id} on {about} was sent before: if the daemon has accepted it, it finishes it.");
    Problem { detail: format!("{before} {}", problem.detail), ..problem }
}

#[async_trait]
impl Provisioner for Client {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        self.ask(Method::Facts, cluster.name(), cluster, |mut api, request| async move { api.facts(request).await })
            .await?
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        self.ask(Method::OnlyCluster, "", &(), |mut api, request| async move { api.only_cluster(request).await })
            .await?
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        self.ask(Method::Find, &id.to_string(), id, |mut api, request| async move { api.find(request).await }).await?
    }

    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        self.ask(Method::Files, &id.to_string(), id, |mut api, request| async move { api.files(request).await }).await?
    }

    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem> {
        self.ask(Method::Describe, &id.to_string(), id, |mut api, request| async move { api.describe(request).await })
            .await?
    }

    async fn golden_path(&self, wanted: &WantedPath) -> Result<PathReport, Problem> {
        self.ask(Method::GoldenPath, "", wanted, |mut api, request| async move { api.golden_path(request).await })
            .await?
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        self.ask(Method::Unprotect, &id.to_string(), id, |mut api, request| async move { api.unprotect(request).await })
            .await?
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        let about = request.id.to_string();
        self.ask(Method::Observe, &about, &request, |mut api, request| async move { api.observe(request).await })
            .await?
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        let about = request.spec.id().to_string();
        let preview = self
            .ask(Method::Preview, &about, &request, |mut api, request| async move { api.preview(request).await })
            .await;
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
            self.ask(Method::PreviewRemove, &about, request, |mut api, request| async move {
                api.preview_remove(request).await
            })
            .await;
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
