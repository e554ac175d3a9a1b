//! The plugin, which Terraform and OpenTofu start.

use std::process::ExitCode;

fn main() -> ExitCode {
    goldenpath::main(goldenpath::wiring::plugin)
}
