//! Two releases of the binary at work on one cluster, and provider and daemon of different ones. A build for tests says that it is
//! another release; what it then writes into records, says to targets and exchanges with a daemon is that release's.

use super::configurations::QUICK;
use crate::{
    daemon::Daemon,
    outside::Outside,
    workspace::{Run, Workspace},
};
use acceptance_tests::{
    servers::Real,
    tools::{Tool, command_line},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, process::Command, sync::Arc};

pub const OLDER: &str = "0.4.0/1";
pub const NEWER: &str = "0.5.0/2";
const FAR: &str = "0.7.0/3";
pub const RELEASE: &str = "GOLDENPATH_TEST_RELEASE";

const BASELINE: &str = "goldenpath_cluster_baseline.demo";
const ENVIRONMENT: &str = "goldenpath_team_environment.payments";
const SLOT: &str = "goldenpath_eks_workload_slot.ledger";
const RECORDS: [(&str, &str); 3] =
    [(BASELINE, "gp-baseline"), (ENVIRONMENT, "environment.payments-dev"), (SLOT, "slot.payments-dev.ledger")];

/// What is there besides Terraform, whichever target it is.
struct Target<'a> {
    document: &'a dyn Fn(&str) -> Result<Json>,
    /// Changes whenever somebody writes the object.
    stamp: &'a dyn Fn(&str) -> Result<String>,
    ours: &'a dyn Fn() -> Result<Vec<String>>,
}

// === impl Target ===

impl Target<'_> {
    fn record(&self, name: &str) -> Result<Json> {
        let document = (self.document)(&format!("k8s/v1/ConfigMap/goldenpath-system/{name}"))?;
        Ok(serde_json::from_str(document["data"]["record"].as_str().context("no record")?)?)
    }

    /// Which release wrote the record of each.
    fn written_by(&self, expected: [&str; 3]) -> Result<()> {
        for ((address, name), expected) in RECORDS.into_iter().zip(expected) {
            let release = self.record(name)?["tool_version"].clone();
            ensure!(
                expected.starts_with(release.as_str().unwrap_or("none")),
                "{address} is of {release}, not {expected}"
            );
        }
        Ok(())
    }

    /// What one baseline makes for all that is on the cluster.
    fn shared_objects(&self) -> Result<BTreeMap<String, String>> {
        let is_shared =
            |key: &String| ["/ClusterRole/gp-", "/ValidatingAdmissionPolicy"].iter().any(|part| key.contains(part));
        let shared = (self.ours)()?.into_iter().filter(is_shared);
        shared.map(|key| Ok((key.clone(), (self.stamp)(&key)?))).collect()
    }
}

pub(super) fn side_by_side(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, QUICK)?;
    let path = workspace.sandbox_path();
    let sandbox = || crate::sandbox::Sandbox::at(&path);
    let target = Target {
        document: &|key| sandbox().document(key),
        stamp: &|key| {
            Ok(sandbox().calls()?.iter().filter(|call| call.key == key && call.verb == "apply").count().to_string())
        },
        ours: &|| sandbox().ours(),
    };
    lives(&mut workspace, &target)?;
    is_read_with_more_fields(&mut workspace, &target)?;
    workspace.destroy(&[])?;
    let left = sandbox().ours()?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    Ok(())
}

pub fn side_by_side_on_real_servers(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    // One for all calls: the client's connections live in it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outside = runtime.block_on(Outside::of(real))?;
    let mut workspace = Workspace::bare(tool)?;
    real.environment(&real.ministack.url()).iter().for_each(|(name, value)| workspace.set(name, value));
    workspace.write("provider.tf", "provider \"goldenpath\" {\n  aws = { region = \"eu-west-1\" }\n}\n")?;
    workspace.write("main.tf", QUICK)?;
    let target = Target {
        document: &|key| runtime.block_on(outside.document(key)),
        stamp: &|key| Ok(runtime.block_on(outside.document(key))?["metadata"]["resourceVersion"].to_string()),
        ours: &|| Ok(runtime.block_on(outside.inventory())?.into_iter().collect()),
    };
    lives(&mut workspace, &target)?;
    workspace.destroy(&[])?.says("3 destroyed").map(drop)
}

/// Each of them plans nothing for what the other has made or changed, and goes on from it.
fn lives(workspace: &mut Workspace, target: &Target<'_>) -> Result<()> {
    workspace.set(RELEASE, OLDER);
    workspace.apply(&[])?.says("3 added")?;
    target.written_by([OLDER; 3])?;
    let shared = target.shared_objects()?;
    ensure!(shared.len() > 4, "what is shared: {shared:?}");

    workspace.set(RELEASE, NEWER);
    workspace.plan_is_empty(&[])?;
    workspace.plan_is_empty(&["-refresh=false"])?;
    workspace.write("main.tf", &QUICK.replace("\"requests.cpu\" = \"4\"", "\"requests.cpu\" = \"6\""))?;
    workspace.apply(&[])?.says("0 added, 1 changed, 0 destroyed")?;
    target.written_by([OLDER, NEWER, OLDER])?;

    workspace.set(RELEASE, OLDER);
    workspace.plan_is_empty(&[])?;
    workspace.plan_is_empty(&["-refresh=false"])?;
    // What one has planned the other carries out.
    workspace.write("main.tf", &QUICK.replace("cpu = \"2\"", "cpu = \"1\""))?;
    workspace.plan(&["-out=saved.plan"])?;
    workspace.set(RELEASE, NEWER);
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?.says("0 added, 2 changed, 0 destroyed")?;
    target.written_by([OLDER, NEWER, NEWER])?;
    workspace.set(RELEASE, OLDER);
    workspace.plan_is_empty(&[])?;
    let id = workspace.attributes(SLOT)?["id"].as_str().context("no id")?.to_owned();
    workspace.ok(&["state", "rm", SLOT])?;
    workspace.ok(&["import", "-no-color", "-input=false", SLOT, &id])?;
    workspace.plan_is_empty(&[])?;
    // Nobody has written what both share: neither has put its own in the place of the other's.
    for release in [NEWER, OLDER] {
        workspace.set(RELEASE, release);
        workspace.apply(&[])?.says("0 added, 0 changed, 0 destroyed")?;
    }
    ensure!(target.shared_objects()? == shared, "what is shared was written again: {shared:?}");
    Ok(())
}

/// A later release may write more into a record. This one reads what it knows.
fn is_read_with_more_fields(workspace: &mut Workspace, target: &Target<'_>) -> Result<()> {
    let mut record = target.record("environment.payments-dev")?;
    record["later"] = json!({ "than": "this one" });
    record["tool_version"] = json!("0.6.0");
    let change = json!({ "data": { "record": record.to_string() } });
    workspace.sandbox().declare(
        "k8s/v1/ConfigMap/goldenpath-system/environment.payments-dev",
        &change,
        "goldenpath",
    )?;
    workspace.plan_is_empty(&[])?;
    workspace.write("main.tf", QUICK)?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[]).map(drop)
}

/// Of neighbours each works with the other; those that are too far apart say so once, where the provider is configured.
pub(super) fn with_a_daemon(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, QUICK)?;
    let target = format!("sandbox: {{ path: {} }}", workspace.sandbox_path().display());
    let daemon_of =
        |release: &str| Daemon::with(&target, "journal: journal.db\n", vec![(RELEASE.into(), release.into())]);
    let (older, newer, far) = (daemon_of(OLDER)?, daemon_of(NEWER)?, daemon_of(FAR)?);
    for (own, daemon, change) in
        [(OLDER, &newer, "3 added"), (NEWER, &older, "0 added, 0 changed"), (NEWER, &far, "0 added, 0 changed")]
    {
        workspace.set(RELEASE, own);
        workspace.write("provider.tf", &daemon.provider(""))?;
        workspace.apply(&[])?.says(change)?;
        workspace.plan_is_empty(&[])?;
    }
    for (own, daemon, who) in [
        (OLDER, &far, "The provider (0.4.0, API 1) and the daemon (0.7.0, API 3) are too far apart"),
        (FAR, &older, "The provider (0.7.0, API 3) and the daemon (0.4.0, API 1) are too far apart"),
    ] {
        workspace.set(RELEASE, own);
        workspace.write("provider.tf", &daemon.provider("unreachable = \"assume_unchanged\""))?;
        let failed = workspace.plan_fails(&[])?;
        failed.says(who)?;
        failed.says("in provider \"goldenpath\"")?;
        ensure!(failed.text.matches("too far apart").count() == 1, "once for all resources: {}", failed.raw);
    }
    let mut look = Command::new(command_line()?);
    let look = look.args(["status", "--endpoint", &older.endpoint()]).env(RELEASE, FAR).output()?;
    Run::from(look).says("too far apart")?;
    workspace.set(RELEASE, OLDER);
    workspace.write("provider.tf", &older.provider(""))?;
    workspace.destroy(&[]).map(drop)
}
