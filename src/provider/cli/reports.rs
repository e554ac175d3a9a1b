//! What the commands share that look at a daemon: where it is, how its problems are printed, and ages. Of all commands, the day.

use crate::resources::provider_config::{Daemon, Endpoint};
use anyhow::{anyhow, ensure};
use goldenpath_core::{
    domain::{CatalogueSources, Problem},
    provision::{DaemonReports, OperationReport, age_in_words},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};

pub type OpenDaemon = fn(Daemon) -> anyhow::Result<Arc<dyn DaemonReports>>;

/// Which daemon, and who asks. A token can be in the environment, where no list of processes shows it.
#[derive(clap::Args)]
pub struct Connect {
    /// Endpoint of the daemon: `unix://` and the absolute path of its socket, or `https://`, a host and a port
    #[arg(long, env = "GOLDENPATH_DAEMON")]
    endpoint: Endpoint,
    #[command(flatten)]
    caller: Caller,
}

/// How the caller of a daemon proves who it is, and the daemon too.
#[derive(clap::Args)]
struct Caller {
    /// CA of the daemon's certificate, instead of those that the system trusts
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    ca_certificate: Option<PathBuf>,
    /// The caller's certificate
    #[arg(long, value_name = "FILE", requires = "client_key", requires = "endpoint")]
    client_certificate: Option<PathBuf>,
    /// Key of that certificate
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
    /// File with the caller's token [default: GOLDENPATH_DAEMON_TOKEN or GOLDENPATH_DAEMON_TOKEN_FILE]
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    token_file: Option<PathBuf>,
}

/// A daemon in the place of a target that the command would reach by itself.
#[derive(clap::Args)]
pub struct Through {
    /// Use this daemon, with its own golden paths: `unix://` and the absolute path of its socket, or `https://`, a host and a port
    #[arg(long, env = "GOLDENPATH_DAEMON", value_name = "ENDPOINT")]
    endpoint: Option<Endpoint>,
    #[command(flatten)]
    caller: Caller,
}

#[derive(clap::Args)]
pub struct Looking {
    #[command(flatten)]
    pub connect: Connect,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

// === impl Connect ===

impl Connect {
    pub fn open(self, open: OpenDaemon) -> anyhow::Result<Arc<dyn DaemonReports>> {
        open(self.daemon())
    }

    pub fn daemon(self) -> Daemon {
        self.caller.of(self.endpoint)
    }
}

// === impl Through ===

impl Through {
    /// `None`: no daemon is named.
    pub fn daemon(self, catalogue: Option<&CatalogueSources>) -> anyhow::Result<Option<Daemon>> {
        let Self { endpoint, caller } = self;
        let Some(endpoint) = endpoint else { return Ok(None) };
        ensure!(
            catalogue.is_none(),
            "golden paths are those of the daemon: unset --catalogue and GOLDENPATH_CATALOGUE"
        );
        Ok(Some(caller.of(endpoint)))
    }
}

// === impl Caller ===

impl Caller {
    fn of(self, endpoint: Endpoint) -> Daemon {
        let Self { ca_certificate, client_certificate, client_key, token_file } = self;
        Daemon { endpoint, ca_certificate, client_certificate, client_key, token: None, token_file }
    }
}

pub fn error_of(problem: Problem) -> anyhow::Error {
    let Problem { summary, detail, .. } = problem;
    anyhow!("{summary}. {detail}")
}

pub fn json(of: &impl Serialize) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(of)?))
}

/// As plans have it: where it is a day later, an exemption must not have ended already.
pub fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// `5 min`, of a time in RFC 3339.
pub fn age(at: &str) -> String {
    let Ok(at) = at.parse::<Timestamp>() else { return String::new() };
    age_in_words(Timestamp::now().as_second() - at.as_second())
}

/// `ensure 5 min ago: done`
pub fn last(operation: &OperationReport) -> String {
    let OperationReport { verb, accepted_at, outcome, .. } = operation;
    format!("{verb} {} ago: {outcome}", age(accepted_at))
}
