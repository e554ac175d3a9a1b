//! `serve --reattach`: one process for any number of clients, for tests and debuggers.

use super::output;
use plugin::{
    Provider,
    serve::{ListenAddress, reattach},
};
use std::sync::Arc;

/// Serve clients that attach with TF_REATTACH_PROVIDERS, each with its own configuration
///
/// Prints the variable to set, as a line for a shell, and serves until interrupted. Environment variables of this process
/// do not apply to the configuration of any client.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Let clients attach and detach (the only mode)
    #[arg(long, required = true)]
    reattach: bool,
}

pub(super) async fn run(arguments: Arguments, provider: Arc<dyn Provider>) -> anyhow::Result<()> {
    let Arguments { reattach: _ } = arguments;
    let mut printed = Ok(());
    reattach(provider, ListenAddress::default(), |attachment| printed = output::data(&format!("{attachment}\n")))
        .await?;
    Ok(printed?)
}
