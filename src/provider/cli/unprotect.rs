//! `unprotect`: lifts deletion protection where no apply can, since only a destroy is left to run.

use super::{
    doctor::Reach,
    output,
    reports::{Through, error_of, json},
};
use crate::resources::provider_config::Daemon;
use anyhow::ensure;
use goldenpath_core::{
    domain::{EnvironmentId, Id, SlotId, Unprotected},
    provision::Provisioner,
};
use std::sync::Arc;

/// Lift the deletion protection of an environment or a slot, until its next apply
///
/// For tools that can only destroy: once a resource is deleted in Crossplane, it only runs destroys with the state, which says protected.
/// The record keeps who lifted the protection and when. The next destroy is allowed; an apply of a configuration that says protected
/// protects it again, and every plan before that shows it. Bounds (GOLDENPATH_BOUNDS) apply here too. Through a daemon, its rules apply,
/// and its audit ledger keeps who asked for it.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// `<cluster>/<environment>` or `<cluster>/<environment>/<slot>`
    #[arg(value_parser = id)]
    id: Id,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    through: Through,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is lent to this command.
pub struct UnprotectTool {
    pub target: fn(Reach) -> anyhow::Result<Arc<dyn Provisioner>>,
    pub daemon: fn(Daemon) -> anyhow::Result<Arc<dyn Provisioner>>,
}

pub(super) async fn run(arguments: Arguments, tool: &UnprotectTool) -> anyhow::Result<()> {
    let Arguments { id, reach, through, json: is_json } = arguments;
    let provisioner = match through.daemon(reach.catalogue.as_ref())? {
        Some(daemon) => {
            // Which of them goes first is nothing to guess: past the daemon nothing of it would be in its ledger.
            ensure!(
                !reach.place.is_named(),
                "two targets are named: keep --endpoint (GOLDENPATH_DAEMON), or what names a cluster or a sandbox"
            );
            (tool.daemon)(daemon)?
        }
        None => {
            reach.place.check()?;
            (tool.target)(reach)?
        }
    };
    let Unprotected { by, at } = provisioner.unprotect(&id).await.map_err(error_of)?;
    Ok(output::data(&match is_json {
        true => json(&serde_json::json!({ "id": id.to_string(), "by": by, "at": at }))?,
        false => format!("Deletion protection of {id} is lifted until its next apply, by {by} at {at}\n"),
    })?)
}

fn id(text: &str) -> Result<Id, String> {
    let id = match text.split('/').count() {
        2 => text.parse::<EnvironmentId>().map(Id::from),
        _ => text.parse::<SlotId>().map(Id::from),
    };
    id.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::Line;
    use clap::Parser as _;

    #[tokio::test]
    async fn a_daemon_that_is_named_is_not_passed_by() {
        let tool = UnprotectTool {
            target: |_| anyhow::bail!("the target is asked"),
            daemon: |_| anyhow::bail!("the daemon is asked"),
        };
        for (line, expected, reason) in [
            ("--region eu-west-1", "the target is asked", "with permissions of one's own"),
            ("--sandbox nowhere.db", "no sandbox at nowhere.db", "it would be made, and be empty"),
            ("--endpoint unix:///d.sock --token-file t", "the daemon is asked", "with a token and nothing else"),
            ("--endpoint unix:///d.sock --sandbox s.db", "two targets are named", "which of them?"),
            ("--endpoint unix:///d.sock --region eu-west-1", "two targets are named", "the same for a cluster"),
            ("--endpoint unix:///d.sock --catalogue paths", "golden paths are those of the daemon", "it renders"),
            ("--token-file t", "--endpoint", "a token is for a daemon"),
            ("--client-certificate c --client-key k", "--endpoint", "and so is a certificate"),
        ] {
            let words = ["unprotect", "demo/pay"].into_iter().chain(line.split_whitespace());
            let error = match Line::try_parse_from(words) {
                Ok(Line { arguments }) => run(arguments, &tool).await.unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(error.contains(expected), "{reason}: {error}");
        }
    }
}
