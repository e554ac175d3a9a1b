//! Values that another resource of the same run still owes.

use super::configurations::{ENVIRONMENT, QUOTA, SHOWN_QUOTA, environment};
use crate::workspace::{Workspace, objects};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

pub(super) fn a_name(tool: &Tool) -> Result<()> {
    let named = environment("").replace("name    = \"payments\"", "name    = terraform_data.name.output");
    let hcl = format!("resource \"terraform_data\" \"name\" {{\n  input = \"payments\"\n}}\n{named}");
    let workspace = Workspace::new(tool, &hcl)?;
    let planned = workspace.planned(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    let ours = changes.iter().find(|one| one["address"] == ENVIRONMENT).cloned().unwrap_or_default();
    ensure!(ours["change"]["after_unknown"]["objects"] == true, "without a name no object is known: {ours}");
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
    workspace.plan_is_empty(&[])?;
    ensure!(objects(&workspace.attributes(ENVIRONMENT)?).contains_key(SHOWN_QUOTA), "the name came through");

    // The name will be known after apply only, and then turns out the same: nothing is replaced by not knowing.
    workspace
        .write("main.tf", &hcl.replace("input = \"payments\"", "input = \"payments\"\n  triggers_replace = [1]"))?;
    let plan = workspace.plan(&[])?;
    plan.says_not("goldenpath_team_environment.payments must be replaced")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;

    // It turns out to be another: an error that calls for a new plan, and nothing is lost.
    workspace
        .write("main.tf", &hcl.replace("input = \"payments\"", "input = \"billing\"\n  triggers_replace = [2]"))?;
    workspace.apply_fails(&[])?.says("plan")?;
    ensure!(workspace.sandbox().ours()?.iter().any(|key| key == QUOTA), "the environment is still there");
    let plan = workspace.plan(&[])?;
    plan.says("must be replaced")?;
    Ok(())
}

pub(super) fn a_provider(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    let path = workspace.sandbox_path().display().to_string();
    workspace.write(
        "provider.tf",
        &format!(
            "resource \"terraform_data\" \"target\" {{\n  input = {path:?}\n}}\n\
         provider \"goldenpath\" {{\n  sandbox = {{ path = terraform_data.target.output }}\n}}\n"
        ),
    )?;
    let planned = workspace.planned(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    let ours = changes.iter().find(|one| one["address"] == ENVIRONMENT).cloned().unwrap_or_default();
    ensure!(ours["change"]["after"]["id"] == "demo/payments", "the id needs no target: {ours}");
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
    workspace.plan_is_empty(&[])?;
    workspace.destroy(&[])?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "destroyed");
    Ok(())
}

/// The cluster is replaced in the same run as nothing else: its name is unknown for a plan, and the same after it.
pub(super) fn a_cluster_name(tool: &Tool) -> Result<()> {
    let hcl = environment("").replace("cluster = \"demo\"", "cluster = terraform_data.cluster.output").replace(
        "cluster = goldenpath_cluster_baseline.demo.id",
        "cluster = terraform_data.cluster.output\n  depends_on = [goldenpath_cluster_baseline.demo]",
    );
    let cluster = |trigger: u8| {
        format!(
            "resource \"terraform_data\" \"cluster\" {{\n  input = \"demo\"\n  triggers_replace = [{trigger}]\n}}\n{hcl}"
        )
    };
    let workspace = Workspace::new(tool, &cluster(1))?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let uid = workspace.attributes(ENVIRONMENT)?["uid"].clone();
    workspace.write("main.tf", &cluster(2))?;
    let plan = workspace.plan(&[])?;
    plan.says_not("goldenpath_team_environment.payments must be replaced")?;
    plan.says_not("goldenpath_cluster_baseline.demo must be replaced")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    ensure!(workspace.attributes(ENVIRONMENT)?["uid"] == uid, "the same instance all along");
    Ok(())
}

/// A field that decides no key may be unknown: every object keeps its key, and one text waits.
pub(super) fn a_statement(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(
        tool,
        &format!(
            r#"{}
resource "terraform_data" "bucket" {{
  input = "arn:aws:s3:::led/*"
}}

resource "goldenpath_eks_workload_slot" "ledger" {{
  name        = "ledger"
  environment = goldenpath_team_environment.payments.id
  identity    = {{ statements = [{{ actions = ["s3:GetObject"], resources = [terraform_data.bucket.output] }}] }}
}}
"#,
            environment("")
        ),
    )?;
    let planned = workspace.planned(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    let slot = changes.iter().find(|one| one["type"] == "goldenpath_eks_workload_slot").cloned().unwrap_or_default();
    let waiting = slot["change"]["after_unknown"]["objects"].as_object().cloned().unwrap_or_default();
    let role = waiting.keys().filter(|key| key.starts_with("IAM Role ")).count();
    ensure!(role == 1, "the role's key is known and its text is not: {}", slot["change"]["after_unknown"]);
    let known = objects(&slot["change"]["after"]);
    ensure!(known.contains_key("ServiceAccount payments/ledger"), "the rest is known: {known:#?}");
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}
