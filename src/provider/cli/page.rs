//! `page`: a daemon in the browser.

use super::{output, reports::Connect};
use crate::resources::provider_config::Daemon;

/// Until a signal. The last is called with the address for the browser.
pub type ServePage = fn(Daemon, u16, &dyn Fn(&str)) -> anyhow::Result<()>;

/// Show a daemon in the browser: its environments with objects, access, findings and history, and operations while they run
///
/// Opens a port on the loopback address, and passes the browser's requests to the daemon with your own credentials, so it shows what you
/// may see. The printed address contains a key, without which nobody else on this machine sees anything. Runs until interrupted.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    connect: Connect,
    /// Port on the loopback address [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

pub(super) fn run(arguments: Arguments, serve: ServePage) -> anyhow::Result<()> {
    let Arguments { connect, port } = arguments;
    serve(connect.daemon(), port, &|address| {
        // Whoever started it may have closed its output.
        let _ = output::data(&format!("Open {address}\n"));
    })
}
