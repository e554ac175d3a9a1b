//! A plan that a person can read: how long it is, and what it shows.

use super::{configurations::QUICK, guides::code_blocks};
use crate::workspace::{Run, Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

/// The widest line that a screen holds.
const WIDEST: usize = 160;

/// As the README has it, with a slot.
const TEN_LINES: &str = r#"
resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

resource "goldenpath_team_environment" "payments" {
  name    = "payments-dev"
  team    = "payments"
  tier    = "dev"
  cluster = goldenpath_cluster_baseline.demo.id
  quota   = { total = { "requests.cpu" = "4" } }
  access  = { developer = { permission_sets = ["PaymentsDev"] } }
}

resource "goldenpath_eks_workload_slot" "ledger" {
  name        = "ledger"
  environment = goldenpath_team_environment.payments.id
}
"#;

pub(super) fn plans_are_short(tool: &Tool) -> Result<()> {
    let quickstart = include_str!("../../examples/quickstart/main.tf");
    let workspace = Workspace::bare(tool)?;
    // The example names its provider itself.
    workspace.remove("versions.tf")?;
    workspace.write("main.tf", quickstart)?;
    is_at_most("the quickstart", &workspace.plan(&[])?, 200)?;

    let workspace = Workspace::new(tool, TEN_LINES)?;
    workspace.apply(&["-target=goldenpath_cluster_baseline.demo"])?;
    let planned = workspace.plan(&[])?;
    is_at_most("an environment with a slot", &planned, 110)?;
    is_as_pictured(&planned)?;
    workspace.write("main.tf", QUICK)?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &QUICK.replace("\"requests.cpu\" = \"4\"", "\"requests.cpu\" = \"6\""))?;
    // A quota has eight fields of its own, and a CLI shows all lines of a block.
    is_at_most("an update of one amount of a quota", &workspace.plan(&[])?, 31)?;
    workspace.write(
        "main.tf",
        &QUICK.replace("tier    = \"dev\"", "tier    = \"dev\"\n  network = { allow_from = [\"env:shop\"] }"),
    )?;
    is_at_most("an update of one field", &workspace.plan(&[])?, 25)
}

pub(super) fn thirty_teams(tool: &Tool) -> Result<()> {
    let teams = QUICK
        .replace(
            "\"payments\" {",
            "\"payments\" {\n  for_each = toset([for n in range(30) : format(\"team-%02d\", n)])",
        )
        .replace("name    = \"payments-dev\"", "name    = each.key")
        .replace("\"ledger\" {", "\"ledger\" {\n  for_each = goldenpath_team_environment.payments")
        .replace("goldenpath_team_environment.payments.id", "each.value.id");
    let plan = Workspace::new(tool, &teams)?.plan(&[])?;
    plan.says("61 to add")?;
    ensure!(plan.raw.len() <= 201 * 1024, "30 teams are {} bytes", plan.raw.len());
    Ok(())
}

/// Nothing in the plan that nobody wrote, but for what is computed.
pub(super) fn nothing_that_nobody_wrote(tool: &Tool) -> Result<()> {
    let planned = Workspace::new(tool, QUICK)?.plan_json(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    for (kind, attribute) in
        [("team_environment", "access"), ("team_environment", "quota"), ("eks_workload_slot", "identity")]
    {
        let change =
            changes.iter().find(|one| one["type"] == format!("goldenpath_{kind}")).cloned().unwrap_or_default();
        let text = change["change"]["after"][attribute].to_string();
        ensure!(text.contains(':'), "{attribute} is planned: {change}");
        for empty in ["[]", "{}", "false"] {
            ensure!(!text.contains(empty), "{attribute} has {empty}: {text}");
        }
    }
    Ok(())
}

/// In a run that makes or changes the slot, its files are read after it.
pub(super) fn manifests(tool: &Tool) -> Result<()> {
    let read = r#"
data "goldenpath_workload_manifests" "ledger" {
  slot = goldenpath_eks_workload_slot.ledger.id
}

output "deployment" {
  value = data.goldenpath_workload_manifests.ledger.files["deployment.yaml"]
}
"#;
    let workspace = Workspace::new(tool, &format!("{QUICK}{read}"))?;
    workspace.plan(&["-out=saved.plan"])?.says("3 to add")?;
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?.says("serviceAccountName: ledger")?;
    workspace.plan_is_empty(&[])?;
    let changed = format!("{QUICK}{read}").replace("cpu = \"2\"", "cpu = \"1500m\"");
    workspace.write("main.tf", &changed)?;
    workspace.apply(&[])?.says("cpu: 500m")?;
    workspace.plan_is_empty(&[])?;
    workspace
        .write("main.tf", &changed.replace("goldenpath_eks_workload_slot.ledger.id", "\"demo/payments-dev/nope\""))?;
    workspace.plan_fails(&[])?.says("No slot has the ID demo/payments-dev/nope")?;
    Ok(())
}

/// What an application's own configuration reads of an environment.
pub(super) fn environment_source(tool: &Tool) -> Result<()> {
    let read = r#"
data "goldenpath_team_environment" "payments" {
  id = goldenpath_team_environment.payments.id
}

output "left" {
  value = data.goldenpath_team_environment.payments.quota_left["default"]["pods"]
}

output "command" {
  value = data.goldenpath_team_environment.payments.kubeconfig_command
}

output "people" {
  value = data.goldenpath_team_environment.payments.principal_arns["developer"][0]
}

output "differs" {
  value = [for name in ["namespace_names", "rbac_groups", "namespace_labels", "access_entry_arns"] :
    name if data.goldenpath_team_environment.payments[name] != goldenpath_team_environment.payments[name]]
}
"#;
    let workspace = Workspace::new(tool, &format!("{QUICK}{read}"))?;
    let applied = workspace.apply(&[])?;
    for says in [
        "left = \"40\"",
        "aws eks update-kubeconfig --name demo --region eu-west-1",
        "differs = []",
        "people = \"arn:aws:iam::",
    ] {
        applied.says(says)?;
    }
    workspace.plan_is_empty(&[])?;
    let quota = "k8s/v1/ResourceQuota/payments-dev/gp-base";
    workspace.sandbox().edit(quota, &json!({ "status": { "used": { "pods": "3" } } }))?;
    workspace.plan(&[])?.says("left = \"40\" -> \"37\"")?;
    let other = format!("{QUICK}{read}")
        .replace("= goldenpath_team_environment.payments.id\n}\n\noutput", "= \"demo/nope\"\n}\n\noutput");
    workspace.write("main.tf", &other)?;
    workspace.plan_fails(&[])?.says("No environment has the ID demo/nope")?;
    Ok(())
}

/// The README shows this configuration, and of its plan nothing that is not there.
fn is_as_pictured(plan: &Run) -> Result<()> {
    let readme = include_str!("../../README.md");
    let configuration = code_blocks(readme, "hcl").next().context("the README shows no configuration")?;
    ensure!(TEN_LINES.contains(configuration), "the README shows another configuration:\n{configuration}");
    let picture = readme.split_once("\n```\n  # ").and_then(|(_, rest)| Some(rest.split_once("```")?.0));
    let shown = picture.context("the README shows no plan")?.lines().filter(|line| line.trim() != "…");
    let shown: Vec<&str> = shown.collect();
    ensure!(shown.len() >= 10, "the README's plan has {} lines", shown.len());
    shown.into_iter().try_for_each(|line| plan.says(line).context("as the README shows it"))
}

fn is_at_most(what: &str, plan: &Run, most: usize) -> Result<()> {
    // Around it stands what a CLI says of overrides, outputs and saved plans, and our warnings.
    let from_here = plan.raw.lines().skip_while(|line| !line.contains("will perform the following actions"));
    let lines = from_here.take_while(|line| !line.starts_with("Plan:")).count() + 1;
    let longest = plan.raw.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
    let width = longest.chars().count();
    ensure!(lines <= most, "{what} is {lines} lines, not {most}:\n{}", plan.raw);
    ensure!(width <= WIDEST, "{what} has a line of {width} characters:\n{longest}");
    Ok(())
}
