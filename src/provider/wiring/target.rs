//! From a configuration to the engine over a target's ports. Nothing is opened or read here: that waits for the first use.

use super::{ports::Ports, real};
use crate::resources::{
    provider_config::{Daemon, Endpoint, Folders, ProviderConfig, Target},
    session::Configured,
};
use goldenpath_adapters::{catalogue as documents, clock::SystemClock, offline::Offline};
use goldenpath_core::{
    domain::Facts,
    golden::Catalogue,
    provision::{Bounds, Engine, EngineConfig, Provisioner},
};
use goldenpath_daemon::{Address, Client, ClientOptions, Pair, TokenSource};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use plugin::{Diagnostic, Path, Step, value::from_value};
use std::{path::PathBuf, sync::Arc, time::Duration};

pub(super) struct Opened {
    pub(super) configured: Configured,
    /// `None`: the target has its own, and decides by it.
    pub(super) catalogue: Option<Arc<Catalogue>>,
    pub(super) notice: Option<Diagnostic>,
    /// To be asked whether it is near enough.
    pub(super) daemon: Option<Arc<Client>>,
}

pub(super) fn open(config: ProviderConfig) -> Result<Opened, Diagnostic> {
    let ProviderConfig { target, is_shared, catalogue, unreachable, lease, bounds } = config;
    if let Target::Daemon(daemon) = target {
        let client = Arc::new(Client::new(client_options(*daemon), &bounds));
        let configured = Configured { provisioner: client.clone(), unreachable, refuses: None, finishes_alone: true };
        return Ok(Opened { configured, catalogue: None, notice: None, daemon: Some(client) });
    }
    let catalogue = self::catalogue(&catalogue).map_err(|error| {
        let summary = format!("The catalogue can't be read: {error:#}");
        Diagnostic::error(summary, "Correct the golden path, or its folder.").at(Path::attribute("catalogue"))
    })?;
    let mut ports = ports(target, is_shared)?;
    let (notice, refuses) = (ports.notice.take(), ports.refuses);
    let provisioner = Arc::new(engine(ports, catalogue.clone(), lease, bounds));
    let configured = Configured { provisioner, unreachable, refuses, finishes_alone: false };
    Ok(Opened { configured, catalogue: Some(catalogue), notice, daemon: None })
}

pub(super) fn client_options(daemon: Daemon) -> ClientOptions {
    let Daemon { endpoint, ca_certificate: ca, client_certificate, client_key, token, token_file } = daemon;
    let name = endpoint.to_string();
    let own = client_certificate.zip(client_key).map(|(certificate, key)| Pair { certificate, key });
    let address = match endpoint {
        Endpoint::Unix(path) => Address::Unix(path),
        Endpoint::Https { host, port } => Address::Https { host, port, ca, own },
    };
    let written = token.map(|token| TokenSource::Text(token.reveal().to_owned()));
    ClientOptions { address, endpoint: name, token: written.or_else(|| token_file.map(TokenSource::File)) }
}

pub(super) fn engine(ports: Ports, catalogue: Arc<Catalogue>, lease: Option<Duration>, bounds: Vec<Bounds>) -> Engine {
    let config = engine_config(&ports, lease, bounds);
    engine_with(ports, catalogue, config)
}

pub(super) fn engine_config(ports: &Ports, lease: Option<Duration>, bounds: Vec<Bounds>) -> EngineConfig {
    let usual = EngineConfig::default();
    let lease = lease.unwrap_or(usual.lease);
    EngineConfig { lease, assumes_baseline: ports.refuses.is_some(), bounds, ..usual }
}

pub(super) fn engine_with(ports: Ports, catalogue: Arc<Catalogue>, config: EngineConfig) -> Engine {
    let Ports { objects, clusters, probe, notice: _, refuses: _ } = ports;
    Engine::new(objects, clusters, probe, Arc::new(SystemClock::default()), catalogue, config)
}

pub(super) fn ports(target: Target, is_shared: bool) -> Result<Ports, Diagnostic> {
    Ok(match target {
        Target::Sandbox { path, declared } => {
            let options: SandboxOptions = from_value(&declared).map_err(|error| {
                let summary = format!("The configuration of the sandbox can't be read: {error}");
                Diagnostic::error(summary, "Check the value against the provider's documentation.")
                    .at(error.path.inside(Step::Attribute("sandbox".to_owned())))
            })?;
            // By the time of the next run everybody knows.
            let is_new = !path.exists();
            let notice = || {
                Diagnostic::warning(
                    format!("Everything happens in the sandbox {}", path.display()),
                    "This is an embedded rehearsal. No AWS account and no cluster is changed.",
                )
            };
            Ports { notice: is_new.then(notice), ..Ports::of(Arc::new(Sandbox::open(path, options))) }
        }
        Target::Real { aws, kubernetes } => real::ports(*aws, kubernetes, is_shared, None)?,
        Target::Offline(facts) => {
            let refuses = Some("the offline target only makes plans");
            Ports { refuses, ..Ports::of(Arc::new(Offline::new(*facts))) }
        }
        Target::Daemon(_) => {
            let detail = "Set `aws` or `sandbox` as the target of the daemon.";
            return Err(Diagnostic::error("A daemon is no target of another one", detail).at(Path::attribute("daemon")));
        }
    })
}

/// The built-in golden paths and those of these folders.
pub(super) fn built_in_and(folders: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>> {
    catalogue(&Folders { folders: folders.to_vec(), without_built_in: false })
}

pub(super) fn catalogue(Folders { folders, without_built_in }: &Folders) -> anyhow::Result<Arc<Catalogue>> {
    if folders.is_empty() && !without_built_in {
        return Ok(Catalogue::embedded());
    }
    let documents = documents(folders)?;
    let texts = documents.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let catalogue = if *without_built_in { Catalogue::of_documents(texts) } else { Catalogue::with_documents(texts) };
    Ok(Arc::new(catalogue?))
}

/// Each as (its name, its text).
pub(super) fn documents(folders: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let documents = documents::read(folders)?;
    Ok(documents.into_iter().map(|document| (document.path.display().to_string(), document.text)).collect())
}

/// It only plans, on a cluster with these facts.
pub(super) fn offline(facts: Facts, catalogue: Arc<Catalogue>) -> Arc<dyn Provisioner> {
    let ports = Ports { refuses: Some("it only makes plans"), ..Ports::of(Arc::new(Offline::new(facts))) };
    Arc::new(engine(ports, catalogue, None, vec![]))
}
