//! A provider with nothing behind it, to try this framework with a real CLI and to read as a first example.
//!
//! ```text
//! cargo build -p goldenpath-plugin --example sample
//! cp target/debug/examples/sample /tmp/plugins/terraform-provider-sample
//! ```
//! and point `dev_overrides { "example.test/x/sample" = "/tmp/plugins" }` at that folder. With the argument `serve` it
//! prints TF_REATTACH_PROVIDERS instead and runs until it is interrupted.

mod provider;

use plugin::serve::{self, Place, ServeError, Started};
use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

fn main() -> ExitCode {
    serve::install_panic_hook();
    match run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, ServeError> {
    let provider = Arc::new(provider::Sample::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Signals)?;
    if std::env::args().nth(1).is_some_and(|argument| argument == "serve") {
        let announce = |attachment: &serve::Attachment| {
            let _ = writeln!(io::stdout(), "{attachment}");
        };
        runtime.block_on(serve::reattach(provider, Place::default(), announce))?;
        return Ok(ExitCode::SUCCESS);
    }
    match serve::started() {
        Started::Plugin(environment) => {
            runtime.block_on(serve::plugin(provider, environment))?;
            Ok(ExitCode::SUCCESS)
        }
        Started::NotAPlugin => {
            let _ =
                writeln!(io::stderr(), "This is a provider for Terraform: a CLI starts it. See the top of its source.");
            Ok(ExitCode::FAILURE)
        }
    }
}
