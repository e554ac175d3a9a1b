//! What core does with addresses: none of it may cost an object.

use super::configurations::{ENVIRONMENT, QUICK, environment};
use crate::workspace::Workspace;
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

pub(super) fn address_is_moved(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[])?;
    let calls = workspace.sandbox().calls()?.len();
    let renamed = environment("")
        .replace("\"goldenpath_team_environment\" \"payments\"", "\"goldenpath_team_environment\" \"pay\"");
    workspace.write("main.tf", &format!(
        "{renamed}\nmoved {{\n  from = goldenpath_team_environment.payments\n  to   = goldenpath_team_environment.pay\n}}\n"
    ))?;
    workspace.apply(&[])?.says("0 added, 0 changed, 0 destroyed")?;
    workspace.plan_is_empty(&[])?;
    let changed = workspace.sandbox().calls()?.split_off(calls);
    ensure!(changed.iter().all(|call| call.verb != "apply" && call.verb != "delete"), "a move changes nothing");
    Ok(())
}

pub(super) fn address_is_removed(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[])?;
    let there = workspace.sandbox().ours()?;
    workspace.write(
        "main.tf",
        "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n\n\
         removed {\n  from = goldenpath_team_environment.payments\n  lifecycle {\n    destroy = false\n  }\n}\n",
    )?;
    workspace.apply(&[])?;
    ensure!(workspace.instance(ENVIRONMENT)?.is_none(), "it is out of the state");
    ensure!(workspace.sandbox().ours()? == there, "and all of it is still there");
    // Taken back by import.
    workspace.write("main.tf", &environment(""))?;
    workspace.ok(&["import", "-no-color", "-input=false", ENVIRONMENT, "demo/payments"])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn target(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.apply(&["-target=goldenpath_team_environment.payments"])?.says("2 added")?;
    workspace.plan(&[])?.says("1 to add, 0 to change, 0 to destroy")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    // An environment takes its slots with it.
    workspace.destroy(&["-target=goldenpath_team_environment.payments"])?.says("2 destroyed")?;
    workspace.apply(&[])?.says("2 added")?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn replace_option(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.apply(&[])?;
    let before = workspace.attributes("goldenpath_eks_workload_slot.ledger")?;
    workspace.plan(&["-replace=goldenpath_eks_workload_slot.ledger"])?.says("1 to add, 0 to change, 1 to destroy")?;
    workspace.apply(&["-replace=goldenpath_eks_workload_slot.ledger"])?;
    workspace.plan_is_empty(&[])?;
    let after = workspace.attributes("goldenpath_eks_workload_slot.ledger")?;
    ensure!(before["id"] == after["id"] && before["uid"] != after["uid"], "the same id under a new uid");
    ensure!(before["role_unique_id"] != after["role_unique_id"], "the role was really recreated");
    Ok(())
}

/// A dependent that creates before it destroys makes core do the same with what it depends on, and core knows nothing of
/// names: the new instance of the same id takes over what the old one has, and the old one's delete must not touch it.
pub(super) fn create_before_destroy(tool: &Tool) -> Result<()> {
    let dependent = r#"
resource "terraform_data" "dependent" {
  triggers_replace = [goldenpath_team_environment.payments.uid]
  lifecycle {
    create_before_destroy = true
  }
}
"#;
    let workspace = Workspace::new(tool, &format!("{}{dependent}", environment("")))?;
    workspace.apply(&[])?;
    let there = workspace.sandbox().ours()?;
    let before = workspace.attributes(ENVIRONMENT)?;
    let replace = format!("-replace={ENVIRONMENT}");
    workspace.apply(&[&replace])?.says("taken over")?;
    let after = workspace.attributes(ENVIRONMENT)?;
    ensure!(before["uid"] != after["uid"], "a new instance");
    ensure!(
        workspace.sandbox().ours()? == there,
        "with every object of the old one: {:#?}",
        workspace.sandbox().ours()?
    );
    workspace.plan_is_empty(&[])?;
    workspace.destroy(&[])?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "destroyed");
    Ok(())
}
