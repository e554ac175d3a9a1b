//! From a configuration to the engine over a target's ports. Nothing is opened or read here: that waits for the first use.

use super::{ports::Ports, real};
use crate::resources::{
    diagnostics::in_one_line,
    provider_config::{Daemon, Endpoint, ProviderConfig, Sources, Target},
    session::Configured,
};
use goldenpath_adapters::{
    catalogue::{self as documents, Fetch},
    clock::SystemClock,
    offline::Offline,
};
use goldenpath_core::{
    domain::{CatalogueSource, Facts},
    golden::Catalogue,
    provision::{Bounds, Engine, EngineConfig, Provisioner},
};
use goldenpath_daemon::{Address, Client, ClientOptions, Pair, TokenSource};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use plugin::{Diagnostic, Path, Step, value::from_value};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(super) struct Opened {
    pub(super) configured: Configured,
    /// `None`: the target has its own, and decides by it.
    pub(super) catalogue: Option<Arc<Catalogue>>,
    pub(super) notice: Option<Diagnostic>,
    /// To be asked whether it is near enough.
    pub(super) daemon: Option<Arc<Client>>,
}

/// Fetching a repository may take a while, during which the process still serves calls.
pub(super) async fn open_without_blocking(config: ProviderConfig) -> Result<Opened, Diagnostic> {
    if !config.catalogue.sources.iter().any(|source| matches!(source, CatalogueSource::Git(_))) {
        return open(config);
    }
    let opened = tokio::task::spawn_blocking(move || open(config)).await;
    opened.unwrap_or_else(|error| Err(unreadable(&error.to_string())))
}

pub(super) fn open(config: ProviderConfig) -> Result<Opened, Diagnostic> {
    let unreachable = config.unreachable;
    if let Target::Daemon(daemon) = config.target {
        let client = Arc::new(Client::new(client_options(*daemon), &config.bounds));
        let configured = Configured { provisioner: client.clone(), unreachable, refuses: None, finishes_alone: true };
        return Ok(Opened { configured, catalogue: None, notice: None, daemon: Some(client) });
    }
    let Made { engine: provisioner, catalogue, notice, refuses } = engine_of(config)?;
    let configured = Configured { provisioner, unreachable, refuses, finishes_alone: false };
    Ok(Opened { configured, catalogue: Some(catalogue), notice, daemon: None })
}

/// An engine of this process, with what it was made of.
pub(super) struct Made {
    pub(super) engine: Arc<Engine>,
    catalogue: Arc<Catalogue>,
    notice: Option<Diagnostic>,
    refuses: Option<&'static str>,
}

pub(super) fn engine_of(config: ProviderConfig) -> Result<Made, Diagnostic> {
    let ProviderConfig { target, is_shared, catalogue, unreachable: _, lease, bounds } = config;
    let catalogue = self::catalogue(&catalogue).map_err(|error| unreadable(&format!("{error:#}")))?;
    let mut ports = ports(target, is_shared)?;
    let (notice, refuses) = (ports.notice.take(), ports.refuses);
    let engine = Arc::new(engine(ports, catalogue.clone(), lease, bounds));
    Ok(Made { engine, catalogue, notice, refuses })
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
            return Err(Diagnostic::error(
                "A daemon can't be the target of another daemon: set `aws` or `sandbox`",
                detail,
            )
            .at(Path::attribute("daemon")));
        }
    })
}

/// The built-in golden paths and those of these sources, as of today: for a command, which ends soon.
pub(super) fn built_in_and(sources: &[CatalogueSource]) -> anyhow::Result<Arc<Catalogue>> {
    let catalogue = catalogue(&Sources { sources: sources.to_vec(), without_built_in: false })?;
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date();
    Ok(Arc::new(catalogue.on(Some(today))))
}

pub(super) fn catalogue(sources: &Sources) -> anyhow::Result<Arc<Catalogue>> {
    catalogue_with(sources, Fetch::Missing)
}

/// `Err`: some of it would have to be fetched.
pub(super) fn cached_catalogue(sources: &Sources) -> anyhow::Result<Arc<Catalogue>> {
    catalogue_with(sources, Fetch::Never)
}

fn catalogue_with(Sources { sources, without_built_in }: &Sources, fetch: Fetch) -> anyhow::Result<Arc<Catalogue>> {
    if sources.is_empty() && !without_built_in {
        return Ok(Catalogue::built_in());
    }
    let documents = texts(sources, fetch)?;
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = &*last
        && (last.without_built_in, &last.documents) == (*without_built_in, &documents)
    {
        return Ok(Arc::clone(&last.catalogue));
    }
    let texts = documents.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let catalogue = if *without_built_in { Catalogue::of_documents(texts) } else { Catalogue::with_documents(texts) };
    let catalogue = Arc::new(catalogue?);
    *last = Some(Parsed { documents, without_built_in: *without_built_in, catalogue: Arc::clone(&catalogue) });
    Ok(catalogue)
}

/// A client has its block validated and then configured: the same documents mean the same.
static LAST: Mutex<Option<Parsed>> = Mutex::new(None);

struct Parsed {
    documents: Vec<(String, String)>,
    without_built_in: bool,
    catalogue: Arc<Catalogue>,
}

/// Each as (its name, its text).
pub(super) fn documents(sources: &[CatalogueSource]) -> anyhow::Result<Vec<(String, String)>> {
    texts(sources, Fetch::Missing)
}

fn texts(sources: &[CatalogueSource], fetch: Fetch) -> anyhow::Result<Vec<(String, String)>> {
    let documents = documents::read(sources, fetch)?;
    Ok(documents.into_iter().map(|document| (document.name, document.text)).collect())
}

fn unreadable(why: &str) -> Diagnostic {
    let detail = "Correct the golden path, or where it comes from.";
    let summary = format!("The catalogue can't be read: {}", why.trim_end_matches('.'));
    let (summary, detail) = in_one_line(summary, detail.to_owned());
    Diagnostic::error(summary, detail).at(Path::attribute("catalogue"))
}

/// It only plans, on a cluster with these facts.
pub(super) fn offline(facts: Facts, catalogue: Arc<Catalogue>) -> Arc<dyn Provisioner> {
    let ports = Ports { refuses: Some("it only makes plans"), ..Ports::of(Arc::new(Offline::new(facts))) };
    Arc::new(engine(ports, catalogue, None, vec![]))
}
