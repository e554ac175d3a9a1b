//! `operations`: what a daemon does, and has done.

use super::{
    output,
    reports::{Looking, OpenDaemon, age, error_of, json},
};
use goldenpath_core::provision::OperationReport;

/// List a daemon's operations, the latest first: those that run, and those that have ended and are still kept
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    looking: Looking,
}

pub(super) async fn run(arguments: Arguments, open: OpenDaemon) -> anyhow::Result<()> {
    let Looking { connect, json: is_json } = arguments.looking;
    let operations = connect.open(open)?.operations().await.map_err(error_of)?;
    Ok(output::data(&if is_json { json(&operations)? } else { text(&operations) })?)
}

fn text(operations: &[OperationReport]) -> String {
    if operations.is_empty() {
        return "No operations.\n".to_owned();
    }
    let heading = ["OPERATION", "VERB", "ABOUT", "CALLER", "AGE", "OUTCOME"];
    let rows = operations.iter().map(|operation| {
        let OperationReport { id, verb, about, caller, accepted_at, outcome, .. } = operation;
        vec![id.clone(), verb.clone(), about.clone(), caller.clone(), age(accepted_at), outcome.clone()]
    });
    output::table(&[vec![heading.map(str::to_owned).to_vec()], rows.collect()].concat())
}
