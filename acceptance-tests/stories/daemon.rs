//! The same things through a provisioning daemon, and what only it promises.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUICK, QUOTA, environment};
use crate::{
    daemon::Daemon,
    sandbox::FaultRow,
    until::until,
    workspace::{Run, Workspace},
};
use acceptance_tests::{
    signal,
    tools::{Tool, command_line},
};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

const APPLY: [&str; 4] = ["apply", "-no-color", "-input=false", "-auto-approve"];

/// What is only read goes the same way.
const READ: &str = r#"
data "goldenpath_cluster" "demo" {
  name = "demo"
}

data "goldenpath_team_environment" "payments" {
  id = goldenpath_team_environment.payments.id
}

data "goldenpath_workload_manifests" "ledger" {
  slot = goldenpath_eks_workload_slot.ledger.id
}
"#;

/// A workspace whose sandbox only the daemon has.
fn through_a_daemon(tool: &Tool, hcl: &str) -> Result<(Workspace, Daemon)> {
    let workspace = Workspace::new(tool, hcl)?;
    let daemon = Daemon::start(&workspace.sandbox_path())?;
    workspace.write("provider.tf", &daemon.provider(""))?;
    Ok((workspace, daemon))
}

/// Plans through the daemon and plans of this process, on one target and one state, as people and as programs see them.
pub(super) fn same_plans(workspace: &Workspace, through: &str, more: &[&str]) -> Result<()> {
    let look = |provider: &str| -> Result<(String, Json)> {
        workspace.write("provider.tf", provider)?;
        let plan = workspace.plan(&[&["-out=saved.plan"], more].concat())?;
        let shown: Json = serde_json::from_str(&workspace.ok(&["show", "-json", "saved.plan"])?.raw)?;
        let parts = ["resource_changes", "resource_drift", "planned_values", "output_changes", "prior_state", "checks"];
        Ok((plan.raw, parts.map(|part| shown[part].clone()).into_iter().collect()))
    };
    let (text, plan) = look(&workspace.sandbox_provider())?;
    let (daemon_text, daemon_plan) = look(through)?;
    ensure!(plan == daemon_plan, "another plan {more:?}:\n{plan:#}\n{daemon_plan:#}");
    // A refresh of several resources is printed in the order in which it ends, and with the seconds that it took.
    let lines = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("complete after"));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    ensure!(lines(&text) == lines(&daemon_text), "another text {more:?}:\n{text}\n{daemon_text}");
    Ok(())
}

pub(super) fn a_whole_life(tool: &Tool) -> Result<()> {
    let all = format!("{QUICK}{READ}");
    let (workspace, mut daemon) = through_a_daemon(tool, &all)?;
    // Made before the first plan, so that nobody is the one who makes it.
    workspace.sandbox().ours()?;
    same_plans(&workspace, &daemon.provider(""), &[])?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    workspace.write("main.tf", &all.replace("\"requests.cpu\" = \"4\"", "\"requests.cpu\" = \"6\""))?;
    same_plans(&workspace, &daemon.provider(""), &[])?;
    workspace.apply(&[])?;
    let quota = "k8s/v1/ResourceQuota/payments-dev/gp-base";
    workspace.sandbox().edit(quota, &json!({ "spec": { "hard": { "requests.cpu": "99" } } }))?;
    same_plans(&workspace, &daemon.provider(""), &[])?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    // By its own golden paths, of all that it knows.
    let mut compare = Command::new(command_line()?);
    compare.args(["catalogue", "diff", "team-standard 1.0.0", "team-standard 1.0.0", "--all", "--endpoint"]);
    let compared = Run::from(compare.arg(daemon.endpoint()).output()?);
    ensure!(compared.code == Some(0), "{}", compared.raw);
    compared.says("demo/payments-dev (environment of team payments, tier dev), from team-standard 1.0.0 to")?;
    compared.says("demo/payments-dev/ledger (slot of team payments, tier dev)")?;
    ensure!(compared.raw.matches("no object changes").count() == 2, "{}", compared.raw);
    same_plans(&workspace, &daemon.provider(""), &["-destroy"])?;
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    daemon.terminate()
}

/// What a golden path refuses is decided by the daemon's catalogue.
pub(super) fn its_own_rules(tool: &Tool) -> Result<()> {
    let (workspace, daemon) = through_a_daemon(tool, &environment(r#"golden_path = "nowhere""#))?;
    workspace.plan_fails(&[])?.says("No golden path \"nowhere\" in the catalogue")?;
    workspace.write("main.tf", &environment(""))?;
    workspace.write("provider.tf", &daemon.provider("allow = { teams = [\"shop\"] }"))?;
    workspace.plan_fails(&["-target=goldenpath_team_environment.payments"])?.says("(bounds.")?;
    let checked = Command::new(command_line()?).args(["daemon", "check", "--config"]).arg(daemon.config()).output()?;
    Run::from(checked).says("The configuration is sound")
}

/// The operation ends as if nothing had happened, for the client that waits as well.
pub(super) fn is_killed(tool: &Tool) -> Result<()> {
    let (workspace, mut daemon) = through_a_daemon(tool, &environment(""))?;
    workspace.sandbox().fault(&FaultRow::new("exit-after").verb("apply").key(QUOTA).nth(1))?;
    let apply = workspace.start(&APPLY)?;
    daemon.wait_until_dead()?;
    daemon.start_again()?;
    let run = Run::from(apply.wait_with_output()?);
    ensure!(run.code == Some(0), "the apply goes on with the next daemon: {}", run.raw);
    is_whole_and_goes(&workspace)?;
    // Once more, in a destroy.
    workspace.apply(&[])?;
    workspace.sandbox().fault(&FaultRow::new("exit-after").verb("delete").key(NAMESPACE).nth(1))?;
    let destroy = workspace.start(&["destroy", "-no-color", "-input=false", "-auto-approve"])?;
    daemon.wait_until_dead()?;
    daemon.start_again()?;
    let run = Run::from(destroy.wait_with_output()?);
    ensure!(run.code == Some(0), "the destroy goes on with the next daemon: {}", run.raw);
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "no orphan: {left:?}");
    Ok(())
}

fn is_whole_and_goes(workspace: &Workspace) -> Result<()> {
    workspace.plan_is_empty(&[])?;
    let deleted: Vec<_> = workspace.sandbox().calls()?.into_iter().filter(|call| call.verb == "delete").collect();
    ensure!(deleted.is_empty(), "nothing was made twice or taken away: {deleted:?}");
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "no orphan: {left:?}");
    Ok(())
}

/// CLI and provider are gone at once, as when a runner is shut down. The next apply joins, or finds it done.
pub(super) fn its_client_is_killed(tool: &Tool) -> Result<()> {
    let (workspace, _daemon) = through_a_daemon(tool, &environment(""))?;
    let sandbox = workspace.sandbox();
    workspace.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    sandbox.fault(&FaultRow::new("slow:300").verb("apply"))?;
    let mut apply = in_a_group(&workspace)?;
    until("the apply begins", || Ok(sandbox.ours()?.iter().any(|key| key == NAMESPACE)))?;
    signal::send("KILL", &format!("-{}", apply.id()))?;
    apply.wait()?;
    ensure!(workspace.instance(ENVIRONMENT)?.is_none(), "nobody was left to write the state");
    let before = sandbox.ours()?.len();
    until("the daemon goes on", || Ok(sandbox.ours()?.len() > before))?;
    sandbox.clear_faults()?;
    // A CLI that is killed leaves its lock.
    workspace.apply(&["-lock=false"])?;
    is_whole_and_goes(&workspace)
}

/// The CLI alone is gone, as when the kernel is out of memory: its provider ends by itself, and the daemon finishes.
pub(super) fn its_cli_is_killed(tool: &Tool) -> Result<()> {
    let (workspace, daemon) = through_a_daemon(tool, &environment(""))?;
    let sandbox = workspace.sandbox();
    workspace.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    sandbox.fault(&FaultRow::new("slow:300").verb("apply"))?;
    let mut apply = in_a_group(&workspace)?;
    until("the apply begins", || Ok(sandbox.ours()?.iter().any(|key| key == NAMESPACE)))?;
    apply.kill()?;
    apply.wait()?;
    until("the operation is done", || {
        let operations = daemon.query(&["operations"])?;
        ensure!(operations[0]["state"] != "cancelled", "nobody asked for that: {operations:#}");
        Ok(operations[0]["state"] == "done")
    })?;
    sandbox.clear_faults()?;
    workspace.apply(&["-lock=false"])?;
    is_whole_and_goes(&workspace)
}

fn in_a_group(workspace: &Workspace) -> Result<Child> {
    let mut command = workspace.command(&APPLY);
    Ok(command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

pub(super) fn two_clients(tool: &Tool) -> Result<()> {
    let (first, daemon) = through_a_daemon(tool, &environment(""))?;
    first.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    let billing = "resource \"goldenpath_team_environment\" \"billing\" {\n  name = \"billing\"\n  team = \"billing\"\n  tier = \"dev\"\n  cluster = \"demo\"\n}\n";
    let second = Workspace::new(tool, billing)?;
    second.write("provider.tf", &daemon.provider(""))?;
    let running = first.start(&APPLY)?;
    second.apply(&[])?;
    let run = Run::from(running.wait_with_output()?);
    ensure!(run.code == Some(0), "both get through: {}", run.raw);
    first.plan_is_empty(&[])?;
    second.plan_is_empty(&[])?;
    second.destroy(&[])?;
    first.plan_is_empty(&[]).map(drop)
}

pub(super) fn out_of_reach(tool: &Tool) -> Result<()> {
    let (workspace, mut daemon) = through_a_daemon(tool, &environment(""))?;
    workspace.apply(&[])?;
    daemon.kill()?;
    let failed = workspace.plan_fails(&[])?;
    failed.says("can't be reached")?;
    failed.says(&daemon.endpoint())?;
    workspace.write("provider.tf", &daemon.provider("unreachable = \"assume_unchanged\""))?;
    workspace.plan_is_empty(&[])?.says("can't be reached")?;
    daemon.start_again()?;
    workspace.destroy(&[])?;
    Ok(())
}
