//! `pause` and `resume`: whether a daemon leaves an instance alone between applies.

use super::{
    output,
    reports::{Connect, OpenDaemon, error_of},
};

/// Have a daemon leave an environment or a slot alone between applies: drift is still shown, and no longer healed
///
/// With an environment its slots are paused. Applies are not held up. The audit ledger keeps who paused it and when.
#[derive(clap::Args)]
pub(super) struct Pause {
    #[command(flatten)]
    arguments: Arguments,
}

/// Have a daemon heal drift of an environment or a slot again, which `pause` stopped
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
