//! `environments`: what is recorded on a daemon's clusters.

use super::{
    output,
    reports::{Looking, OpenDaemon, error_of, json, last},
    status::of_cluster,
};
use goldenpath_core::provision::{DriftReport, InstanceReport, Instances};
use std::io::{self, Write as _};

/// List what is recorded on a daemon's clusters: baselines, environments and slots, with tier, version, drift and last operation
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    looking: Looking,
}

pub(super) async fn run(arguments: Arguments, open: OpenDaemon) -> anyhow::Result<()> {
    let Looking { connect, json: is_json } = arguments.looking;
    let listed = connect.open(open)?.instances().await.map_err(error_of)?;
    output::data(&if is_json { json(&listed)? } else { text(&listed) })?;
    warn(&listed)
}

/// What could not be read is not simply absent.
pub(super) fn warn(listed: &Instances) -> anyhow::Result<()> {
    for cluster in listed.clusters.iter().filter(|cluster| cluster.unreachable.is_some()) {
        writeln!(io::stderr(), "Warning: {}", of_cluster(cluster))?;
    }
    Ok(())
}

fn text(listed: &Instances) -> String {
    if listed.instances.is_empty() {
        return "Nothing is recorded.\n".to_owned();
    }
    let heading = ["ID", "TEAM", "TIER", "GOLDEN PATH", "STATE", "DRIFT", "LAST OPERATION"];
    let rows = listed.instances.iter().map(|instance| {
        let InstanceReport { id, team, tier, golden_path, golden_path_version, last_operation, .. } = instance;
        let path = format!("{golden_path} {golden_path_version}");
        let last = last_operation.as_ref().map_or("-".to_owned(), last);
        vec![id.clone(), or_dash(team), or_dash(tier), path, state(instance), drift(instance), last]
    });
    output::table(&[vec![heading.map(str::to_owned).to_vec()], rows.collect()].concat())
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}

fn state(instance: &InstanceReport) -> String {
    let phase = instance.phase.as_str();
    if instance.is_paused { format!("{phase}, paused") } else { phase.to_owned() }
}

fn drift(instance: &InstanceReport) -> String {
    match &instance.drift {
        None => "not compared".to_owned(),
        Some(DriftReport { drift, .. }) if drift.is_empty() => "none".to_owned(),
        Some(DriftReport { drift, .. }) => format!("{} object(s)", drift.len()),
    }
}
