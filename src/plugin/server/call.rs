//! The gate that every call goes through: its own task, its token, its span, its panic.

use super::{
    session::{Session, Work},
    wire,
};
use crate::{diagnostic::Diagnostic, serve::last_panic};
use futures_util::FutureExt;
use std::{fmt, panic::AssertUnwindSafe, time::Instant};
use tfplugin_proto::tfplugin6 as proto;
use tonic::{Request, Response, Status};
use tracing::{Instrument, Span, field};

/// Why a call has no answer of its own.
pub(super) enum Failure {
    /// What the user should know. The rest of the answer is empty, which a client reads as "nothing has changed".
    Told(Vec<Diagnostic>),
    /// No correct client sends this.
    Broken(String),
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Told(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Told(diagnostics)
    }
}

impl Failure {
    pub(super) fn broken(what: impl fmt::Display) -> Self {
        Self::Broken(what.to_string())
    }
}

pub(super) type Answered<T> = Result<T, Failure>;

/// What a call is about, for its log lines.
pub(super) enum Subject<'a> {
    Provider,
    Resource(&'a str),
    DataSource(&'a str),
}

pub(super) trait Question: Send + 'static {
    fn subject(&self) -> Subject<'_>;
}

pub(super) trait Answer: Default + Send + 'static {
    fn diagnostics(&mut self) -> &mut Vec<proto::Diagnostic>;
}

pub(super) async fn answer<Q, A, F, Fut>(rpc: &'static str, request: Request<Q>, work: F) -> Result<Response<A>, Status>
where
    Q: Question,
    A: Answer,
    F: FnOnce(Work, Q) -> Fut + Send + 'static,
    Fut: Future<Output = Answered<A>> + Send,
{
    let started = Instant::now();
    let session = Session::of(&request)?;
    let question = request.into_inner();
    let span = span(rpc, &question);
    let begun = session.begin();
    // Dropped with this future when the client hangs up: the work is told, and runs to an orderly end by itself.
    let told_when_dropped = begun.cancel.clone().drop_guard();
    let task = async move {
        let outcome = AssertUnwindSafe(async move { work(begun, question).await }).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(panicked(rpc).into()));
        into_response(outcome, started)
    };
    let answered = tokio::spawn(task.instrument(span)).await;
    told_when_dropped.disarm();
    // The panic is caught inside, so this is a runtime that shuts down.
    answered.unwrap_or_else(|_| Err(Status::unavailable("the provider is ending")))
}

fn into_response<A: Answer>(outcome: Answered<A>, started: Instant) -> Result<Response<A>, Status> {
    let mut answer = match outcome {
        Ok(answer) => answer,
        Err(Failure::Told(diagnostics)) => {
            let mut answer = A::default();
            answer.diagnostics().extend(diagnostics.into_iter().map(wire::diagnostic));
            answer
        }
        Err(Failure::Broken(what)) => {
            tracing::debug!(what, "The request is broken");
            return Err(Status::invalid_argument(what));
        }
    };
    if tracing::enabled!(tracing::Level::TRACE) {
        let errors = |d: &&proto::Diagnostic| d.severity() == proto::diagnostic::Severity::Error;
        let count = answer.diagnostics().len();
        let error_count = answer.diagnostics().iter().filter(errors).count();
        tracing::trace!(
            tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            diagnostic_error_count = error_count,
            diagnostic_warning_count = count - error_count,
            "Served request"
        );
    }
    Ok(Response::new(answer))
}

fn panicked(rpc: &str) -> Diagnostic {
    let said = last_panic().unwrap_or_else(|| "no message was captured".into());
    Diagnostic::error(
        format!("the provider failed in {rpc}"),
        format!(
            "{said}\n\nThis is a fault of the provider, not of your configuration. Other resources are not affected. \
             Please report it with this text; TF_LOG=debug shows where it happened."
        ),
    )
}

/// With the field names of Terraform's own provider logs. Costs nothing while nobody listens.
fn span(rpc: &'static str, question: &impl Question) -> Span {
    let span = tracing::debug_span!(
        "call",
        tf_rpc = rpc,
        tf_req_id = field::Empty,
        tf_resource_type = field::Empty,
        tf_data_source_type = field::Empty,
    );
    if !span.is_disabled() {
        // Random, as Go providers' are, so that the logs of several processes can be read as one.
        let id = getrandom::u64().unwrap_or_default();
        span.record("tf_req_id", format_args!("{id:016x}"));
        match question.subject() {
            Subject::Provider => &span,
            Subject::Resource(name) => span.record("tf_resource_type", name),
            Subject::DataSource(name) => span.record("tf_data_source_type", name),
        };
    }
    span
}

// === impl Question, Answer for the messages ===

macro_rules! messages {
    ($($subject:ident { $($rpc:ident),+ $(,)? })+) => { $($(
        impl Question for proto::$rpc::Request {
            fn subject(&self) -> Subject<'_> {
                messages!(@$subject self)
            }
        }
        impl Answer for proto::$rpc::Response {
            fn diagnostics(&mut self) -> &mut Vec<proto::Diagnostic> {
                &mut self.diagnostics
            }
        }
    )+)+ };
    (@provider $request:ident) => { Subject::Provider };
    (@resource $request:ident) => { Subject::Resource(&$request.type_name) };
    (@target $request:ident) => { Subject::Resource(&$request.target_type_name) };
    (@data $request:ident) => { Subject::DataSource(&$request.type_name) };
}

messages! {
    provider { get_metadata, get_provider_schema, get_functions, validate_provider_config, configure_provider }
    resource {
        validate_resource_config, upgrade_resource_state, read_resource, plan_resource_change, apply_resource_change,
        import_resource_state,
    }
    target { move_resource_state }
    data { validate_data_resource_config, read_data_source }
}
