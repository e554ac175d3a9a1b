//! Interrupts, refusals, deaths and other pipelines in the middle of an apply.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUICK, QUOTA, SHOWN_QUOTA, environment};
use crate::{
    sandbox::FaultRow,
    until::until,
    workspace::{Run, Workspace},
};
use acceptance_tests::{
    signal,
    tools::{Tool, command_line},
};
use anyhow::{Context as _, Result, ensure};
use std::process::Command;

/// The next apply finishes, deletes nothing and leaves nothing over.
fn the_next_apply_finishes(workspace: &Workspace) -> Result<()> {
    let sandbox = workspace.sandbox();
    sandbox.clear_faults()?;
    let (before, calls) = (sandbox.ours()?, sandbox.calls()?.len());
    workspace.apply(&[])?;
    let deleted: Vec<_> = sandbox.calls()?.split_off(calls).into_iter().filter(|call| call.verb == "delete").collect();
    ensure!(deleted.is_empty(), "it deletes what was there: {deleted:?}");
    workspace.plan_is_empty(&[])?;
    let after = sandbox.ours()?;
    ensure!(before.iter().all(|key| after.contains(key)), "nothing that was made is lost");
    workspace.destroy(&[])?;
    let left = sandbox.ours()?;
    ensure!(left.is_empty(), "no orphan: {left:?}");
    Ok(())
}

pub(super) fn interrupt(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, QUICK)?;
    workspace.set("GOLDENPATH_LEASE_SECONDS", "1");
    let sandbox = workspace.sandbox();
    workspace.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    // Slow enough to be in the middle, whatever the machine.
    sandbox.fault(&FaultRow::new("slow:400").verb("apply"))?;
    let apply = workspace.start(&["apply", "-no-color", "-input=false", "-auto-approve"])?;
    until("the apply begins", || Ok(sandbox.ours()?.iter().any(|key| key == "k8s/v1/Namespace/payments-dev")))?;
    signal::send("INT", &apply.id().to_string())?;
    let run = Run::from(apply.wait_with_output()?);
    ensure!(run.code == Some(1), "an interrupted apply ends with an error: {}", run.raw);
    ensure!(
        workspace.instance("goldenpath_team_environment.payments")?.is_some(),
        "what exists is in the state: {}",
        run.raw
    );
    the_next_apply_finishes(&workspace)
}

pub(super) fn write_is_refused(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    let quota = "k8s/v1/ResourceQuota/payments-dev/gp-base";
    workspace.sandbox().fault(&FaultRow::new("deny").verb("apply").key(quota))?;
    let run = workspace.apply_fails(&[])?;
    run.says(quota)?;
    run.says("403")?;
    let instance =
        workspace.instance("goldenpath_team_environment.payments")?.context("what exists is in the state")?;
    ensure!(instance["status"] == "tainted", "a failed create taints: {}", instance["status"]);
    // Core now plans a replacement, whose delete must hand over: it announces no loss.
    let plan = workspace.plan(&[])?;
    plan.says("is tainted, so")?;
    plan.says_not("will be deleted with everything inside")?;
    the_next_apply_finishes(&workspace)
}

pub(super) fn provider_is_killed(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, &environment(""))?;
    workspace.set("GOLDENPATH_LEASE_SECONDS", "1");
    workspace.sandbox().fault(&FaultRow::new("exit-after").verb("apply").key(QUOTA).nth(1))?;
    workspace.apply_fails(&[])?;
    ensure!(workspace.instance(ENVIRONMENT)?.is_none(), "no process was left to respond");
    the_next_apply_finishes(&workspace)
}

/// Two pipelines with states of their own, one environment: the second waits, or fails and names the first.
pub(super) fn two_at_once(tool: &Tool) -> Result<()> {
    let first = Workspace::new(tool, &environment(""))?;
    first.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    let second = Workspace::new(tool, &environment("").replace("goldenpath_cluster_baseline.demo.id", "\"demo\""))?;
    second.write(
        "main.tf",
        &environment("")
            .replace("goldenpath_cluster_baseline.demo.id", "\"demo\"")
            .replace("resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}", ""),
    )?;
    second.write("provider.tf", &first.sandbox_provider())?;
    first.sandbox().fault(&FaultRow::new("slow:150").verb("apply"))?;
    let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
    let running = first.start(&apply)?;
    let other = second.run(&apply)?;
    let one = Run::from(running.wait_with_output()?);
    first.sandbox().clear_faults()?;
    let through: Vec<&Workspace> = [(&one, &first), (&other, &second)]
        .into_iter()
        .filter(|(run, _)| run.code == Some(0))
        .map(|(_, at)| at)
        .collect();
    ensure!(!through.is_empty(), "one of them gets through:\n{}\n{}", one.raw, other.raw);
    let there = first.sandbox().ours()?;
    ensure!(there.iter().any(|key| key == NAMESPACE), "the environment is whole: {there:?}");
    // Whoever holds it now finds it as it was planned; whoever was superseded hears of it.
    let plans = through.iter().map(|workspace| workspace.plan_is_empty(&[])).collect::<Result<Vec<_>>>()?;
    let holders = plans.iter().filter(|plan| plan.says_not("is now another instance").is_ok()).count();
    ensure!(holders == 1, "{holders} of {} hold it", plans.len());
    Ok(())
}

/// `sandbox list | show | edit | delete | fault | calls`, as the demonstration and a person use it.
pub(super) fn by_command_line(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[])?;
    let sandbox = workspace.sandbox_path().display().to_string();
    let command = |arguments: &[&str]| -> Result<Run> {
        let mut command = Command::new(command_line()?);
        command.arg("sandbox").arg(arguments[0]).args(["--sandbox", &sandbox]).args(&arguments[1..]);
        Ok(Run::from(command.output()?))
    };
    command(&["list"])?.says(QUOTA)?;
    command(&["show", QUOTA])?.says("requests.cpu")?;
    let edit = command(&["edit", QUOTA, r#"/spec/hard/requests.cpu="99""#])?;
    ensure!(edit.code == Some(0), "{}", edit.raw);
    workspace.plan(&[])?.says("requests.cpu 99")?;
    workspace.apply(&[])?;
    let delete = command(&["delete", SHOWN_QUOTA])?;
    ensure!(delete.code == Some(0), "a key as a plan shows it: {}", delete.raw);
    workspace.plan(&[])?.says(SHOWN_QUOTA)?;
    workspace.apply(&[])?;
    command(&["calls"])?.says(QUOTA)?;
    Ok(())
}
