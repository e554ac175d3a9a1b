//! The calls of protocol 6 as functions, to a running `serve --reattach`.

use super::{
    diagnostics::{self, Diagnostics, no_errors},
    schema::Schema,
    state::InstanceState,
    wire::{capabilities, decode, encode, from_json},
};
use crate::tools;
use anyhow::{Context as _, Result, anyhow};
use hyper_util::rt::TokioIo;
use plugin::{Value, value};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tfplugin_proto::tfplugin6 as wire;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};

/// Longer than any call on the sandbox takes, and than a database is gone in a test; one that hangs is a failure with a name.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Schemas {
    pub provider: Schema,
    pub resources: BTreeMap<String, Schema>,
    pub data_sources: BTreeMap<String, Schema>,
}

/// One connection, with its own configuration.
#[derive(Clone)]
pub struct Client {
    pub(super) calls: Calls,
    schemas: Arc<Schemas>,
    /// Where it is connected to, and what it is configured with: one for each connection.
    origin: Arc<Origin>,
}

struct Origin {
    socket: PathBuf,
    config: OnceLock<Json>,
}

impl Origin {
    fn of(socket: &Path) -> Arc<Self> {
        Arc::new(Self { socket: socket.to_owned(), config: OnceLock::new() })
    }
}

impl Client {
    pub async fn connect(socket: &Path) -> Result<Self> {
        let mut calls = dial(socket).await?;
        let response = calls.get_provider_schema(wire::get_provider_schema::Request {}).await?.into_inner();
        let all = |schemas: BTreeMap<String, wire::Schema>| -> Result<BTreeMap<String, Schema>> {
            schemas.into_iter().map(|(name, schema)| Ok((name, Schema::read(schema)?))).collect()
        };
        let schemas = Schemas {
            provider: Schema::read(response.provider.context("no schema of the provider")?)?,
            resources: all(response.resource_schemas)?,
            data_sources: all(response.data_source_schemas)?,
        };
        Ok(Self { calls, schemas: Arc::new(schemas), origin: Origin::of(socket) })
    }

    /// Another connection to a provider whose schemas are known, as core does it where the provider allows
    /// (`get_provider_schema_optional`).
    pub async fn connect_again(&self, socket: &Path) -> Result<Self> {
        Ok(Self { calls: dial(socket).await?, schemas: self.schemas.clone(), origin: Origin::of(socket) })
    }

    /// Another connection with the same configuration: a CLI plans over one and applies over the next.
    pub async fn reconnect(&self) -> Result<Self> {
        let mut again = self.connect_again(&self.origin.socket).await?;
        if let Some(config) = self.origin.config.get() {
            no_errors(&again.configure(config).await?, "configure again")?;
        }
        Ok(again)
    }

    pub fn is_connection_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.origin, &other.origin)
    }

    /// For requests that no client makes.
    pub fn calls(&mut self) -> &mut Calls {
        &mut self.calls
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

    pub async fn validate_provider(&mut self, config: &Json) -> Result<Diagnostics> {
        let schema = &self.schemas.provider;
        let config = Some(encode(&from_json(config, schema)?, schema)?);
        let response = self.calls.validate_provider_config(wire::validate_provider_config::Request { config }).await?;
        Ok(diagnostics::of(response.into_inner().diagnostics))
    }

    pub async fn configure(&mut self, config: &Json) -> Result<Diagnostics> {
        let schema = &self.schemas.provider;
        let _ = self.origin.config.set(config.clone());
        let request = wire::configure_provider::Request {
            terraform_version: tools::version("terraform-1.14").into(),
            config: Some(encode(&from_json(config, schema)?, schema)?),
            client_capabilities: Some(capabilities()),
        };
        Ok(diagnostics::of(self.calls.configure_provider(request).await?.into_inner().diagnostics))
    }

    pub async fn validate(&mut self, resource: &str, config: &Value) -> Result<Diagnostics> {
        let request = wire::validate_resource_config::Request {
            type_name: resource.into(),
            config: Some(encode(config, self.resource(resource)?)?),
            client_capabilities: Some(capabilities()),
        };
        Ok(diagnostics::of(self.calls.validate_resource_config(request).await?.into_inner().diagnostics))
    }

    pub async fn read(&mut self, resource: &str, held: &InstanceState) -> Result<(Option<InstanceState>, Diagnostics)> {
        let schema = self.resource(resource)?.clone();
        let request = wire::read_resource::Request {
            type_name: resource.into(),
            current_state: Some(encode(&held.value, &schema)?),
            private: held.private.clone(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let response = self.calls.read_resource(request).await?.into_inner();
        Ok((InstanceState::read(response.new_state, response.private, &schema)?, diagnostics::of(response.diagnostics)))
    }

    pub async fn import(&mut self, resource: &str, id: &str) -> Result<(Option<InstanceState>, Diagnostics)> {
        let schema = self.resource(resource)?.clone();
        let request = wire::import_resource_state::Request {
            type_name: resource.into(),
            id: id.into(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let response = self.calls.import_resource_state(request).await?.into_inner();
        let said = diagnostics::of(response.diagnostics);
        let mut imported = response.imported_resources.into_iter();
        let held = match (imported.next(), imported.next()) {
            (Some(one), None) => InstanceState::read(one.state, one.private, &schema)?,
            (None, _) => None,
            (Some(_), Some(_)) => return Err(anyhow!("import returns more than one resource")),
        };
        Ok((held, said))
    }

    pub async fn upgrade(&mut self, resource: &str, held: &InstanceState) -> Result<Value> {
        let schema = self.resource(resource)?.clone();
        let json = value::json::encode(&held.value, &schema.ty)?;
        let request = wire::upgrade_resource_state::Request {
            type_name: resource.into(),
            version: schema.version,
            raw_state: Some(wire::RawState { json, flatmap: BTreeMap::default() }),
        };
        let response = self.calls.upgrade_resource_state(request).await?.into_inner();
        no_errors(&diagnostics::of(response.diagnostics), "upgrade of the state")?;
        decode(response.upgraded_state, &schema)
    }

    pub async fn data(&mut self, source: &str, config: &Json) -> Result<(Value, Diagnostics)> {
        let schema = self.schemas.data_sources.get(source).with_context(|| format!("no data source {source}"))?.clone();
        let request = wire::read_data_source::Request {
            type_name: source.into(),
            config: Some(encode(&from_json(config, &schema)?, &schema)?),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let response = self.calls.read_data_source(request).await?.into_inner();
        Ok((decode(response.state, &schema)?, diagnostics::of(response.diagnostics)))
    }

    pub async fn stop(&mut self) -> Result<()> {
        let response = self.calls.stop_provider(wire::stop_provider::Request {}).await?.into_inner();
        if response.error.is_empty() { Ok(()) } else { Err(anyhow!("stop: {}", response.error)) }
    }
}

pub type Calls = wire::provider_client::ProviderClient<Channel>;

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
