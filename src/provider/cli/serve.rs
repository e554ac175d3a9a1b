//! `serve --reattach`: one process for any number of clients, for tests and debuggers.

use super::{Tools, output, wait_for};
use std::process::ExitCode;

/// Serve clients that attach by TF_REATTACH_PROVIDERS, each with its own configuration
///
/// Prints the variable to set, as a line for a shell, and serves until it is interrupted. Environment variables of this
/// process are not taken for any client's configuration.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Let clients attach and detach (the only mode there is)
    #[arg(long, required = true)]
    reattach: bool,
}

pub(super) fn run(arguments: &Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let Arguments { reattach: _ } = arguments;
    let mut told = Ok(());
    wait_for(plugin::serve::reattach(tools.provider.clone(), plugin::serve::Place::default(), |attachment| {
        told = output::data(&format!("{attachment}\n"));
    }))??;
    told?;
    Ok(ExitCode::SUCCESS)
}
