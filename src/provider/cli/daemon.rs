//! `daemon`: the provisioning daemon, and a check of its configuration.

mod config;
mod journal;
mod limits;
mod reconcile;
mod telemetry;

pub use config::{IssuerOf, KubernetesTokensOf, ListenOn, SessionsOf, Settings, TlsOn, TokensOf};
pub use journal::Journal;
pub use limits::{Http, Limits};
pub use reconcile::{ReconcileSettings, TierSettings};
pub use telemetry::Telemetry;

use super::output;
use crate::resources::provider_config::FromEnvironment;
use std::path::PathBuf;

/// Until a signal. The second is called with all endpoints once clients can connect.
type Serve = fn(Settings, &dyn Fn(&[String])) -> anyhow::Result<()>;

/// What the composition root lends: it knows targets and sockets.
pub struct DaemonTool {
    /// Knobs of the process, and bounds that its pipeline sets.
    pub environment: FromEnvironment,
    /// Whether it could start; starts nothing.
    pub check: fn(&Settings) -> anyhow::Result<()>,
    pub serve: Serve,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Action {
    /// Read the configuration, the golden paths and the bounds, and start nothing
    Check,
}

/// Serve clients on a unix socket or on TCP: with one identity, catalogue and journal for all of them
///
/// Providers connect with `daemon = { endpoint = "unix://..." }` as the same user, or with "https://..." and a certificate or token that a
/// rule of the configuration knows. Runs until SIGTERM or an interrupt, and then waits for what it has begun. Set TF_LOG=info for its log.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to do instead of serving clients
    #[arg(value_enum)]
    action: Option<Action>,
    /// The configuration, a YAML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments, tool: &DaemonTool) -> anyhow::Result<()> {
    let settings = Settings::read(&arguments.config, &tool.environment)?;
    match arguments.action {
        Some(Action::Check) => {
            (tool.check)(&settings)?;
            let places: Vec<String> = settings.listen.iter().map(ToString::to_string).collect();
            output::data(&format!("The configuration is sound. The daemon would listen on {}\n", places.join(", ")))?;
        }
        None => (tool.serve)(settings, &|endpoints| {
            // Whoever started it may have closed its output.
            let _ = output::data(&format!("Listening on {}\n", endpoints.join(", ")));
        })?,
    }
    Ok(())
}
