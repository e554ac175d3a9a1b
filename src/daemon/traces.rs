//! Traces: one for each operation, with its stages and the requests that change something, sent to a collector as OTLP over HTTP.
//!
//! A trace has the id of its operation, so that whoever has the one finds the other, and an operation that was run again has both runs
//! in one trace. The library sends from a thread of its own: no operation waits for a collector, and what one that is away does not
//! take is dropped.

mod collector;

use crate::{
    error::{DaemonError, in_one_line},
    store::Entry,
};
use collector::Collector;
use goldenpath_core::{
    domain::{digest, release},
    policy::Identity,
    ports::{operation, trace::TRACE},
};
use opentelemetry::{
    KeyValue,
    trace::{SpanId, TraceId, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, Sampler, SdkTracerProvider},
};
use std::{path::PathBuf, time::Duration};
use tokio::runtime::Handle;
use tracing::{Span, field::Empty, level_filters::LevelFilter};
use tracing_subscriber::{Layer, Registry, filter::Targets};

const PATH: &str = "/v1/traces";
const SERVICE: &str = "goldenpath-daemon";
/// What is sent at the end may take that long.
const LAST: Duration = Duration::from_secs(3);

/// By OpenTelemetry's own names, for what the configuration leaves out.
pub const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const LOCAL: &str = "http://localhost:4318";
/// Where nobody listens on the way.
const LOOPBACK: [&str; 3] = ["localhost:", "127.0.0.1:", "[::1]:"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceSettings {
    /// Of the collector, without the path.
    pub endpoint: Option<String>,
    /// Instead of the authorities of the system.
    pub ca: Option<PathBuf>,
    /// Lines of `name: value`, read each time.
    pub headers_file: Option<PathBuf>,
    pub service_name: Option<String>,
    /// So many of a hundred operations.
    pub sample: Option<u32>,
}

pub type TraceLayer = Box<dyn Layer<Registry> + Send + Sync>;

pub struct Traces(SdkTracerProvider);

// === impl Traces ===

impl Traces {
    /// `variable`: of the process's environment. Nothing is connected yet.
    pub fn start(
        settings: TraceSettings,
        variable: impl Fn(&str) -> Option<String>,
        runtime: &Handle,
    ) -> Result<Self, DaemonError> {
        let (endpoint, service) = (endpoint(&settings, &variable), service(&settings, &variable));
        let TraceSettings { endpoint: _, ca, headers_file, service_name: _, sample } = settings;
        if headers_file.is_some() && is_open(&endpoint) {
            let why = format!(
                "the headers of `headers_file` would be readable on the way to {endpoint}; begin the endpoint with `https://`"
            );
            return Err(DaemonError::Traces { why });
        }
        let collector = Collector::new(&endpoint, ca.as_deref(), headers_file, runtime.clone())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(&endpoint)
            .with_protocol(Protocol::HttpBinary)
            // Its pauses would hold up the end of the process, and the next batch comes in seconds.
            .with_retry_policy(RetryPolicy::disabled());
        let wrong = |error: opentelemetry_otlp::ExporterBuildError| DaemonError::Traces { why: in_one_line(&error) };
        let resource =
            Resource::builder().with_service_name(service).with_attribute(KeyValue::new("service.version", release()));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.build().map_err(wrong)?)
            .with_id_generator(OfOperation::default())
            .with_resource(resource.build());
        let provider = match sample {
            Some(percent) => {
                let ratio = Sampler::TraceIdRatioBased(f64::from(percent) / 100.0);
                provider.with_sampler(Sampler::ParentBased(Box::new(ratio)))
            }
            None => provider,
        };
        Ok(Self(provider.build()))
    }

    /// Spans of operations, and nothing else.
    pub fn layer(&self) -> TraceLayer {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false);
        layer.with_filter(Targets::new().with_target(TRACE, LevelFilter::INFO)).boxed()
    }

    /// Sends what is left. Waits, and so for no more than a moment.
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(error = in_one_line(&error), "The last spans could not be sent");
        }
    }
}

fn endpoint(settings: &TraceSettings, variable: impl Fn(&str) -> Option<String>) -> String {
    let whole = |base: &str| format!("{}{PATH}", base.trim_end_matches('/'));
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let [of_traces, of_all] = ENDPOINTS.map(set);
    match (&settings.endpoint, of_traces) {
        (Some(endpoint), _) => whole(endpoint),
        (None, Some(of_traces)) => of_traces,
        (None, None) => whole(of_all.as_deref().unwrap_or(LOCAL)),
    }
}

/// OpenTelemetry takes an empty variable for none.
fn service(settings: &TraceSettings, variable: impl Fn(&str) -> Option<String>) -> String {
    let named = |name: &String| !name.trim().is_empty();
    let written = settings.service_name.clone().filter(named);
    written.or_else(|| variable(SERVICE_NAME).filter(named)).unwrap_or_else(|| SERVICE.to_owned())
}

/// Whether others can read on the way what is sent there, wherever the endpoint was named.
fn is_open(endpoint: &str) -> bool {
    endpoint.strip_prefix("http://").is_some_and(|rest| !LOOPBACK.iter().any(|host| rest.starts_with(host)))
}

/// Of one operation. Disabled where nothing is sent.
pub fn span_of(entry: &Entry, kind: &'static str) -> Span {
    tracing::info_span!(
        target: TRACE,
        "operation",
        otel.name = format!("{} {kind}", entry.verb.as_str()),
        otel.kind = "server",
        otel.status_code = Empty,
        operation = entry.id,
        kind,
        about = entry.about,
        caller = kind_of(&entry.caller),
        outcome = Empty,
    )
}

/// Nobody's name.
fn kind_of(caller: &Identity) -> String {
    match caller {
        Identity::Own => "own user".to_owned(),
        Identity::Reconcile => "reconcile".to_owned(),
        Identity::Certificate { .. } => "certificate".to_owned(),
        Identity::Kubernetes { .. } => "kubernetes".to_owned(),
        Identity::Oidc { issuer, .. } => format!("oidc {issuer}"),
    }
}

/// Of an operation's trace.
pub fn trace_id(operation: &str) -> String {
    let is_ours = |hex: &&str| hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    // Clients choose ids, and others than ours may choose any.
    operation.strip_prefix("op-").filter(is_ours).map_or_else(|| digest(operation)[..32].to_owned(), str::to_owned)
}

#[derive(Debug, Default)]
struct OfOperation(RandomIdGenerator);

impl IdGenerator for OfOperation {
    fn new_trace_id(&self) -> TraceId {
        let own = operation::current().and_then(|id| TraceId::from_hex(&trace_id(&id)).ok());
        own.filter(|id| *id != TraceId::INVALID).unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_found_by_the_usual_names() {
        let own = "https://own:4318/";
        for (written, variables, expected, reason) in [
            (
                Some(own),
                vec![(ENDPOINTS[1], "http://other")],
                "https://own:4318/v1/traces",
                "the configuration comes first",
            ),
            (None, vec![(ENDPOINTS[1], "http://a:1")], "http://a:1/v1/traces", "that of all signals"),
            (None, vec![(ENDPOINTS[0], "http://a/x"), (ENDPOINTS[1], "http://b")], "http://a/x", "as it is written"),
            (None, vec![(ENDPOINTS[0], "")], "http://localhost:4318/v1/traces", "empty is unset"),
        ] {
            let settings = TraceSettings { endpoint: written.map(str::to_owned), ..TraceSettings::default() };
            let variable =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(endpoint(&settings, variable), expected, "{reason}");
        }
    }

    #[test]
    fn a_service_always_has_a_name() {
        for (written, set, expected, reason) in [
            (Some("own"), Some("other"), "own", "the configuration comes first"),
            (None, Some("other"), "other", "the usual variable"),
            (None, Some(""), SERVICE, "empty is unset"),
            (Some(" "), Some("other"), "other", "wherever it stands"),
            (None, None, SERVICE, "nobody has named it"),
        ] {
            let settings = TraceSettings { service_name: written.map(str::to_owned), ..TraceSettings::default() };
            let variable = |name: &str| set.filter(|_| name == SERVICE_NAME).map(str::to_owned);
            assert_eq!(service(&settings, variable), expected, "{reason}");
        }
    }

    #[tokio::test]
    async fn headers_travel_only_where_nobody_reads_them() {
        let settings = |written: Option<&str>| TraceSettings {
            endpoint: written.map(str::to_owned),
            headers_file: Some("headers".into()),
            ..TraceSettings::default()
        };
        let says =
            |text: Option<&'static str>| move |name: &str| text.filter(|_| name == ENDPOINTS[1]).map(str::to_owned);
        for (written, variable, expected, reason) in [
            (Some("http://otel.example:4318"), None, true, "in the clear"),
            (None, Some("http://otel.example:4318"), true, "a variable may say so, too"),
            (None, Some("http://localhost.example:4318"), true, "a name that only begins so"),
            (None, Some("https://otel.example:4318"), false, "over TLS"),
            (Some("http://127.0.0.1:4318"), None, false, "on this machine"),
            (None, None, false, "there by default"),
        ] {
            assert_eq!(is_open(&endpoint(&settings(written), says(variable))), expected, "{reason}");
        }
        let refused = Traces::start(settings(None), says(Some("http://otel.example:4318")), &Handle::current());
        let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("`headers_file`"), "{error}");
    }

    #[tokio::test]
    async fn a_trace_has_the_id_of_its_operation() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(trace_id(&format!("op-{id}")), id);
        for other in ["op-0123", "op-0123456789ABCDEF0123456789ABCDEF", "x"] {
            assert_eq!(trace_id(other).len(), 32, "{other}");
        }
        let within = operation::within(&format!("op-{id}"), async { OfOperation::default().new_trace_id() }).await;
        assert_eq!(within.to_string(), id);
        assert_ne!(OfOperation::default().new_trace_id(), TraceId::INVALID, "of no operation");
    }
}
