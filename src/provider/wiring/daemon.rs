//! The daemon over a target: an engine for each of its connections.

use super::{ports::Ports, target};
use crate::{
    cli::daemon::{Journal, ReconcileSettings, Settings, TierSettings},
    resources::provider_config::{Endpoint, ProviderConfig},
};
use anyhow::Context as _;
use goldenpath_adapters::clock::SystemClock;
use goldenpath_core::{
    domain::Problem,
    provision::{Bounds, DaemonReports, Engine, Provisioner, Survey},
};
use goldenpath_daemon::{
    AuditedObjects, Client, Daemon, JournalPlace, MakeEngine, MakeSurvey, Mode, Postgres, Reconcile, TierRule,
};
use plugin::Diagnostic;
use std::{io, sync::Arc};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// For the commands that look at a daemon.
pub(super) fn reports(endpoint: &Endpoint) -> Arc<dyn DaemonReports> {
    Arc::new(Client::new(endpoint.socket(), endpoint.to_string(), &[]))
}

pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    engines(&settings.provider)?;
    journal(&settings.journal)?;
    // The user is asked of the kernel through a socket.
    runtime()?.block_on(async { goldenpath_daemon::check_socket(&settings.endpoint.socket()) })?;
    Ok(())
}

pub(super) fn serve(settings: Settings, listening: &dyn Fn()) -> anyhow::Result<()> {
    let (engines, surveys) = engines(&settings.provider)?;
    let Settings { endpoint, journal, retention, audit, reconcile, .. } = settings;
    let daemon = Daemon {
        socket: endpoint.socket(),
        journal: self::journal(&journal)?,
        retention,
        audit,
        reconcile: reconcile.map(rules),
        engines,
        surveys,
        clock: Arc::new(SystemClock::default()),
    };
    runtime()?.block_on(async {
        let [mut terminate, mut interrupt] = signals()?;
        let end = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        Ok(goldenpath_daemon::serve(daemon, listening, end).await?)
    })
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

/// As many threads as cores: one client's plan of many environments must not hold up the others.
fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

fn signals() -> io::Result<[Signal; 2]> {
    Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?])
}

/// What is wrong with the configuration is found here, and not when the first client connects.
fn engines(config: &ProviderConfig) -> anyhow::Result<(MakeEngine, MakeSurvey)> {
    let ProviderConfig { target, catalogue, lease, bounds, is_shared: _, unreachable: _ } = config;
    let catalogue = target::catalogue(catalogue)?;
    let wrong = |error: Diagnostic| anyhow::anyhow!("{}. {}", error.summary, error.detail);
    // Its own credentials are what it is for.
    target::ports(target.clone(), false).map_err(wrong)?;
    let (target, lease, bounds) = (target.clone(), *lease, bounds.clone());
    let engine = Arc::new(move |narrower: Vec<Bounds>| -> Result<Engine, Problem> {
        let ports: Ports = target::ports(target.clone(), false)
            .map_err(|error| Problem::error("daemon.target", error.summary, error.detail))?;
        let objects = Arc::new(AuditedObjects(ports.objects.clone()));
        let ports = Ports { objects, ..ports };
        Ok(target::engine(ports, catalogue.clone(), lease, [bounds.clone(), narrower].concat()))
    });
    let for_surveys = engine.clone();
    let engines: MakeEngine =
        Arc::new(move |narrower| -> Result<Arc<dyn Provisioner>, Problem> { Ok(Arc::new(engine(narrower)?)) });
    let surveys: MakeSurvey =
        Arc::new(move |narrower| -> Result<Arc<dyn Survey>, Problem> { Ok(Arc::new(for_surveys(narrower)?)) });
    Ok((engines, surveys))
}

/// Of the daemon's target, for a command that only reads: nothing can be changed outside of the daemon's ledger.
pub(super) fn reader(settings: &Settings) -> anyhow::Result<Arc<dyn Provisioner>> {
    let (engines, _) = engines(&settings.provider)?;
    engines(vec![]).map_err(|problem| anyhow::anyhow!("{}. {}", problem.summary, problem.detail))
}
