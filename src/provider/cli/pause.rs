//! `pause` and `resume`: whether a daemon leaves an instance alone between applies.

use super::{
    output,
    reports::{Connect, OpenDaemon, error_of},
};

/// Stop a daemon from healing an environment or a slot between applies; drift is still shown
///
/// Pausing an environment pauses its slots. Applies still work. The audit ledger keeps who paused it and when. The
/// environment must be within GOLDENPATH_BOUNDS.
#[derive(clap::Args)]
pub(super) struct Pause {
    #[command(flatten)]
    arguments: Arguments,
}

/// Let a daemon heal an environment or a slot again after `pause`
///
/// The environment must be within GOLDENPATH_BOUNDS.
#[derive(clap::Args)]
pub(super) struct Resume {
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(clap::Args)]
struct Arguments {
    /// `<cluster>/<environment>` or `<cluster>/<environment>/<slot>`
    id: String,
    #[command(flatten)]
    connect: Connect,
}

pub(super) async fn pause(arguments: Pause, open: OpenDaemon) -> anyhow::Result<()> {
    set(arguments.arguments, true, open).await
}

pub(super) async fn resume(arguments: Resume, open: OpenDaemon) -> anyhow::Result<()> {
    set(arguments.arguments, false, open).await
}

async fn set(Arguments { id, connect }: Arguments, is_paused: bool, open: OpenDaemon) -> anyhow::Result<()> {
    connect.open(open)?.pause(&id, is_paused).await.map_err(error_of)?;
    let done = if is_paused { "is left alone between applies" } else { "is no longer paused" };
    Ok(output::data(&format!("{id} {done}\n"))?)
}
