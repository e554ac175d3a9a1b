//! The daemon over a target: an engine for each of its connections.

use super::{
    shared::{self, SharedTarget},
    target,
};
use crate::{
    cli::daemon::{Http, Journal, Settings},
    resources::provider_config::ProviderConfig,
};
use anyhow::Context as _;
use goldenpath_core::{
    domain::Problem,
    provision::{Bounds, Provisioner},
};
use goldenpath_daemon::{Daemon, HttpPlace, JournalPlace, MakeEngine, Metrics, Postgres, Reads};
use plugin::Diagnostic;
use std::{io, sync::Arc};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    engines(&settings.provider, &Reads::new(settings.limits.reads_shared_for, Metrics::new()))?;
    journal(&settings.journal)?;
    // The user is asked of the kernel through a socket.
    runtime()?.block_on(async { goldenpath_daemon::check_socket(&settings.endpoint.socket()) })?;
    Ok(())
}

pub(super) fn serve(settings: Settings, listening: &dyn Fn()) -> anyhow::Result<()> {
    let Settings { endpoint, journal, retention, limits, http, provider } = settings;
    let metrics = Metrics::new();
    let reads = Reads::new(limits.reads_shared_for, metrics.clone());
    shared::limit(&limits);
    shared::count(&metrics);
    let engines = engines(&provider, &reads)?;
    let http = http.map(|http| match http {
        Http::Tcp(address) => HttpPlace::Tcp(address),
        Http::Unix(path) => HttpPlace::Unix(path),
    });
    let journal = self::journal(&journal)?;
    let daemon = Daemon { socket: endpoint.socket(), journal, retention, engines, reads, metrics, http };
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
fn engines(config: &ProviderConfig, reads: &Arc<Reads>) -> anyhow::Result<MakeEngine> {
    let ProviderConfig { target, catalogue, lease, bounds, is_shared: _, unreachable: _ } = config;
    let catalogue = target::catalogue(catalogue)?;
    let wrong = |error: Diagnostic| anyhow::anyhow!("{}. {}", error.summary, error.detail);
    // Its own credentials are what it is for.
    target::ports(target.clone(), false).map_err(wrong)?;
    let target = SharedTarget::new(target.clone(), reads.clone());
    let (lease, bounds) = (*lease, bounds.clone());
    Ok(Arc::new(move |narrower: Vec<Bounds>| -> Result<Arc<dyn Provisioner>, Problem> {
        let ports = target.ports().map_err(|error| Problem::error("daemon.target", error.summary, error.detail))?;
        Ok(Arc::new(target::engine(ports, catalogue.clone(), lease, [bounds.clone(), narrower].concat())))
    }))
}
