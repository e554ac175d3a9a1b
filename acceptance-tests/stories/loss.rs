//! What may be lost, and what must not be.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUICK, environment};
use crate::workspace::{Run, Workspace};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Context as _, Result, ensure};
use std::process::Command;

const RECORD: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.payments";
const ON: &str = "deletion_protection = true";
const OFF: &str = "deletion_protection = false";
/// Neither the ID's last word nor the attribute says anything: a CLI prints the address and the line of the configuration.
const PROTECTED: &str = "demo/payments is protected from deletion: apply `deletion_protection = false`";
const TWO: &str = "namespaces = { default = {}, jobs = {} }";

fn apply(tool: &Tool, more: &str) -> Result<Workspace> {
    let workspace = Workspace::new(tool, &environment(more))?;
    workspace.apply(&[])?;
    Ok(workspace)
}

fn is_untouched(workspace: &Workspace) -> Result<()> {
    let there = workspace.sandbox().ours()?;
    ensure!(there.iter().any(|key| key == NAMESPACE), "the namespace is gone: {there:?}");
    workspace.write("main.tf", &environment(ON))?;
    workspace.plan_is_empty(&[]).map(drop)
}

pub(super) fn a_lost_record(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    let there = workspace.sandbox().ours()?;
    workspace.sandbox().delete(RECORD)?;
    let plan = workspace.plan(&[])?;
    plan.says("ConfigMap goldenpath-system/environment.payments was deleted outside")?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    ensure!(workspace.sandbox().ours()? == there, "rebuilt, and nothing else has changed");
    // Lost again: a destroy works from the keys in state.
    workspace.sandbox().delete(RECORD)?;
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "destroy without a record leaves {left:?}");
    Ok(())
}

pub(super) fn protected_from_destroy(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, ON)?;
    workspace.destroy_fails(&[])?.says(PROTECTED)?;
    workspace.destroy_fails(&[&format!("-target={ENVIRONMENT}")])?.says(PROTECTED)?;
    // Taken out of the configuration, which is how most things are destroyed.
    workspace.write("main.tf", "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n")?;
    workspace.apply_fails(&[])?.says(PROTECTED)?;
    is_untouched(&workspace)
}

pub(super) fn protected_from_update(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, &format!("{ON}\n  {TWO}"))?;
    workspace.write("main.tf", &environment(ON))?;
    let is_refused = || -> Result<()> {
        let refused = workspace.plan_fails(&[])?;
        refused.says(PROTECTED)?;
        refused.says("This would delete payments-jobs")
    };
    is_refused()?;
    // Switched off in the same breath: the prior state decides.
    workspace.write("main.tf", &environment(OFF))?;
    is_refused()?;
    // A namespace that is only renamed is deleted all the same.
    workspace.write("main.tf", &environment(&format!("{ON}\n  namespaces = {{ default = {{}}, batch = {{}} }}")))?;
    is_refused()?;
    let there = workspace.sandbox().ours()?;
    ensure!(there.iter().any(|key| key == "k8s/v1/Namespace/payments-jobs"), "it is there: {there:?}");
    Ok(())
}

pub(super) fn protected_from_replacement(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, ON)?;
    let refused = workspace.plan_fails(&[&format!("-replace={ENVIRONMENT}")])?;
    refused.says("demo/payments would be replaced, and is protected")?;
    workspace.write("main.tf", &environment(ON).replace("name    = \"payments\"", "name    = \"billing\""))?;
    // Core plans the delete only at apply, and then is still refused.
    let run = workspace.run(&["apply", "-no-color", "-input=false", "-auto-approve"])?;
    ensure!(run.code == Some(1), "a replacement of a protected environment fails: {}", run.raw);
    run.says(PROTECTED)?;
    is_untouched(&workspace)
}

/// As Crossplane runs it: the configuration stays as it was, and nothing but destroy is run.
pub(super) fn unprotected_without_an_apply(tool: &Tool) -> Result<()> {
    const BLOCK: &str = "resource \"goldenpath_team_environment\"";
    let one = environment(ON);
    let (_, body) = one.split_once(BLOCK).context("no environment")?;
    let workspace = Workspace::new(tool, &format!("{one}{BLOCK}{}", body.replace("payments", "billing")))?;
    workspace.apply(&[])?;
    let unprotect = |id: &str| -> Result<Run> {
        let mut command = Command::new(command_line()?);
        command.args(["unprotect", id, "--sandbox"]).arg(workspace.sandbox_path());
        Ok(Run::from(command.output()?))
    };
    workspace
        .destroy_fails(&[])?
        .says("protected from deletion: apply `deletion_protection = false`, or run `unprotect demo/")?;

    unprotect("demo/payments")?
        .says("Deletion protection of demo/payments is lifted until its next apply, by arn:aws:iam")?;
    // An apply that says protected ends it, and the plan before shows that.
    let plan = workspace.plan(&[])?;
    plan.says("off, lifted by arn:aws:iam")?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    workspace.destroy_fails(&[])?.says("protected from deletion")?;

    unprotect("demo/payments")?;
    workspace.destroy_fails(&[])?.says("demo/billing is protected from deletion")?;
    workspace.destroy(&[&format!("-target={ENVIRONMENT}")])?;
    let there = workspace.sandbox().ours()?;
    ensure!(!there.iter().any(|key| key == NAMESPACE), "it is gone: {there:?}");
    ensure!(there.iter().any(|key| key == "k8s/v1/Namespace/billing"), "the other one is not: {there:?}");
    unprotect("demo/payments")?.says("No record of demo/payments in this target")
}

pub(super) fn protection_off_takes_an_apply(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, &format!("{ON}\n  {TWO}"))?;
    workspace.write("main.tf", &environment(&format!("{OFF}\n  {TWO}")))?;
    workspace.apply(&[])?;
    // Now it is allowed, and the plan lists what goes.
    workspace.write("main.tf", &environment(OFF))?;
    workspace.plan(&[])?.says("demo/payments: payments-jobs will be deleted with everything inside")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    workspace.destroy(&[])?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "destroyed");
    Ok(())
}

pub(super) fn slots_hold_their_environment(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.apply(&[])?;
    // A slot that another state owns: this one forgets it.
    workspace.ok(&["state", "rm", "goldenpath_eks_workload_slot.ledger"])?;
    workspace.write("main.tf", "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n")?;
    let in_use = "demo/payments-dev still has records in it: slot payments-dev/ledger";
    workspace.apply_fails(&[])?.says(in_use)?;
    workspace.destroy_fails(&["-target=goldenpath_cluster_baseline.demo"])?.says(in_use)?;
    let there = workspace.sandbox().ours()?;
    ensure!(there.iter().any(|key| key == "k8s/v1/Namespace/payments-dev"), "the environment is there: {there:?}");
    Ok(())
}
