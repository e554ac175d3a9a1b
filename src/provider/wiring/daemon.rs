//! The daemon over a target: an engine for each of its connections.

use super::{ports::Ports, target};
use crate::{
    cli::daemon::{Journal, Settings},
    resources::provider_config::ProviderConfig,
};
use anyhow::Context as _;
use goldenpath_core::{
    domain::Problem,
    provision::{Bounds, Provisioner},
};
use goldenpath_daemon::{Daemon, JournalPlace, MakeEngine, Postgres};
use plugin::Diagnostic;
use std::{io, sync::Arc};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    engines(&settings.provider)?;
    journal(&settings.journal)?;
    // The user is asked of the kernel through a socket.
    runtime()?.block_on(async { goldenpath_daemon::check_socket(&settings.endpoint.socket()) })?;
    Ok(())
}

pub(super) fn serve(settings: Settings, listening: &dyn Fn()) -> anyhow::Result<()> {
    let engines = engines(&settings.provider)?;
    let Settings { endpoint, journal, retention, .. } = settings;
    let journal = self::journal(&journal)?;
    let daemon = Daemon { socket: endpoint.socket(), journal, retention, engines };
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
fn engines(config: &ProviderConfig) -> anyhow::Result<MakeEngine> {
    let ProviderConfig { target, catalogue, lease, bounds, is_shared: _, unreachable: _ } = config;
    let catalogue = target::catalogue(catalogue)?;
    let wrong = |error: Diagnostic| anyhow::anyhow!("{}. {}", error.summary, error.detail);
    // Its own credentials are what it is for.
    target::ports(target.clone(), false).map_err(wrong)?;
    let (target, lease, bounds) = (target.clone(), *lease, bounds.clone());
    Ok(Arc::new(move |narrower: Vec<Bounds>| -> Result<Arc<dyn Provisioner>, Problem> {
        let ports: Ports = target::ports(target.clone(), false)
            .map_err(|error| Problem::error("daemon.target", error.summary, error.detail))?;
        Ok(Arc::new(target::engine(ports, catalogue.clone(), lease, [bounds.clone(), narrower].concat())))
    }))
}
