//! Import by id: the record holds the request as it was written, so the plan that follows is empty.

use super::configurations::QUICK;
use crate::workspace::{Workspace, objects};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

const PARTS: [(&str, &str); 3] = [
    ("goldenpath_cluster_baseline.demo", "demo"),
    ("goldenpath_team_environment.payments", "demo/payments-dev"),
    ("goldenpath_eks_workload_slot.ledger", "demo/payments-dev/ledger"),
];

/// A folder that has lost its state, over a sandbox where all is there.
fn stateless(tool: &Tool) -> Result<(Workspace, serde_json::Value)> {
    let limited = QUICK.replace("  share   ", "  timeouts    = { create = \"20m\" }\n  share   ");
    let workspace = Workspace::new(tool, &limited)?;
    workspace.apply(&[])?;
    let before = workspace.attributes("goldenpath_eks_workload_slot.ledger")?;
    workspace.remove("terraform.tfstate")?;
    Ok((workspace, before))
}

fn nothing_has_changed(workspace: &Workspace, before: &serde_json::Value) -> Result<()> {
    workspace.plan_is_empty(&[])?;
    let after = workspace.attributes("goldenpath_eks_workload_slot.ledger")?;
    ensure!(objects(&after) == objects(before), "the same objects with the same texts");
    for computed in ["role_arn", "role_unique_id", "association_id", "external_id", "namespace_name"] {
        ensure!(after[computed] == before[computed], "{computed}: {} is not {}", after[computed], before[computed]);
    }
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "an imported environment is destroyed as any other, {left:?} is left");
    Ok(())
}

pub(super) fn by_command(tool: &Tool) -> Result<()> {
    let (workspace, before) = stateless(tool)?;
    for (address, id) in PARTS {
        workspace.ok(&["import", "-no-color", "-input=false", address, id])?;
    }
    nothing_has_changed(&workspace, &before)
}

pub(super) fn by_block(tool: &Tool) -> Result<()> {
    let (workspace, before) = stateless(tool)?;
    let blocks: Vec<_> =
        PARTS.iter().map(|(address, id)| format!("import {{\n  to = {address}\n  id = \"{id}\"\n}}\n")).collect();
    workspace.write("imports.tf", &blocks.concat())?;
    let plan = workspace.plan(&[])?;
    plan.says("3 to import, 0 to add, 0 to change, 0 to destroy")?;
    workspace.apply(&[])?;
    workspace.remove("imports.tf")?;
    nothing_has_changed(&workspace, &before)
}

/// The CLI writes the configuration from what was imported, and it is what is there.
pub(super) fn by_generated_configuration(tool: &Tool) -> Result<()> {
    let (workspace, _) = stateless(tool)?;
    let blocks: Vec<_> =
        PARTS.iter().map(|(address, id)| format!("import {{\n  to = {address}\n  id = \"{id}\"\n}}\n")).collect();
    workspace.write("imports.tf", &blocks.concat())?;
    workspace.write("main.tf", "")?;
    workspace.plan(&["-generate-config-out=generated.tf"])?;
    workspace.apply(&[])?.says("3 imported, 0 added, 0 changed, 0 destroyed")?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn of_nothing(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    let run = workspace.fails(&["import", "-no-color", "-input=false", PARTS[1].0, "demo/payments-dev"])?;
    run.says("no goldenpath_team_environment has the ID demo/payments-dev")?;
    let run = workspace.fails(&["import", "-no-color", "-input=false", PARTS[2].0, "payments"])?;
    run.says("<cluster>/<environment>/<slot>")?;
    Ok(())
}
