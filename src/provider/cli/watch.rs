//! `watch`: operations as they run, and what is found between them. Lines for a program or a log; on a terminal what runs stands below
//! the lines, with how far it has come.

mod live;
mod words;

use super::{
    output,
    reports::{Looking, OpenDaemon, error_of},
};
use goldenpath_core::provision::Event;
use live::Live;
use words::line;

/// Watch a daemon's operations as they run: one until it has ended, or all
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// ID of an operation, as `operations` lists it [default: all]
    operation: Option<String>,
    #[command(flatten)]
    looking: Looking,
}

pub(super) async fn run(arguments: Arguments, open: OpenDaemon) -> anyhow::Result<()> {
    let Arguments { operation, looking: Looking { connect, json } } = arguments;
    let mut live = Live::on_a_terminal().filter(|_| !json);
    let mut lost = Ok(());
    let mut show = |event: Event| {
        let shown = match (&mut live, json) {
            (Some(live), _) => live.show(&event),
            (None, true) => serde_json::to_string(&event).map_err(Into::into).and_then(|text| output::line(&text)),
            (None, false) => output::line(&line(&event)),
        };
        // A reader that is gone wants no more of it.
        let goes_on = matches!(shown, Ok(true));
        lost = shown.map(drop);
        goes_on
    };
    connect.open(open)?.watch(operation.as_deref(), &mut show).await.map_err(error_of)?;
    Ok(lost?)
}
