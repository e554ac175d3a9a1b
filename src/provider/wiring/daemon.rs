//! The daemon over a target: an engine for each of its connections, within the bounds of whoever calls.

use super::{
    ports::Ports,
    real, reviews,
    shared::{self, SharedTarget, share},
    target,
};
use crate::{
    cli::{
        audit::Looks,
        daemon::{
            Http, IssuerOf, Journal, ListenOn, ReconcileSettings, SessionsOf, Settings, Telemetry, TierSettings, TlsOn,
            TokensOf,
        },
    },
    resources::provider_config::{self, FromEnvironment, ProviderConfig, Target},
    telemetry,
};
use anyhow::Context as _;
use goldenpath_adapters::{aws::AssumeRole, clock::SystemClock};
use goldenpath_core::{
    domain::Problem,
    golden::Catalogue,
    provision::{Announced, Bounds, DaemonReports, Engine, EngineConfig, Provisioner, Survey},
};
use goldenpath_daemon::{
    AuditedObjects, Client, ClientOptions, Daemon, EngineScope, HttpPlace, JournalPlace, Listen, MakeEngine,
    MakeSurvey, Metrics, Mode, OidcIssuer, OperationSession, Pair, Postgres, Reads, Reconcile, TRACE_ENDPOINTS,
    TierRule, TlsFiles, TokenSettings, TraceSettings, Traces,
};
use plugin::Diagnostic;
use std::{io, sync::Arc};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// For the commands that look at a daemon.
pub(super) fn reports(daemon: provider_config::Daemon) -> anyhow::Result<Arc<dyn DaemonReports>> {
    Ok(Arc::new(Client::new(client_options(daemon)?, &[])))
}

/// For a command that changes something: within the bounds of its pipeline, as a provider there.
pub(super) fn provisioner(daemon: provider_config::Daemon) -> anyhow::Result<Arc<dyn Provisioner>> {
    let bounds = provider_config::pipeline_bounds(&FromEnvironment::read(|name| std::env::var_os(name)));
    Ok(Arc::new(Client::new(client_options(daemon)?, &bounds.map_err(wrong)?)))
}

/// What a daemon knows of, and who plans there.
pub(super) fn reports_and_provisioner(
    daemon: provider_config::Daemon,
) -> anyhow::Result<(Arc<dyn DaemonReports>, Arc<dyn Provisioner>)> {
    let client = Arc::new(Client::new(client_options(daemon)?, &[]));
    Ok((client.clone(), client))
}

fn client_options(daemon: provider_config::Daemon) -> anyhow::Result<ClientOptions> {
    let daemon = daemon.or(&FromEnvironment::read(|name| std::env::var_os(name)));
    daemon.check(false).map_err(wrong)?;
    Ok(target::client_options(daemon))
}

pub(super) fn page(daemon: provider_config::Daemon, port: u16, listening: &dyn Fn(&str)) -> anyhow::Result<()> {
    let options = client_options(daemon)?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        // What is wrong is said here, and not in the browser.
        let status = Client::new(options.clone(), &[]).status().await;
        status.map_err(|problem| anyhow::anyhow!("{}. {}", problem.summary, problem.detail))?;
        match goldenpath_daemon::serve_page(options, port, listening).await? {}
    })
}

pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    let reads = Reads::new(settings.limits.reads_shared_for, Metrics::new());
    let catalogue = target::catalogue(&settings.provider.catalogue)?;
    engines(&settings.provider, catalogue, settings.sessions.clone(), &reads)?;
    let tokens = tokens(&settings.tokens, &settings.provider.target)?;
    let listen = listen(&settings.listen);
    journal(&settings.journal)?;
    // The user is asked of the kernel through a socket.
    let runtime = runtime()?;
    runtime.block_on(async { goldenpath_daemon::check(&listen, tokens) })?;
    traces(&settings.telemetry, &runtime)?;
    Ok(())
}

/// Where there is a collector for them.
fn traces(written: &Option<Telemetry>, runtime: &Runtime) -> anyhow::Result<Option<Traces>> {
    let variable = |name: &str| std::env::var(name).ok();
    let settings = match written.clone() {
        Some(Telemetry { endpoint, ca, headers_file, service_name, sample }) => {
            TraceSettings { endpoint, ca, headers_file, service_name, sample }
        }
        None if TRACE_ENDPOINTS.iter().any(|name| variable(name).is_some_and(|value| !value.is_empty())) => {
            TraceSettings::default()
        }
        None => return Ok(None),
    };
    Ok(Some(Traces::start(settings, variable, runtime.handle()).context("telemetry")?))
}

pub(super) fn serve(settings: Settings, listening: &dyn Fn(&[String])) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let traces = traces(&settings.telemetry, &runtime)?;
    telemetry::install(traces.as_ref().map(Traces::layer));
    let served = serve_on(&runtime, settings, listening);
    if let Some(traces) = traces {
        traces.end();
    }
    served
}

fn serve_on(runtime: &Runtime, settings: Settings, listening: &dyn Fn(&[String])) -> anyhow::Result<()> {
    let metrics = Metrics::new();
    let reads = Reads::new(settings.limits.reads_shared_for, metrics.clone());
    shared::limit(&settings.limits);
    shared::count(&metrics);
    let catalogue = target::catalogue(&settings.provider.catalogue)?;
    let (engines, surveys) = engines(&settings.provider, catalogue.clone(), settings.sessions.clone(), &reads)?;
    let tokens = tokens(&settings.tokens, &settings.provider.target)?;
    let Settings { listen: on, journal, retention, audit, reconcile, callers, sessions, http, .. } = settings;
    let daemon = Daemon {
        listen: listen(&on),
        journal: self::journal(&journal)?,
        retention,
        audit,
        reconcile: reconcile.map(rules),
        engines,
        surveys,
        catalogue,
        callers,
        tokens,
        has_sessions: sessions.is_some(),
        reads,
        metrics,
        http: http.map(|http| match http {
            Http::Tcp(address) => HttpPlace::Tcp(address),
            Http::Unix(path) => HttpPlace::Unix(path),
        }),
        clock: Arc::new(SystemClock::default()),
    };
    runtime.block_on(async {
        let [mut terminate, mut interrupt] = signals()?;
        let end = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let listening = |endpoints: &[String]| {
            #[cfg(debug_assertions)]
            die_where_a_test_says();
            listening(endpoints);
        };
        Ok(goldenpath_daemon::serve(daemon, listening, end).await?)
    })
}

/// After which of the entries that it writes from here on. Of a build for tests alone.
#[cfg(debug_assertions)]
fn die_where_a_test_says() {
    if let Some(n) = std::env::var("GOLDENPATH_TEST_DIES_AFTER").ok().and_then(|n| n.parse().ok()) {
        goldenpath_daemon::die_after(n);
    }
}

fn rules(ReconcileSettings { interval, jitter, clusters, tiers }: ReconcileSettings) -> Reconcile {
    let tiers = tiers.into_iter().map(|(tier, TierSettings { heals, interval })| {
        (tier, TierRule { mode: if heals { Mode::Heal } else { Mode::Observe }, interval })
    });
    Reconcile { interval, jitter, clusters, tiers: tiers.collect() }
}

/// Its files are read, and nothing is opened.
fn journal(written: &Journal) -> anyhow::Result<JournalPlace> {
    Ok(match written {
        Journal::File(path) => JournalPlace::File(path.clone()),
        Journal::Postgres { address, password_file, ca_file } => {
            let postgres = Postgres::new(address, password_file.clone(), ca_file.clone()).context("journal")?;
            postgres.check().context("journal")?;
            JournalPlace::Postgres(Box::new(postgres))
        }
    })
}

/// Half of what the main thread has, on which a provider without a daemon does the same work. Only what is used takes memory.
const STACK: usize = 4 << 20;

/// As many threads as cores: one client's plan of many environments must not hold up the others.
fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()
}

fn signals() -> io::Result<[Signal; 2]> {
    Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?])
}

fn listen(on: &[ListenOn]) -> Vec<Listen> {
    let one = |on: &ListenOn| match on.clone() {
        ListenOn::Unix(path) => Listen::Unix(path),
        ListenOn::Tcp { address, tls: TlsOn { certificate, key, client_ca, client_crl } } => {
            Listen::Tcp { address, tls: TlsFiles { own: Pair { certificate, key }, client_ca, client_crl } }
        }
    };
    on.iter().map(one).collect()
}

fn tokens(of: &TokensOf, target: &Target) -> anyhow::Result<TokenSettings> {
    let TokensOf { kubernetes, oidc } = of;
    let issuer = |issuer: &IssuerOf| {
        let IssuerOf { name, issuer: url, audiences, ca } = issuer.clone();
        OidcIssuer { name, url, audiences, ca }
    };
    Ok(TokenSettings {
        kubernetes: kubernetes.as_ref().map(|kubernetes| reviews::of(kubernetes, target)).transpose()?,
        oidc: oidc.iter().map(issuer).collect(),
    })
}

/// What is wrong with the configuration is found here, and not when the first client connects.
fn engines(
    config: &ProviderConfig,
    catalogue: Arc<Catalogue>,
    sessions: Option<SessionsOf>,
    reads: &Arc<Reads>,
) -> anyhow::Result<(MakeEngine, MakeSurvey)> {
    let ProviderConfig { target, catalogue: _, lease, bounds, is_shared: _, unreachable: _ } = config;
    // Its own credentials are what it is for.
    target::ports(target.clone(), false).map_err(wrong)?;
    let all = SharedTarget::new(target.clone(), reads.clone());
    let (target, lease, own, reads) = (target.clone(), *lease, bounds.clone(), reads.clone());
    let announced: Arc<Announced> = Arc::default();
    let engine = Arc::new(move |scope: EngineScope| -> Result<Engine, Problem> {
        let EngineScope { bounds, caller, session } = scope;
        let ports = match (&target, sessions.as_ref().zip(session)) {
            (Target::Real { aws, kubernetes }, Some((role, session))) => {
                let role = Some(session_role(role, session));
                real::ports((**aws).clone(), kubernetes.clone(), false, role).map(|ports| share(&reads, ports))
            }
            _ => all.ports(),
        };
        let ports: Ports = ports.map_err(|error| Problem::error("daemon.target", error.summary, error.detail))?;
        let objects = Arc::new(AuditedObjects(ports.objects.clone()));
        let ports = Ports { objects, ..ports };
        let config = target::engine_config(&ports, lease, [own.clone(), bounds].concat());
        let announced = announced.clone();
        let config = EngineConfig { verifies: caller.is_some(), caller, announced, ..config };
        Ok(target::engine_with(ports, catalogue.clone(), config))
    });
    let for_surveys = engine.clone();
    let engines: MakeEngine =
        Arc::new(move |scope| -> Result<Arc<dyn Provisioner>, Problem> { Ok(Arc::new(engine(scope)?)) });
    let surveys: MakeSurvey =
        Arc::new(move |bounds| -> Result<Arc<dyn Survey>, Problem> { Ok(Arc::new(for_surveys(own_scope(bounds))?)) });
    Ok((engines, surveys))
}

/// The daemon's own looks: nobody else asks.
fn own_scope(bounds: Vec<Bounds>) -> EngineScope {
    EngineScope { bounds, caller: None, session: None }
}

/// Of the daemon's target, for a command that only reads: nothing can be changed outside of the daemon's ledger.
pub(super) fn reader(settings: &Settings) -> anyhow::Result<Looks> {
    let reads = Reads::new(settings.limits.reads_shared_for, Metrics::new());
    let catalogue = target::catalogue(&settings.provider.catalogue)?;
    let (engines, surveys) = engines(&settings.provider, catalogue.clone(), None, &reads)?;
    let everything = ProviderConfig { bounds: vec![], ..settings.provider.clone() };
    let (baselines, _) = self::engines(&everything, catalogue, None, &reads)?;
    let said = |problem: Problem| anyhow::anyhow!("{}. {}", problem.summary, problem.detail);
    Ok(Looks {
        survey: surveys(vec![]).map_err(said)?,
        provisioner: engines(own_scope(vec![])).map_err(said)?,
        baselines: baselines(own_scope(vec![])).map_err(said)?,
    })
}

fn session_role(role: &SessionsOf, session: OperationSession) -> AssumeRole {
    let SessionsOf { role_arn, duration } = role.clone();
    let OperationSession { operation, about, person } = session;
    AssumeRole {
        role_arn,
        session_name: Some(operation),
        external_id: None,
        source_identity: person.map(|person| real::source_identity(&person)),
        duration,
        only_for: Some(about),
    }
}

fn wrong(error: Diagnostic) -> anyhow::Error {
    anyhow::anyhow!("{}. {}", error.summary, error.detail)
}
