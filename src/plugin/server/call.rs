//! The gate that every call goes through: its own task, its token, its span, its panic.

use super::{
    context::{ConnectionContext, Work},
    failure::{Failure, RpcResult},
    wire,
};
use crate::{diagnostic::Diagnostic, panic::take_last_panic};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Instant};
use tfplugin_proto::tfplugin6 as proto;
use tonic::{Request, Response, Status};
use tracing::{Instrument, Span, field};

/// What a call is about, for its log lines.
pub(super) enum Subject<'a> {
    Provider,
    Resource(&'a str),
    DataSource(&'a str),
}

pub(super) trait RpcRequest: Send + 'static {
    fn subject(&self) -> Subject<'_>;
}

pub(super) trait RpcResponse: Default + Send + 'static {
    fn diagnostics(&mut self) -> &mut Vec<proto::Diagnostic>;
}

pub(super) async fn serve<Q, R, F, Fut>(rpc: &'static str, request: Request<Q>, work: F) -> Result<Response<R>, Status>
where
    Q: RpcRequest,
    R: RpcResponse,
    F: FnOnce(Work, Q) -> Fut + Send + 'static,
    Fut: Future<Output = RpcResult<R>> + Send,
{
    let started = Instant::now();
    let context = ConnectionContext::of(&request)?;
    let request = request.into_inner();
    let span = span(rpc, &request);
    let begun = context.begin();
    // Dropped with this future when the client hangs up: the work is cancelled, and runs to an orderly end by itself.
    let cancel_when_dropped = begun.cancel.clone().drop_guard();
    let task = async move {
        let outcome = AssertUnwindSafe(async move { work(begun, request).await }).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|_| Err(panic_error(rpc).into()));
        respond(outcome, started)
    };
    let response = tokio::spawn(task.instrument(span)).await;
    cancel_when_dropped.disarm();
    // The panic is caught inside, so this is a runtime that shuts down.
    response.unwrap_or_else(|_| Err(Status::unavailable("the provider is shutting down")))
}

fn respond<R: RpcResponse>(outcome: RpcResult<R>, started: Instant) -> Result<Response<R>, Status> {
    let mut response = match outcome {
        Ok(response) => response,
        Err(Failure::User(diagnostics)) => {
            let mut response = R::default();
            *response.diagnostics() = wire::diagnostics(diagnostics);
            response
        }
        Err(Failure::Protocol(what)) => {
            tracing::debug!(what, "Protocol error in the request");
            return Err(Status::invalid_argument(what));
        }
    };
    if tracing::enabled!(tracing::Level::DEBUG) {
        let errors = |d: &&proto::Diagnostic| d.severity() == proto::diagnostic::Severity::Error;
        let count = response.diagnostics().len();
        let error_count = response.diagnostics().iter().filter(errors).count();
        tracing::debug!(
            tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            diagnostic_error_count = error_count,
            diagnostic_warning_count = count - error_count,
            "Served request"
        );
    }
    Ok(Response::new(response))
}

fn panic_error(rpc: &str) -> Diagnostic {
    let message = take_last_panic().unwrap_or_else(|| "no message was captured".into());
    Diagnostic::error(
        format!("Internal provider error in {rpc}: report this bug"),
        format!(
            "This is a bug in the provider, not in your configuration. Other resources are not affected. Report it with \
             the text below; set TF_LOG=debug to see where it happened.\n\n  {}",
            message.replace('\n', "\n  ")
        ),
    )
}

/// With the field names of Terraform's own provider logs. Costs nothing while nobody listens.
fn span(rpc: &'static str, request: &impl RpcRequest) -> Span {
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
        match request.subject() {
            Subject::Provider => &span,
            Subject::Resource(name) => span.record("tf_resource_type", name),
            Subject::DataSource(name) => span.record("tf_data_source_type", name),
        };
    }
    span
}

// === impl RpcRequest, RpcResponse for the messages ===

macro_rules! messages {
    ($($subject:ident { $($rpc:ident),+ $(,)? })+) => { $($(
        impl RpcRequest for proto::$rpc::Request {
            fn subject(&self) -> Subject<'_> {
                messages!(@$subject self)
            }
        }
        impl RpcResponse for proto::$rpc::Response {
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
