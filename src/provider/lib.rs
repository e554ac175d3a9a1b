//! The provider: what Terraform users see ([`resources`]), what people at a shell see ([`cli`]), and the one place where
//! both meet the target ([`wiring`]).
//!
//! Two programs are made of it. A CLI reads all of a provider's file at every command, to compare its checksum with the lock
//! file's, and starts it several times in a plan: so `terraform-provider-goldenpath` has what a plan and an apply need, and
//! `goldenpath` has the commands and the daemon.

pub mod cli;
pub mod resources;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod wiring;

use std::{
    io::{self, Write},
    process::ExitCode,
};

/// One TLS provider, one face, one last error, one exit code.
pub fn main(face: fn() -> anyhow::Result<ExitCode>) -> ExitCode {
    plugin::serve::install_panic_hook();
    // rustls takes the process's provider wherever a library names none; a second install can only be a mistake of ours.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Two releases side by side, in a test.
    #[cfg(debug_assertions)]
    if let Ok(release) = std::env::var("GOLDENPATH_TEST_RELEASE") {
        goldenpath_core::domain::pretend(&release);
    }
    match face() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
