//! Logs on standard error in the JSON form that Terraform's plugin client reads (hclog), by its `TF_LOG` rules.
//!
//! Core filters again by its own levels. Unset variables mean that nobody listens, so then no subscriber is installed at
//! all and an event costs one atomic load.

use serde_json::{Map, Value};
use std::{
    fmt,
    io::{self, Write},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The nearest name counts: this provider's, all providers', all of Terraform's.
const VARIABLES: [&str; 3] = ["TF_LOG_PROVIDER_GOLDENPATH", "TF_LOG_PROVIDER", "TF_LOG"];

/// What else listens.
pub type More = Option<Box<dyn Layer<Registry> + Send + Sync>>;

pub fn install(more: More) {
    let level = level(|name| std::env::var(name).ok());
    let log = (level != LevelFilter::OFF).then(|| Hclog { out: io::stderr }.with_filter(ours(level)));
    if log.is_some() || more.is_some() {
        // A second subscriber can only come from a test that installed its own.
        let _ = tracing_subscriber::registry().with(more).with(log).try_init();
    }
}

/// Frames of HTTP/2 help nobody at any level; what a library warns of does.
fn ours(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(["goldenpath", "plugin"].map(|prefix| (prefix, level)))
}

fn level(var: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let text = VARIABLES.iter().filter_map(|name| var(name)).find(|text| !text.is_empty()).unwrap_or_default();
    match text.to_ascii_uppercase().as_str() {
        "" | "OFF" => LevelFilter::OFF,
        "DEBUG" => LevelFilter::DEBUG,
        "INFO" => LevelFilter::INFO,
        "WARN" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        // TRACE, JSON, and what core itself takes for TRACE: anything that it doesn't know.
        _ => LevelFilter::TRACE,
    }
}

struct Hclog<W> {
    out: W,
}

/// The fields of a span, kept beside it and repeated on each of its events: `tf_rpc`, `tf_req_id`, ...
struct SpanFields(Map<String, Value>);

impl<S, W, O> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Map::new();
            attributes.record(&mut Collect(&mut fields));
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            values.record(&mut Collect(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                line.extend(fields.clone());
            }
        }
        event.record(&mut Collect(&mut line));
        let metadata = event.metadata();
        let message = match line.remove("message") {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => metadata.name().to_owned(),
        };
        // go-plugin asserts that these are strings, and would panic.
        line.insert("@level".into(), level_name(*metadata.level()).into());
        line.insert("@message".into(), message.into());
        line.insert("@module".into(), metadata.target().replace("::", ".").into());
        line.insert("@timestamp".into(), timestamp().into());
        if let (Some(file), Some(number)) = (metadata.file(), metadata.line()) {
            line.insert("@caller".into(), format!("{file}:{number}").into());
        }
        // In one write: another thread's line must not end up in the middle. A closed stderr has no other place to go.
        let _ = (self.out)().write_all(format!("{}\n", Value::Object(line)).as_bytes());
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Exactly six digits of fraction: any other form demotes the line to raw debug text.
fn timestamp() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

struct Collect<'a>(&'a mut Map<String, Value>);

impl Visit for Collect<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn the_nearest_variable_decides() {
        for (vars, expected, reason) in [
            (&[][..], LevelFilter::OFF, "nobody listens"),
            (&[("TF_LOG", "")], LevelFilter::OFF, "empty is unset"),
            (&[("TF_LOG", "info")], LevelFilter::INFO, "letters of either case"),
            (&[("TF_LOG", "JSON")], LevelFilter::TRACE, "JSON is a form of TRACE"),
            (&[("TF_LOG", "yes")], LevelFilter::TRACE, "core takes an unknown level for TRACE"),
            (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "OFF")], LevelFilter::OFF, "providers apart from core"),
            (
                &[("TF_LOG_PROVIDER", "OFF"), ("TF_LOG_PROVIDER_GOLDENPATH", "WARN")],
                LevelFilter::WARN,
                "this one alone",
            ),
        ] {
            let find = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(level(find), expected, "{reason}");
        }
    }

    #[test]
    fn libraries_are_quieter_than_we_are() {
        for (level, target, at, heard, reason) in [
            (LevelFilter::DEBUG, "goldenpath_core::provision", Level::DEBUG, true, "our crates"),
            (LevelFilter::DEBUG, "plugin::server", Level::DEBUG, true, "our crates"),
            (LevelFilter::TRACE, "h2::codec", Level::DEBUG, false, "frames"),
            (LevelFilter::TRACE, "h2::codec", Level::WARN, true, "a warning of a library"),
            (LevelFilter::ERROR, "h2::codec", Level::WARN, false, "only errors are asked for"),
        ] {
            assert_eq!(ours(level).would_enable(target, &at), heard, "{reason}");
        }
    }

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_what_go_plugin_asserts_with_the_fields_of_its_spans() {
        let shared = Shared::default();
        let out = shared.clone();
        let subscriber = tracing_subscriber::registry().with(Hclog { out: move || out.clone() });
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("call", tf_rpc = "PlanResourceChange", tf_req_id = tracing::field::Empty);
            span.record("tf_req_id", "17");
            span.in_scope(|| tracing::warn!(calls = 3, "The target is slow"));
        });
        let bytes = shared.0.lock().unwrap().clone();
        let line: Value = serde_json::from_slice(&bytes).unwrap();
        for (key, expected) in [
            ("@level", Value::from("warn")),
            ("@message", "The target is slow".into()),
            ("tf_rpc", "PlanResourceChange".into()),
            ("tf_req_id", "17".into()),
            ("calls", 3.into()),
        ] {
            assert_eq!(line[key], expected, "{key}");
        }
        let stamp = line["@timestamp"].as_str().unwrap();
        let (seconds, fraction) = stamp.split_once('.').unwrap();
        assert_eq!((seconds.len(), fraction.len()), (19, 7), "six digits and Z: {stamp}");
        assert!(fraction.ends_with('Z'), "{stamp}");
    }
}
