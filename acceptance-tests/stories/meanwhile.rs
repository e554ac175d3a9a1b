//! What happens between a plan and its apply, and after a destroy that broke off.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUICK, environment};
use crate::{sandbox::FaultRow, workspace::Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

const SLOT: &str = "goldenpath_eks_workload_slot.ledger";
const BASELINE: &str = "-target=goldenpath_cluster_baseline.demo";
const APPLY: [&str; 4] = ["apply", "-no-color", "-input=false", "saved.plan"];
const RECORD: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.payments";

/// The target is away when a saved plan is applied: one error that blames nobody, and the same plan goes through later.
pub(super) fn an_outage(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[BASELINE])?;
    workspace.planned(&[])?;
    for fault in [FaultRow::new("unavailable"), FaultRow::new("unavailable").verb("observe")] {
        workspace.sandbox().fault(&fault)?;
        let run = workspace.fails(&APPLY)?;
        run.says_not("bug in the provider")?;
        run.says("Nothing of demo/payments was changed")?;
        workspace.sandbox().clear_faults()?;
    }
    workspace.ok(&APPLY)?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

fn break_a_destroy_off(workspace: &Workspace, action: &'static str) -> Result<()> {
    workspace.sandbox().fault(&FaultRow::new(action).verb("delete").nth(2))?;
    workspace.destroy_fails(&[&format!("-target={ENVIRONMENT}")])?;
    workspace.sandbox().clear_faults()
}

/// Killed or refused, the plan says what is left; an apply finishes it and makes it again, a destroy finishes it.
pub(super) fn a_broken_off_destroy(tool: &Tool) -> Result<()> {
    for action in ["exit-after", "deny"] {
        let mut workspace = Workspace::new(tool, &environment("namespaces = { default = {}, jobs = {} }"))?;
        workspace.set("GOLDENPATH_LEASE_SECONDS", "1");
        workspace.apply(&[])?;
        let there = workspace.sandbox().ours()?;
        let uid = workspace.sandbox().generated(NAMESPACE)?;
        break_a_destroy_off(&workspace, action)?;
        let plan = workspace.plan(&[])?;
        plan.says("demo/payments is half deleted")?;
        plan.says("Left are")?;
        plan.says("1 to add, 0 to change, 1 to destroy")?;
        workspace.apply(&[])?;
        workspace.plan_is_empty(&[])?;
        ensure!(workspace.sandbox().ours()? == there, "all of it: {:?}", workspace.sandbox().ours()?);
        ensure!(workspace.sandbox().generated(NAMESPACE)? != uid, "and made again, as the plan said");
        break_a_destroy_off(&workspace, action)?;
        workspace.destroy(&[])?.says("is half deleted")?;
        ensure!(workspace.sandbox().ours()?.is_empty(), "nothing is left: {:?}", workspace.sandbox().ours()?);
    }
    Ok(())
}

/// A resource that is in no state and whose name is taken stops a destroy of the others, and the error says the way out.
pub(super) fn a_blocked_destroy(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.apply(&[])?;
    let other = QUICK.replace("tier    = \"dev\"", "tier    = \"staging\"");
    workspace.ok(&["state", "rm", "goldenpath_eks_workload_slot.ledger"])?;
    workspace.write("main.tf", &other.replace("cpu = \"2\"", "cpu = \"1\""))?;
    workspace.destroy_fails(&[])?.says("`terraform destroy -refresh=false`")?;
    workspace.write("main.tf", &QUICK.replace("cpu = \"2\"", "cpu = \"1\""))?;
    let run = workspace.destroy_fails(&[])?;
    run.says("already exists")?;
    run.says("`terraform destroy -refresh=false`")?;
    // The check is gone; what is in use is still refused.
    let run = workspace.destroy_fails(&["-refresh=false"])?;
    run.says_not("already exists")?;
    run.says("slot payments-dev/ledger")
}

/// Its slot was never ready: both are deleted, and nothing is forgotten.
pub(super) fn a_replaced_environment_of_a_half_made_slot(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.sandbox().fault(&FaultRow::new("deny").verb("apply").key("aws/eks/PodIdentityAssociation/*"))?;
    workspace.apply_fails(&[])?;
    workspace.sandbox().clear_faults()?;
    let status = workspace.instance(SLOT)?.map(|slot| slot["status"].clone()).unwrap_or_default();
    ensure!(status == "tainted", "half made: {status}");
    workspace.apply(&[&format!("-replace={ENVIRONMENT}")])?.says("2 added, 0 changed, 2 destroyed")?;
    workspace.plan_is_empty(&[])?;
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty() && !left.iter().any(|key| key == RECORD), "nothing is forgotten: {left:?}");
    Ok(())
}

pub(super) fn a_namespace_in_use(tool: &Tool) -> Result<()> {
    let two = |slot: &str| {
        QUICK
            .replace("quota   =", "namespaces = { default = {}, jobs = {} }\n  quota   =")
            .replace("share       =", &format!("{slot}\n  share       ="))
    };
    let workspace = Workspace::new(tool, &two("namespace = \"jobs\""))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", QUICK)?;
    workspace.plan_fails(&[])?.says("in which slot demo/payments-dev/ledger lives")?;
    workspace.write("main.tf", &two(""))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", QUICK)?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}
