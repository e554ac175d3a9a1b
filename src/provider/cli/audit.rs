//! `audit`: what a daemon's ledger proves.

mod evidence;
mod tool;

pub use tool::{AuditTool, Head, Looks, Proof};

use super::{daemon::Settings, output, reports::json};
use anyhow::{Context as _, ensure};
use clap::Subcommand;
use goldenpath_core::domain::EnvironmentId;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use tool::{is_wanted, read};

/// Prove what a daemon did: check its audit ledger, export it, or bundle the evidence of one environment
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check that no entry was changed, removed, reordered or cut off
    ///
    /// Exits with 1 and names the first bad entry if there is one. The daemon can keep running. The daemon's log has each head as
    /// `<entry>:<hash>`; with a head that you kept elsewhere, this detects a ledger that was replaced with all its files.
    Verify {
        #[command(flatten)]
        ledgers: Ledgers,
        /// A head that you kept elsewhere
        #[arg(long, value_name = "ENTRY:HASH", value_parser = head)]
        head: Vec<Head>,
    },
    /// Print entries as lines of JSON, after the same check
    ///
    /// Entries of several ledgers are in chronological order, and each names its ledger.
    Export {
        #[command(flatten)]
        ledgers: Ledgers,
        /// Only entries from this time on, such as 2026-11-25T00:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// Only entries about this environment and what it contains
        #[arg(long, value_name = "ID")]
        environment: Option<EnvironmentId>,
    },
    /// Print an environment's objects, who may do what in it, its guards and its operations, as JSON
    ///
    /// Includes its slots. For a destroyed environment: since when it is gone, and its history.
    Evidence {
        /// `<cluster>/<environment>`
        id: EnvironmentId,
        /// The daemon's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A ledger, instead of that of the configuration; once for each of several daemons that share a database
        #[arg(long, value_name = "FILE")]
        ledger: Vec<PathBuf>,
    },
    /// Replace the daemon's signing key by a new one that the current key signs
    ///
    /// Stop the daemon first.
    RotateKey {
        /// The daemon's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Of one daemon, by its configuration, or of several that share a database.
#[derive(clap::Args)]
struct Ledgers {
    /// The daemon's configuration
    #[arg(long, value_name = "FILE", required_unless_present = "ledger", conflicts_with = "ledger")]
    config: Option<PathBuf>,
    /// A ledger itself, with its key and its head beside it; once for each of several daemons
    #[arg(long, value_name = "FILE")]
    ledger: Vec<PathBuf>,
}

// === impl Ledgers ===

impl Ledgers {
    fn paths(self, tool: &AuditTool) -> anyhow::Result<Vec<PathBuf>> {
        Ok(match self.config {
            Some(config) => vec![Settings::read(&config, &tool.environment)?.audit],
            None => self.ledger,
        })
    }
}

pub(super) async fn run(arguments: Arguments, tool: &AuditTool) -> anyhow::Result<()> {
    let settings = |config: &Path| Settings::read(config, &tool.environment);
    Ok(output::data(&match arguments.command {
        Command::Verify { ledgers, head } => {
            let paths = ledgers.paths(tool)?;
            ensure!(head.is_empty() || paths.len() == 1, "--head is of one ledger: verify each ledger by itself");
            let mut said = String::new();
            for path in &paths {
                let name = if paths.len() > 1 { format!("{}: ", path.display()) } else { String::new() };
                said += &format!("{name}{}", text(&(tool.verify)(path, head.clone(), &mut |_| {})?));
            }
            said
        }
        Command::Export { ledgers, since, environment } => {
            let (paths, of) = (ledgers.paths(tool)?, environment.map(|id| id.to_string()));
            let (lines, _) = read(&paths, tool, |entry| is_wanted(entry, since, of.as_deref()))?;
            lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
        }
        Command::Evidence { id, config, ledger } => {
            let settings = settings(&config)?;
            let ledgers = if ledger.is_empty() { vec![settings.audit.clone()] } else { ledger };
            json(&evidence::bundle(&id, &settings, &ledgers, tool).await?)?
        }
        Command::RotateKey { config } => {
            let public = (tool.rotate_key)(&settings(&config)?.audit)?;
            format!("The ledger is signed with the key {public} from now on\n")
        }
    })?)
}

fn text(Proof { entries, keys, head }: &Proof) -> String {
    let keys =
        if *keys == 1 { "one key".to_owned() } else { format!("{keys} keys, each signed with the one before it") };
    let signed = match head {
        Some((at, hash)) if at == entries => format!("All of it is signed; its head is {at}:{hash}."),
        Some((at, hash)) => {
            format!("It is signed up to {at}:{hash}; the daemon signs the rest when its operations end.")
        }
        None => "Nothing of it is signed yet.".to_owned(),
    };
    format!("The audit ledger is as it was written: {entries} entries, {keys}. {signed}\n")
}

fn head(text: &str) -> anyhow::Result<Head> {
    let (at, hash) = text.split_once(':').context("write it as <entry>:<hash>")?;
    Ok((at.parse()?, hash.to_owned()))
}
