//! What happens between a plan and its apply, and after a destroy that broke off.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUICK, environment};
use crate::{sandbox::FaultRow, workspace::Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

const SLOT: &str = "goldenpath_eks_workload_slot.ledger";
const BASELINE: &str = "-target=goldenpath_cluster_baseline.demo";
const APPLY: [&str; 4] = ["apply", "-no-color", "-input=false", "saved.plan"];

/// The target is away when a saved plan is applied: one error that blames nobody.
pub(super) fn an_outage(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[BASELINE])?;
    for fault in [FaultRow::new("unavailable"), FaultRow::new("unavailable").verb("observe")] {
        workspace.plan_json(&[])?;
        workspace.sandbox().fault(&fault)?;
        let run = workspace.fails(&APPLY)?;
        run.says_not("bug in the provider")?;
        run.says("Nothing of demo/payments was changed")?;
        workspace.sandbox().clear_faults()?;
    }
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

fn break_a_destroy_off(workspace: &Workspace, action: &'static str) -> Result<()> {
    workspace.sandbox().fault(&FaultRow::new(action).verb("delete").nth(2))?;
    workspace.destroy_fails(&[&format!("-target={ENVIRONMENT}")])?;
    workspace.sandbox().clear_faults()
}

/// Killed or refused, the plan says what is left; an apply finishes it and makes it again, a destroy finishes it.
pub(super) fn an_interrupted_destroy(tool: &Tool) -> Result<()> {
    for action in ["exit-after", "deny"] {
        let mut workspace = Workspace::new(tool, &environment("namespaces = { default = {}, jobs = {} }"))?;
        workspace.set("GOLDENPATH_LEASE_SECONDS", "1");
        workspace.apply(&[])?;
        let there = workspace.sandbox().ours()?;
        let uid = workspace.sandbox().generated_id(NAMESPACE)?;
        break_a_destroy_off(&workspace, action)?;
        let plan = workspace.plan(&[])?;
        plan.says("demo/payments is half deleted")?;
        plan.says("These are left: ")?;
        plan.says("1 to add, 0 to change, 1 to destroy")?;
        workspace.apply(&[])?;
        workspace.plan_is_empty(&[])?;
        ensure!(workspace.sandbox().ours()? == there, "all of it: {:?}", workspace.sandbox().ours()?);
        ensure!(workspace.sandbox().generated_id(NAMESPACE)? != uid, "and made again, as the plan said");
        break_a_destroy_off(&workspace, action)?;
        workspace.destroy(&[])?;
        ensure!(workspace.sandbox().ours()?.is_empty(), "nothing is left: {:?}", workspace.sandbox().ours()?);
    }
    Ok(())
}

fn lone(name: &str, tier: &str) -> String {
    format!(
        "resource \"goldenpath_team_environment\" \"{name}\" {{\n  name = \"{name}\"\n  team = \"payments\"\n  tier = \
         \"{tier}\"\n  cluster = \"demo\"\n}}\n"
    )
}

/// A resource that is in no state and whose name is taken stops a destroy of the others, and the error says the way out.
pub(super) fn a_blocked_destroy(tool: &Tool) -> Result<()> {
    let other = Workspace::new(tool, &environment(""))?;
    other.apply(&[])?;
    let there = other.sandbox().ours()?;
    let workspace = Workspace::new(tool, &lone("billing", "dev"))?;
    workspace.write("provider.tf", &other.sandbox_provider())?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &[lone("billing", "dev"), lone("payments", "staging")].concat())?;
    let run = workspace.destroy_fails(&[])?;
    run.says("demo/payments already exists")?;
    run.says("run `terraform destroy -refresh=false`")?;
    workspace.destroy(&["-refresh=false"])?.says("1 destroyed")?;
    ensure!(other.sandbox().ours()? == there, "the other one is as it was: {:?}", other.sandbox().ours()?);
    Ok(())
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
    ensure!(left.is_empty(), "nothing is forgotten: {left:?}");
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
