//! The command line: a person or a pipeline, where no client has started us. One file for each command.
//!
//! Data goes to standard output, all else to standard error, so that output can be piped.

pub mod audit;
mod catalogue;
pub mod daemon;
pub mod doctor;
mod drift;
mod environments;
mod explain;
mod generate;
#[cfg(test)]
mod help;
mod lint;
mod operations;
mod output;
mod page;
mod pause;
mod permissions;
mod policy;
mod reports;
mod sandbox;
mod schema;
mod serve;
mod status;
#[cfg(test)]
mod testing;
mod unprotect;
mod watch;

pub use catalogue::CatalogueTool;
pub use page::ServePage;
pub use permissions::{Part, Permissions};
pub use reports::OpenDaemon;
pub use sandbox::{Edit, NewFault, OpenSandbox, OutOfBandEditor, Row};
pub use unprotect::UnprotectTool;

use clap::{Parser, Subcommand};
use plugin::Provider;
use std::{ffi::OsString, process::ExitCode, sync::Arc};

/// What the composition root lends to commands: they name no adapter themselves.
pub struct Tools {
    /// For `serve`: each client brings its own configuration, so nothing of this process's environment counts.
    pub provider: Arc<dyn Provider>,
    pub sandbox: OpenSandbox,
    pub catalogue: CatalogueTool,
    pub permissions: Permissions,
    pub inspector: &'static dyn doctor::Inspector,
    pub unprotect: UnprotectTool,
    pub daemon: daemon::DaemonTool,
    pub reports: OpenDaemon,
    /// The same for what a look does not do: within the bounds of the pipeline.
    pub pauses: OpenDaemon,
    pub page: ServePage,
    pub audit: audit::AuditTool,
    /// Begins the log.
    pub log: fn(),
}

/// Golden paths for teams on Amazon EKS: the commands of the provider for Terraform and OpenTofu, and the provisioning daemon.
#[derive(Parser)]
#[command(name = "goldenpath", version, arg_required_else_help = true, max_term_width = 100)]
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
    Doctor(Box<doctor::Arguments>),
    Lint(lint::Arguments),
    Policy(policy::Arguments),
    Explain(explain::Arguments),
    Unprotect(Box<unprotect::Arguments>),
    Schema(schema::Arguments),
    Generate(generate::Arguments),
    Daemon(daemon::Arguments),
    Status(status::Arguments),
    Environments(environments::Arguments),
    Operations(operations::Arguments),
    Drift(drift::Arguments),
    Watch(watch::Arguments),
    Page(page::Arguments),
    Pause(pause::Pause),
    Resume(pause::Resume),
    Audit(audit::Arguments),
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
    // The daemon's begins once its configuration says who else listens.
    if !matches!(command, Command::Daemon(_)) {
        (tools.log)();
    }
    match command {
        Command::Serve(arguments) => wait_for(serve::run(arguments, tools.provider.clone()))??,
        Command::Sandbox(arguments) => wait_for(sandbox::run(arguments, tools.sandbox))??,
        Command::Catalogue(arguments) => return wait_for(catalogue::run(arguments, &tools.catalogue))?,
        Command::Unprotect(arguments) => wait_for(unprotect::run(*arguments, &tools.unprotect))??,
        Command::Schema(schema::Arguments {}) => schema::run(&*tools.provider)?,
        Command::Generate(arguments) => generate::run(arguments, &*tools.provider)?,
        Command::Permissions(arguments) => permissions::run(&arguments, &tools.permissions)?,
        Command::Lint(arguments) => return lint::run(&arguments),
        Command::Policy(arguments) => return wait_for(policy::run(arguments, tools.inspector))?,
        Command::Explain(arguments) => return wait_for(explain::run(&arguments, &tools.catalogue))?,
        Command::Daemon(arguments) => daemon::run(arguments, &tools.daemon)?,
        Command::Status(arguments) => wait_for(status::run(arguments, tools.reports))??,
        Command::Environments(arguments) => wait_for(environments::run(arguments, tools.reports))??,
        Command::Operations(arguments) => wait_for(operations::run(arguments, tools.reports))??,
        Command::Drift(arguments) => wait_for(drift::run(arguments, tools.reports))??,
        Command::Watch(arguments) => wait_for(watch::run(arguments, tools.reports))??,
        Command::Page(arguments) => page::run(arguments, tools.page)?,
        Command::Pause(arguments) => wait_for(pause::pause(arguments, tools.pauses))??,
        Command::Resume(arguments) => wait_for(pause::resume(arguments, tools.pauses))??,
        Command::Audit(arguments) => wait_for(audit::run(arguments, &tools.audit))??,
        Command::Doctor(arguments) => return wait_for(doctor::run(*arguments, tools.inspector))?,
    }
    Ok(ExitCode::SUCCESS)
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

    #[test]
    fn a_daemon_needs_a_configuration_and_its_schema_none() {
        for (line, is_good, reason) in [
            ("daemon --config daemon.yaml", true, "serves"),
            ("daemon check --config daemon.yaml", true, "starts nothing"),
            ("daemon schema", true, "is of any configuration"),
            ("daemon", false, "nothing to serve by"),
            ("daemon check", false, "nothing to check"),
            ("daemon schema --config daemon.yaml", false, "nothing is read"),
        ] {
            let parsed = Arguments::try_parse_from(["goldenpath"].into_iter().chain(line.split(' ')));
            assert_eq!(parsed.is_ok(), is_good, "{line}: {reason}");
        }
    }
}
