//! Values that another resource of the same run still owes.

use super::configurations::{ENVIRONMENT, QUOTA, SHOWN_QUOTA, environment};
use crate::workspace::{Workspace, objects};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

pub(super) fn a_name(tool: &Tool) -> Result<()> {
    let named = environment("").replace("name    = \"payments\"", "name    = terraform_data.name.output");
    let hcl = format!("resource \"terraform_data\" \"name\" {{\n  input = \"payments\"\n}}\n{named}");
    let workspace = Workspace::new(tool, &hcl)?;
    let planned = workspace.plan_json(&[])?;
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
    workspace.apply_fails(&[])?.says("demo/payments would be replaced")?;
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
    let planned = workspace.plan_json(&[])?;
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
  input = "arn:aws:s3:::payments-led/*"
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
    let planned = workspace.plan_json(&[])?;
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

/// What does not depend on an unknown value stays known: references to the environment and `for_each` over it go on working.
pub(super) fn leaves(tool: &Tool) -> Result<()> {
    let hcl = |trigger: u8, more: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{\n  input = {{ cpu = \"3\", on = true, mode = \"heal\", text = \"ops\" \
             }}\n  triggers_replace = [{trigger}]\n}}\n{}\n\
             resource \"terraform_data\" \"each\" {{\n  for_each = goldenpath_team_environment.payments.namespace_names\n  input = \
             each.value\n}}\n",
            environment(more)
        )
    };
    let workspace = Workspace::new(tool, &hcl(1, "quota = { total = { \"requests.cpu\" = \"4\" } }"))?;
    workspace.apply(&["-target=goldenpath_team_environment.payments"])?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    for (trigger, more, waiting, reason) in [
        (
            2,
            "quota = { total = { \"requests.cpu\" = terraform_data.later.output.cpu } }",
            Some(SHOWN_QUOTA),
            "an amount",
        ),
        (3, "deletion_protection = terraform_data.later.output.on", None, "a flag"),
        (4, "drift = { mode = terraform_data.later.output.mode, ignore = [] }", None, "a choice"),
        (
            5,
            "namespaces = { default = { labels = { \"contact-of\" = terraform_data.later.output.text } } }",
            Some("Namespace payments"),
            "a label",
        ),
    ] {
        workspace.write("main.tf", &hcl(trigger, more))?;
        let planned = workspace.plan_json(&[])?;
        let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
        let ours = changes.iter().find(|one| one["address"] == ENVIRONMENT).cloned().unwrap_or_default();
        let (after, later) = (&ours["change"]["after"], &ours["change"]["after_unknown"]);
        ensure!(
            after["namespace_names"]["default"] == "payments",
            "{reason}: what does not depend on it is known: {later}"
        );
        let unknown: Vec<&String> =
            later["objects"].as_object().into_iter().flat_map(|objects| objects.keys()).collect();
        let is_expected = |key: &&String| waiting.is_some_and(|waiting| key.as_str() == waiting);
        ensure!(unknown.iter().all(is_expected), "{reason}: only what depends on it waits: {unknown:?}");
        ensure!(unknown.len() == usize::from(waiting.is_some()), "{reason}: and that does: {later}");
        workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
        workspace.plan_is_empty(&[])?;
    }
    Ok(())
}
