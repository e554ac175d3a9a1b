//! The calls of protocol 6 as functions over value trees, spoken to a running `serve --reattach`.

mod instance;
mod laws;
mod proposed;
mod schema;

pub use instance::{Action, Held, Instance, Planned};
pub use proposed::proposed_new_state;
pub use schema::{Attribute, Nesting, Schema};

use anyhow::{Context as _, Result, anyhow};
use hyper_util::rt::TokioIo;
use plugin::{
    Diagnostic, Severity, Step, Value,
    value::{codec, msgpack},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tfplugin_proto::tfplugin6 as wire;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};

/// The text that stands for an unknown in a configuration written as JSON.
pub const UNKNOWN: &str = "$unknown";

/// Longer than any call on the sandbox takes; a test that hangs is a failure with a name.
const PATIENCE: Duration = Duration::from_secs(60);

pub type Said = Vec<Diagnostic>;

pub struct Schemas {
    pub provider: Schema,
    pub resources: BTreeMap<String, Schema>,
    pub data_sources: BTreeMap<String, Schema>,
}

/// One connection, with its own configuration.
#[derive(Clone)]
pub struct Client {
    calls: Calls,
    schemas: Arc<Schemas>,
}

impl Client {
    pub async fn connect(socket: &Path) -> Result<Self> {
        let mut calls = dial(socket).await?;
        let answer = calls.get_provider_schema(wire::get_provider_schema::Request {}).await?.into_inner();
        let all = |schemas: BTreeMap<String, wire::Schema>| -> Result<BTreeMap<String, Schema>> {
            schemas.into_iter().map(|(name, schema)| Ok((name, Schema::read(schema)?))).collect()
        };
        let schemas = Schemas {
            provider: Schema::read(answer.provider.context("no schema of the provider")?)?,
            resources: all(answer.resource_schemas)?,
            data_sources: all(answer.data_source_schemas)?,
        };
        Ok(Self { calls, schemas: Arc::new(schemas) })
    }

    /// Another connection to a provider whose schemas are known, as core does it where the provider allows
    /// (`get_provider_schema_optional`).
    pub async fn connect_again(&self, socket: &Path) -> Result<Self> {
        Ok(Self { calls: dial(socket).await?, schemas: self.schemas.clone() })
    }

    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    pub fn resource(&self, name: &str) -> Result<&Schema> {
        self.schemas.resources.get(name).with_context(|| format!("no resource {name}"))
    }

    /// A configuration from JSON, as core would build it from HCL: what is not named is null, `"$unknown"` is unknown.
    pub fn config(&self, resource: &str, json: &Json) -> Result<Value> {
        from_json(json, self.resource(resource)?)
    }

    pub async fn validate_provider(&mut self, config: &Json) -> Result<Said> {
        let schema = &self.schemas.provider;
        let config = Some(encode(&from_json(config, schema)?, schema)?);
        let answer = self.calls.validate_provider_config(wire::validate_provider_config::Request { config }).await?;
        Ok(said(answer.into_inner().diagnostics))
    }

    pub async fn configure(&mut self, config: &Json) -> Result<Said> {
        let schema = &self.schemas.provider;
        let request = wire::configure_provider::Request {
            terraform_version: "1.11.4".into(),
            config: Some(encode(&from_json(config, schema)?, schema)?),
            client_capabilities: Some(capabilities()),
        };
        Ok(said(self.calls.configure_provider(request).await?.into_inner().diagnostics))
    }

    pub async fn validate(&mut self, resource: &str, config: &Value) -> Result<Said> {
        let request = wire::validate_resource_config::Request {
            type_name: resource.into(),
            config: Some(encode(config, self.resource(resource)?)?),
            client_capabilities: Some(capabilities()),
        };
        Ok(said(self.calls.validate_resource_config(request).await?.into_inner().diagnostics))
    }

    pub async fn read(&mut self, resource: &str, held: &Held) -> Result<(Option<Held>, Said)> {
        let schema = self.resource(resource)?.clone();
        let request = wire::read_resource::Request {
            type_name: resource.into(),
            current_state: Some(encode(&held.value, &schema)?),
            private: held.private.clone(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = self.calls.read_resource(request).await?.into_inner();
        Ok((Held::read(answer.new_state, answer.private, &schema)?, said(answer.diagnostics)))
    }

    pub async fn import(&mut self, resource: &str, id: &str) -> Result<(Option<Held>, Said)> {
        let schema = self.resource(resource)?.clone();
        let request = wire::import_resource_state::Request {
            type_name: resource.into(),
            id: id.into(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = self.calls.import_resource_state(request).await?.into_inner();
        let said = said(answer.diagnostics);
        let mut imported = answer.imported_resources.into_iter();
        let held = match (imported.next(), imported.next()) {
            (Some(one), None) => Held::read(one.state, one.private, &schema)?,
            (None, _) => None,
            (Some(_), Some(_)) => return Err(anyhow!("import answers with more than one resource")),
        };
        Ok((held, said))
    }

    pub async fn upgrade(&mut self, resource: &str, held: &Held) -> Result<Value> {
        let schema = self.resource(resource)?.clone();
        let json = plugin::value::json::encode(&held.value, &schema.ty)?;
        let request = wire::upgrade_resource_state::Request {
            type_name: resource.into(),
            version: schema.version,
            raw_state: Some(wire::RawState { json, flatmap: BTreeMap::default() }),
        };
        let answer = self.calls.upgrade_resource_state(request).await?.into_inner();
        no_errors(&said(answer.diagnostics), "upgrade of the state")?;
        decode(answer.upgraded_state, &schema)
    }

    pub async fn data(&mut self, source: &str, config: &Json) -> Result<(Value, Said)> {
        let schema = self.schemas.data_sources.get(source).with_context(|| format!("no data source {source}"))?.clone();
        let request = wire::read_data_source::Request {
            type_name: source.into(),
            config: Some(encode(&from_json(config, &schema)?, &schema)?),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = self.calls.read_data_source(request).await?.into_inner();
        Ok((decode(answer.state, &schema)?, said(answer.diagnostics)))
    }

    pub async fn stop(&mut self) -> Result<()> {
        let answer = self.calls.stop_provider(wire::stop_provider::Request {}).await?.into_inner();
        if answer.error.is_empty() { Ok(()) } else { Err(anyhow!("stop: {}", answer.error)) }
    }
}

type Calls = wire::provider_client::ProviderClient<Channel>;

async fn dial(socket: &Path) -> Result<Calls> {
    let socket: PathBuf = socket.to_owned();
    let connector = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://localhost").timeout(PATIENCE);
    let channel = endpoint.connect_with_connector(connector).await.context("connect to the provider")?;
    Ok(Calls::new(channel).max_decoding_message_size(usize::MAX).max_encoding_message_size(usize::MAX))
}

fn capabilities() -> wire::ClientCapabilities {
    wire::ClientCapabilities { write_only_attributes_allowed: true, ..Default::default() }
}

// === trees to and from the wire ===

fn encode(value: &Value, schema: &Schema) -> Result<wire::DynamicValue> {
    Ok(wire::DynamicValue { msgpack: msgpack::encode(value, &schema.ty)?, json: vec![] })
}

fn decode(value: Option<wire::DynamicValue>, schema: &Schema) -> Result<Value> {
    Ok(msgpack::decode(&value.unwrap_or_default().msgpack, &schema.ty)?)
}

fn from_json(json: &Json, schema: &Schema) -> Result<Value> {
    codec::conform(lift(json), &schema.ty).map_err(|error| anyhow!("{error} in {json}"))
}

fn lift(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.to_string().parse().map_or(Value::Null, Value::Number),
        Json::String(text) if text == UNKNOWN => Value::unknown(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::List(items.iter().map(lift).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(name, value)| (name.as_str(), lift(value)))),
    }
}

// === diagnostics ===

pub(crate) fn path(path: Option<wire::AttributePath>) -> plugin::Path {
    use wire::attribute_path::step::Selector;
    let steps = path.unwrap_or_default().steps.into_iter();
    steps
        .filter_map(|step| {
            Some(match step.selector? {
                Selector::AttributeName(name) => Step::Attribute(name),
                Selector::ElementKeyString(key) => Step::Key(key),
                Selector::ElementKeyInt(index) => Step::Index(index),
            })
        })
        .collect()
}

fn said(diagnostics: Vec<wire::Diagnostic>) -> Said {
    diagnostics
        .into_iter()
        .map(|one| Diagnostic {
            severity: if one.severity() == wire::diagnostic::Severity::Warning {
                Severity::Warning
            } else {
                Severity::Error
            },
            summary: one.summary,
            detail: one.detail,
            path: path(one.attribute),
        })
        .collect()
}

pub fn errors(said: &Said) -> Vec<&Diagnostic> {
    said.iter().filter(|one| one.is_error()).collect()
}

/// Diagnostics as one text, for messages and for looking for a sentence.
pub fn told(said: &Said) -> String {
    let line = |one: &Diagnostic| {
        let kind = if one.is_error() { "error" } else { "warning" };
        format!("{kind} at {}: {}: {}", one.path, one.summary, one.detail)
    };
    said.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn no_errors(said: &Said, doing: &str) -> Result<()> {
    if errors(said).is_empty() { Ok(()) } else { Err(anyhow!("{doing}: {}", told(said))) }
}
