//! The process: one TLS provider, one face, one last error, one exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    plugin::serve::install_panic_hook();
    // rustls takes the process's provider wherever a library names none; a second install can only be a mistake of ours.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match goldenpath::run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
