//! A provider with nothing behind it: one resource, one data source. The resource keeps nothing but what core keeps for it;
//! a few names make it misbehave.

use crate::{
    Configure, Connection, DataSource, Diagnostic, Path, Provider, Resource, Schema, Type, Value,
    private::Private,
    resource::{
        ApplyRequest, ApplyResponse, CallContext, Change, ImportResponse, PlanRequest, PlanResponse, ReadRequest,
        ReadResponse,
    },
    schema::{computed, optional, required},
};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

pub(super) struct Sample {
    /// Has a receiver for each connection that lives.
    pub(super) connections: watch::Sender<()>,
    /// How many applies have begun to wait, and how many of them have ended.
    pub(super) waiting: watch::Sender<u32>,
    pub(super) finished: watch::Sender<u32>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { connections: watch::channel(()).0, waiting: watch::channel(0).0, finished: watch::channel(0).0 }
    }
}

impl Provider for Sample {
    fn address(&self) -> &'static str {
        "example.test/x/sample"
    }

    fn schema(&self) -> Schema {
        Schema::new([optional("prefix", Type::String).describe("What every id begins with.").default("")])
    }

    fn connect(&self) -> Arc<dyn Connection> {
        let prefix = Arc::default();
        Arc::new(Client {
            resources: vec![Box::new(Note {
                prefix: Arc::clone(&prefix),
                waiting: self.waiting.clone(),
                finished: self.finished.clone(),
            })],
            data_sources: vec![Box::new(Echo)],
            prefix,
            _alive: self.connections.subscribe(),
        })
    }
}

/// Shared by a connection and its resources: what `configure` sets.
type Prefix = Arc<Mutex<String>>;

struct Client {
    prefix: Prefix,
    resources: Vec<Box<dyn Resource>>,
    data_sources: Vec<Box<dyn DataSource>>,
    _alive: watch::Receiver<()>,
}

#[async_trait::async_trait]
impl Connection for Client {
    fn validate(&self, config: &Value) -> Vec<Diagnostic> {
        let slash = config.child("prefix").as_str().is_some_and(|prefix| prefix.contains('/'));
        let error = || Diagnostic::error("Slash in the prefix", "Set another prefix.").at(Path::attribute("prefix"));
        slash.then(error).into_iter().collect()
    }

    async fn configure(&self, request: Configure) -> Vec<Diagnostic> {
        let prefix = request.config.child("prefix").as_str().unwrap_or_default().to_owned();
        *self.prefix.lock().unwrap_or_else(PoisonError::into_inner) = prefix;
        vec![]
    }

    fn resources(&self) -> &[Box<dyn Resource>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Box<dyn DataSource>] {
        &self.data_sources
    }
}

struct Note {
    prefix: Prefix,
    waiting: watch::Sender<u32>,
    finished: watch::Sender<u32>,
}

impl Note {
    fn id(&self, config: &Value) -> Value {
        let prefix = self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
        config.child("name").as_str().map_or(Value::Null, |name| Value::string(format!("{prefix}{name}")))
    }
}

#[async_trait::async_trait]
impl Resource for Note {
    fn name(&self) -> &'static str {
        "sample_note"
    }

    fn schema(&self) -> Schema {
        Schema::new([
            required("name", Type::String).replaces().describe("`panic` panics in apply, `wait` waits for a stop."),
            optional("text", Type::String).default("hello"),
            optional("tags", Type::map(Type::String)),
            optional("secret", Type::String).write_only(),
            computed("id", Type::String).stable(),
            computed("length", Type::Number),
        ])
        .version(1)
    }

    fn validate(&self, config: &Value) -> Vec<Diagnostic> {
        let shouts = config.child("text").as_str().is_some_and(|text| text.ends_with('!'));
        let error = || Diagnostic::error("`text` must not shout", "Remove the mark.").at(Path::attribute("text"));
        shouts.then(error).into_iter().collect()
    }

    async fn read(&self, _: &CallContext, request: ReadRequest) -> ReadResponse {
        let gone = request.state.child("name").as_str() == Some("gone");
        let state = (!gone).then_some(request.state);
        ReadResponse { state, private: request.private, diagnostics: vec![] }
    }

    async fn plan(&self, _: &CallContext, request: PlanRequest) -> PlanResponse {
        let (computed, note) = match &request.change {
            Change::Create { config } => (Value::map([("length", length(config))]), "created"),
            Change::Update { config, .. } => (Value::map([("length", length(config))]), ""),
            Change::Destroy { .. } => (Value::Null, "destroyed"),
        };
        let private = Private::from_bytes(note.into());
        PlanResponse { computed, requires_replace: vec![], private, diagnostics: vec![] }
    }

    async fn apply(&self, call: &CallContext, request: ApplyRequest) -> ApplyResponse {
        let ApplyRequest { change, private, .. } = request;
        let (Change::Create { config } | Change::Update { config, .. }) = change else {
            return ApplyResponse { computed: None, private, diagnostics: vec![] };
        };
        let computed = Value::map([("id", self.id(&config)), ("length", length(&config))]);
        let mut diagnostics = vec![];
        match config.child("name").as_str() {
            Some("panic") => panic!("on purpose"),
            Some("wait") => {
                self.waiting.send_modify(|count| *count += 1);
                call.cancel.cancelled().await;
                self.finished.send_modify(|count| *count += 1);
                diagnostics.push(Diagnostic::error("Stopped", "Apply again."));
            }
            _ => {}
        }
        ApplyResponse { computed: Some(computed), private, diagnostics }
    }

    async fn import(&self, _: &CallContext, id: &str) -> ImportResponse {
        let state = (id != "nowhere").then(|| json!({"name": id, "id": id, "text": "hello"}).into());
        ImportResponse { state, private: Private::default(), diagnostics: vec![] }
    }

    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Result<serde_json::Value, Diagnostic> {
        // Version 0 called the text `body`.
        match state.as_object_mut().and_then(|state| Some((state.remove("body")?, state))) {
            Some((body, state)) if version == 0 => _ = state.insert("text".into(), body),
            _ => return Err(Diagnostic::error(format!("No upgrade from version {version}"), "")),
        }
        Ok(state)
    }
}

/// Unknown together with the text.
fn length(config: &Value) -> Value {
    match config.child("text").as_str() {
        Some(text) => i64::try_from(text.len()).unwrap_or(i64::MAX).into(),
        None => Value::unknown(),
    }
}

struct Echo;

#[async_trait::async_trait]
impl DataSource for Echo {
    fn name(&self) -> &'static str {
        "sample_echo"
    }

    fn schema(&self) -> Schema {
        Schema::new([required("said", Type::String), computed("heard", Type::String)])
    }

    async fn read(&self, _: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let said = config.child("said");
        if said.as_str() == Some("") {
            return Err(vec![Diagnostic::error("Nothing was said", "").at(Path::attribute("said"))]);
        }
        Ok((Value::map([("heard", said.clone())]), vec![]))
    }
}
