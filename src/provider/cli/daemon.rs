//! `daemon`: the provisioning daemon, a check of its configuration, and the schema of that.

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

use super::{output, reports::json};
use crate::resources::provider_config::FromEnvironment;
use anyhow::Context as _;
use clap::{Args, Subcommand};
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

/// Serve clients on a unix socket or on TCP: with one identity, catalogue and journal for all of them
///
/// Providers connect with `daemon = { endpoint = "unix://..." }` as the same user, or with "https://..." and a certificate or token that
/// matches a rule of the configuration. Runs until SIGTERM or an interrupt, and then waits for running operations. Set TF_LOG=info for its
/// log.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    instead: Option<Instead>,
    /// The configuration, a YAML file
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Instead {
    /// Read the configuration, the golden paths and the bounds, and start nothing
    Check {
        /// The configuration, a YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print the JSON Schema of the configuration, for editors
    ///
    /// An editor with a YAML language server checks and completes a configuration whose first line is
    /// `# yaml-language-server: $schema=daemon.schema.json`.
    Schema,
}

pub(super) fn run(arguments: Arguments, tool: &DaemonTool) -> anyhow::Result<()> {
    match arguments.instead {
        Some(Instead::Schema) => output::data(&json(&Settings::schema())?)?,
        Some(Instead::Check { config }) => {
            let settings = Settings::read(&config, &tool.environment)?;
            (tool.check)(&settings)?;
            let places: Vec<String> = settings.listen.iter().map(ToString::to_string).collect();
            output::data(&format!("The configuration is sound. The daemon would listen on {}\n", places.join(", ")))?;
        }
        None => {
            let config = arguments.config.context("no configuration is named")?;
            (tool.serve)(Settings::read(&config, &tool.environment)?, &|endpoints| {
                // Whoever started it may have closed its output.
                let _ = output::data(&format!("Listening on {}\n", endpoints.join(", ")));
            })?;
        }
    }
    Ok(())
}
