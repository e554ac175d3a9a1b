//! `pause` and `resume`: whether a daemon leaves an instance alone between applies.

use super::{
    output,
    reports::{Connect, OpenDaemon, error_of},
};

/// Stop a daemon from healing an environment, a slot or a whole cluster between applies; drift is still shown
///
/// Pausing an environment pauses its slots, and pausing a cluster everything on it, such as in an outage. Applies still
/// work. The audit ledger keeps who paused it and when. What is paused must be within GOLDENPATH_BOUNDS: a cluster is not
/// within those of teams, environments, tiers or golden paths.
#[derive(clap::Args)]
pub(super) struct Pause {
    #[command(flatten)]
    arguments: Arguments,
}

/// Let a daemon heal an environment, a slot or a whole cluster again after `pause`
///
/// It must be within GOLDENPATH_BOUNDS. What was paused with its environment or cluster is resumed with that, and a pause of
/// its own on what is in it stays.
#[derive(clap::Args)]
pub(super) struct Resume {
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(clap::Args)]
struct Arguments {
    /// `<cluster>`, `<cluster>/<environment>` or `<cluster>/<environment>/<slot>`
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
    Ok(output::data(&format!("{}\n", in_words(&id, is_paused)))?)
}

/// With all that it holds for.
fn in_words(id: &str, is_paused: bool) -> String {
    let inside = match id.split('/').count() {
        1 => ", with everything on it",
        2 => ", with its slots",
        _ => "",
    };
    if is_paused { format!("{id} is left alone between applies{inside}") } else { format!("{id} is no longer paused") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_is_paused_is_said() {
        for (id, inside, reason) in [
            ("demo", ", with everything on it", "a cluster"),
            ("demo/pay", ", with its slots", "an environment"),
            ("demo/pay/api", "", "a slot"),
        ] {
            assert_eq!(in_words(id, true), format!("{id} is left alone between applies{inside}"), "{reason}");
            assert_eq!(in_words(id, false), format!("{id} is no longer paused"), "{reason}");
        }
    }
}
