//! The composition root: the only place that names ports, adapters, resources and commands together.
//!
//! ```text
//! program  -> face          `terraform-provider-goldenpath`: plugin; `goldenpath`: command line and daemon
//! client   -> Client        one connection: its session, its resources
//! config   -> target         sandbox, offline, or AWS and Kubernetes -> ports -> engine, for this connection alone
//! ```

mod audit;
mod commands;
mod daemon;
mod editor;
mod inspector;
mod permissions;
mod ports;
mod provider;
mod real;
mod reviews;
mod shared;
mod target;

pub use commands::command_line;
pub use provider::{ADDRESS, Goldenpath};

use crate::{resources::provider_config::FromEnvironment, telemetry};
use plugin::serve;
use std::process::ExitCode;

/// What Terraform or OpenTofu starts.
pub fn plugin() -> anyhow::Result<ExitCode> {
    let serve::Launch::Plugin(environment) = serve::detect_launch() else { anyhow::bail!(NOT_BY_A_PERSON) };
    telemetry::install(None);
    let provider = Goldenpath::new(FromEnvironment::read(|name| std::env::var_os(name)));
    // One thread: a plan is a stream of small calls, and what waits for the target waits without a thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve::plugin(provider, environment))?;
    Ok(ExitCode::SUCCESS)
}

const NOT_BY_A_PERSON: &str = "this program is a plugin, which Terraform or OpenTofu starts for a configuration with a \
                               `provider \"goldenpath\"` block. The commands are those of `goldenpath`: see `goldenpath --help`";
