//! `serve --reattach`: one process for any number of clients, for bridges such as Crossplane's, tests and debuggers.

use super::output;
use anyhow::bail;
use plugin::{
    Provider,
    serve::{ListenAddress, reattach},
};
use std::{path::PathBuf, process, sync::Arc};

/// Serve clients that attach with TF_REATTACH_PROVIDERS, each with its own configuration
///
/// Prints the variable to set, as a line for a shell, and serves until interrupted. Clients use nothing from this process's environment:
/// targets, credentials and paths come only from their provider blocks.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Let clients attach and detach (the only mode)
    #[arg(long, required = true)]
    reattach: bool,
    /// Path of the socket, in a folder that others can't change [default: a new one in the temporary folder]
    ///
    /// With it, the printed variable stays valid when this process is restarted.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Process that clients watch [default: 1 with --socket, else this process]
    ///
    /// Clients give up when it ends, or if they may not signal it. Choose one in their PID namespace and of their user that outlives this
    /// process.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pid: Option<u32>,
}

pub(super) async fn run(arguments: Arguments, provider: Arc<dyn Provider>) -> anyhow::Result<()> {
    let Arguments { reattach: _, socket, pid } = arguments;
    let watched = match (pid, &socket) {
        (Some(pid), _) => pid,
        (None, None) => process::id(),
        (None, Some(_)) if may_signal_init() => 1,
        (None, Some(_)) => bail!(
            "clients of this user may not signal process 1, so they can't watch it; set --pid to a process of this user that outlives \
             this one"
        ),
    };
    let address = ListenAddress { socket, ..ListenAddress::default() };
    let mut printed = Ok(());
    reattach(provider, address, watched, |attachment| printed = output::data(&format!("{attachment}\n"))).await?;
    Ok(printed?)
}

/// In a container process 1 is of the same user as all others, and lives as long as the container.
#[cfg(unix)]
fn may_signal_init() -> bool {
    use std::{fs::metadata, os::unix::fs::MetadataExt};
    let user = |process: &str| Some(metadata(format!("/proc/{process}")).ok()?.uid());
    user("self").is_some_and(|own| own == 0 || user("1") == Some(own))
}

#[cfg(not(unix))]
fn may_signal_init() -> bool {
    false
}
