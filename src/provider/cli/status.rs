//! `status`: whether a daemon is well.

use super::{
    output,
    reports::{Looking, OpenDaemon, age, error_of, json},
};
use goldenpath_core::provision::{ClusterReport, DaemonStatus};

/// Show how a daemon is: its release, what it does, and which clusters it reaches
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    looking: Looking,
}

pub(super) async fn run(arguments: Arguments, open: OpenDaemon) -> anyhow::Result<()> {
    let Looking { connect, json: is_json } = arguments.looking;
    let status = connect.open(open)?.status().await.map_err(error_of)?;
    Ok(output::data(&if is_json { json(&status)? } else { text(&status) })?)
}

fn text(status: &DaemonStatus) -> String {
    let DaemonStatus { release, api, started_at, running_operations, ledger_entries, reconciles, clusters } = status;
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        row("release", format!("{release} (API {api})")),
        row("started", format!("{started_at} ({} ago)", age(started_at))),
        row("operations", format!("{running_operations} running")),
        row("audit ledger", format!("{ledger_entries} entries")),
        row("reconcile", if *reconciles { "on" } else { "off" }.to_owned()),
    ];
    rows.extend(clusters.iter().map(|cluster| row("cluster", of_cluster(cluster))));
    output::table(&rows)
}

pub(super) fn of_cluster(report: &ClusterReport) -> String {
    let ClusterReport { cluster, compared_at, unreachable } = report;
    let compared = match compared_at {
        Some(at) => format!("compared {} ago", age(at)),
        None => "not compared yet".to_owned(),
    };
    match unreachable {
        Some(why) => format!("{cluster}: out of reach: {why}; {compared}"),
        None => format!("{cluster}: {compared}"),
    }
}
