//! Where objects live, and that a state knows it.

use super::configurations::{ENVIRONMENT, QUICK, environment};
use crate::workspace::{Workspace, objects};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use std::fs;

const FACTS: &str = r#"{
      version = "1.36"
      stable = { cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo", pod_security_version = "1.36" }
    }"#;

/// The wrong profile, a lost variable: never "gone", which would make everything a second time.
pub(super) fn another_target(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[])?;
    workspace.write("provider.tf", "provider \"goldenpath\" {\n  sandbox = { path = \"other.db\" }\n}\n")?;
    workspace.plan_fails(&[])?.says("is in another target than the one this provider is configured for")?;
    // Without a refresh a plan with nothing to change reads no target.
    workspace.plan_is_empty(&["-refresh=false"])?;
    workspace.write("main.tf", &environment(r#"quota = { total = { "requests.cpu" = "6" } }"#))?;
    workspace.plan_fails(&["-refresh=false"])?.says("demo/payments is in another target")?;
    workspace.write("main.tf", &environment(""))?;
    workspace.destroy_fails(&["-refresh=false"])?.says("demo/payments is in another target")?;
    ensure!(workspace.instance(ENVIRONMENT)?.is_some(), "the state is as it was");
    workspace.write("provider.tf", &workspace.sandbox_provider())?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn offline(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.write(
        "provider.tf",
        &format!("provider \"goldenpath\" {{\n  offline = {{\n    facts = {FACTS}\n  }}\n}}\n"),
    )?;
    let planned = workspace.plan_json(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    let ours = changes.iter().find(|one| one["address"] == ENVIRONMENT).cloned().unwrap_or_default();
    ensure!(objects(&ours["change"]["after"]).len() > 5, "the whole plan without credentials: {ours}");
    workspace.apply_fails(&[])?.says("demo can't be applied: the offline target only makes plans")?;
    Ok(())
}

/// A mock makes up every computed value, ids too: the error says what an id looks like, and a mock that says so works.
pub(super) fn provider_is_mocked(tool: &Tool) -> Result<()> {
    let workspace = Workspace::bare(tool)?;
    workspace.write("main.tf", QUICK)?;
    fs::create_dir_all(workspace.path("tests"))?;
    let run = "\nrun \"all\" {\n  command = apply\n}\n";
    workspace.write("tests/a.tftest.hcl", &format!("mock_provider \"goldenpath\" {{}}\n{run}"))?;
    let test = workspace.fails(&["test", "-no-color"])?;
    test.says("is not the id of an environment, which is <cluster>/<environment>")?;
    let mock =
        |resource: &str, id: &str| format!("  mock_resource {resource:?} {{\n    defaults = {{ id = {id:?} }}\n  }}\n");
    let mocks = [mock("goldenpath_cluster_baseline", "demo"), mock("goldenpath_team_environment", "demo/payments-dev")];
    workspace.write("tests/a.tftest.hcl", &format!("mock_provider \"goldenpath\" {{\n{}}}\n{run}", mocks.concat()))?;
    workspace.ok(&["test", "-no-color"])?.says("1 passed")?;
    Ok(())
}

/// A total below what slots hold is refused with their names, in the plan.
pub(super) fn a_total_below_its_shares(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &QUICK.replace("\"requests.cpu\" = \"4\"", "\"requests.cpu\" = \"1500m\""))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("own part of requests.cpu, 1500m, is less than what the slots of demo/payments-dev hold: 2")?;
    plan.says("ledger 2")?;
    Ok(())
}

pub(super) fn tests_offline(tool: &Tool) -> Result<()> {
    let workspace = Workspace::bare(tool)?;
    workspace.write(
        "main.tf",
        &format!(
            "{}\n{}",
            environment("quota = { total = { \"requests.cpu\" = var.cpu } }"),
            r#"
variable "cpu" {
  type    = string
  default = "4"
}
"#
        ),
    )?;
    fs::create_dir_all(workspace.path("tests"))?;
    workspace.write("tests/quota.tftest.hcl", &format!(r#"
provider "goldenpath" {{
  offline = {{
    facts = {FACTS}
  }}
}}

run "quota_is_as_requested" {{
  command = plan
  variables {{
    cpu = "6"
  }}
  assert {{
    condition     = strcontains(goldenpath_team_environment.payments.objects["ResourceQuota payments/gp-base"], "requests.cpu            6")
    error_message = "the quota is not what was requested"
  }}
}}
"#))?;
    // Development overrides leave `test` without an installed provider.
    workspace.install_from_a_mirror()?;
    let run = workspace.ok(&["test", "-no-color"])?;
    run.says("1 passed, 0 failed")?;
    Ok(())
}

pub(super) fn facts_from_the_data_source(tool: &Tool) -> Result<()> {
    let hcl = format!(
        "data \"goldenpath_cluster\" \"demo\" {{\n  name = \"demo\"\n}}\n{}\noutput \"version\" {{\n  \
         value = data.goldenpath_cluster.demo.version\n}}\n",
        environment("")
    );
    let workspace = Workspace::new(tool, &hcl)?;
    workspace.apply(&[])?.says("version = \"1.36\"")?;
    workspace.plan_is_empty(&[])?;
    workspace.destroy(&[])?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "destroyed");
    Ok(())
}

/// A client shows nothing of a provider's standard error.
pub(super) fn without_a_socket(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, QUICK)?;
    let long = workspace.path(&"long".repeat(30));
    fs::create_dir(&long)?;
    for (folder, says) in [(long, "longer than"), (workspace.path("absent"), "TMPDIR to one that exists")] {
        workspace.set("TMPDIR", &folder.display().to_string());
        workspace.plan_fails(&[])?.says(says)?;
    }
    Ok(())
}

pub(super) fn without_tls(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::new(tool, QUICK)?;
    workspace.set("TF_DISABLE_PLUGIN_TLS", "1");
    workspace.plan(&[])?.says("3 to add")?;
    Ok(())
}
