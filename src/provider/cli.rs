//! The command line: a person or a pipeline, where no client has started us. One file for each command.
//!
//! Data goes to standard output, all else to standard error, so that output can be piped.

mod catalogue;
pub mod doctor;
mod generate;
mod output;
mod permissions;
mod sandbox;
mod serve;

pub use permissions::{Part, Permissions};
pub use sandbox::{Edit, FaultLine, Hand, ListedObject, LoggedCall, NewFault};

use clap::{Parser, Subcommand};
use goldenpath_core::golden::Catalogue;
use plugin::Provider;
use std::{ffi::OsString, path::PathBuf, process::ExitCode, sync::Arc};

/// A hand in the sandbox at a path, at one of its clusters.
pub type OpenSandbox = fn(path: PathBuf, cluster: Option<&str>) -> anyhow::Result<Box<dyn Hand>>;

/// What the composition root lends to commands: they name no adapter themselves.
pub struct Tools {
    /// For `serve`: each client brings its own configuration, so nothing of this process's environment counts.
    pub provider: Arc<dyn Provider>,
    pub sandbox: OpenSandbox,
    pub catalogue: fn(paths: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>>,
    pub permissions: Permissions,
    pub doctor: &'static dyn doctor::Doctor,
}

/// Golden paths for teams on Amazon EKS, as a provider for Terraform and OpenTofu.
///
/// This program is a plugin: Terraform or OpenTofu starts it, by a `provider "goldenpath"` block in a configuration. What
/// it does when a person starts it is listed below.
#[derive(Parser)]
#[command(name = "terraform-provider-goldenpath", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Sandbox(sandbox::Arguments),
    Catalogue(catalogue::Arguments),
    Permissions(permissions::Arguments),
    Doctor(doctor::Arguments),
    Generate(generate::Arguments),
}

pub fn run(arguments: impl IntoIterator<Item = OsString>, tools: &Tools) -> anyhow::Result<ExitCode> {
    let command = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.command,
        // Help and version are errors to clap; it knows where each of them goes.
        Err(error) => {
            error.print()?;
            return Ok(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)));
        }
    };
    match command {
        Command::Serve(arguments) => serve::run(&arguments, tools),
        Command::Sandbox(arguments) => sandbox::run(arguments, tools),
        Command::Catalogue(arguments) => catalogue::run(&arguments, tools),
        Command::Permissions(arguments) => permissions::run(&arguments, tools),
        Command::Doctor(arguments) => doctor::run(arguments, tools),
        Command::Generate(arguments) => generate::run(&arguments, tools),
    }
}

/// Commands wait for one thing at a time.
fn wait_for<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declaration_holds_together() {
        Arguments::command().debug_assert();
    }
}
