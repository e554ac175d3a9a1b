//! Versions of a golden path: a newer one in the catalogue moves nothing by itself.

use super::configurations::{ENVIRONMENT, QUICK};
use crate::workspace::Workspace;
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use std::fs;

const BUILT_IN: &str = include_str!("../../src/core/golden/paths/team-standard-1.0.0.yaml");

/// The built-in path under another version, with a larger default for pods.
fn publish(workspace: &Workspace, version: &str) -> Result<()> {
    let text =
        BUILT_IN.replace("version: 1.0.0", &format!("version: {version}")).replace("pods: \"40\"", "pods: \"44\"");
    ensure!(text != BUILT_IN && text.contains("pods: \"44\""), "the document is another one");
    fs::create_dir_all(workspace.path("paths"))?;
    workspace.write(&format!("paths/team-standard-{version}.yaml"), &text)?;
    let sandbox = workspace.sandbox_path().display().to_string();
    workspace.write(
        "provider.tf",
        &format!("provider \"goldenpath\" {{\n  sandbox = {{ path = {sandbox:?} }}\n  catalogue = [\"paths\"]\n}}\n"),
    )
}

fn at(version: &str) -> String {
    let quota = r#"quota   = { total = { "requests.cpu" = "4", pods = "40" } }"#;
    QUICK.replace(quota, version)
}

pub(super) fn stay(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &at(""))?;
    workspace.apply(&[])?;
    publish(&workspace, "1.1.0")?;
    workspace.plan_is_empty(&[])?;
    workspace.plan_is_empty(&["-refresh=false"])?;
    let resolved = |workspace: &Workspace| {
        let instance = workspace.instance(ENVIRONMENT)?.unwrap_or_default();
        Ok::<_, anyhow::Error>(instance["attributes"]["resolved_version"].as_str().unwrap_or_default().to_owned())
    };
    ensure!(resolved(&workspace)? == "1.0.0", "it stays at {}", resolved(&workspace)?);

    let newer = "\ndata \"goldenpath_team_environment\" \"there\" {\n  id = \"demo/payments-dev\"\n}\n\noutput \"newer\" {\n  value = \
                 data.goldenpath_team_environment.there.newer_versions\n}\n";
    workspace.write("newer.tf", newer)?;
    workspace.plan(&[])?.says("+ newer = [ + \"1.1.0\", ]")?;
    workspace.remove("newer.tf")?;

    // An import of what is there stays, too.
    let id = "demo/payments-dev";
    workspace.ok(&["state", "rm", "goldenpath_eks_workload_slot.ledger", ENVIRONMENT])?;
    workspace.ok(&["import", "-no-color", "-input=false", ENVIRONMENT, id])?;
    workspace.ok(&[
        "import",
        "-no-color",
        "-input=false",
        "goldenpath_eks_workload_slot.ledger",
        &format!("{id}/ledger"),
    ])?;
    workspace.plan_is_empty(&[])?;

    workspace.write("main.tf", &at("golden_path_version = \"~> 1.0\""))?;
    workspace.plan(&[])?.says_not("resolved_version")?;
    workspace.apply(&[])?.says("0 added, 1 changed, 0 destroyed")?;
    ensure!(resolved(&workspace)? == "1.0.0", "what admits its version does not move it");

    workspace.write("main.tf", &at("golden_path_version = \"~> 1.1\""))?;
    let plan = workspace.plan(&[])?;
    plan.says("resolved_version = \"1.0.0\" -> \"1.1.0\"")?;
    plan.says("+ pods 44")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    ensure!(resolved(&workspace)? == "1.1.0", "its own text has moved it");

    workspace.write("main.tf", &at("golden_path_version = \"~> 2.0\""))?;
    workspace.plan_fails(&[])?.says("No version of golden path team-standard satisfies \"~> 2.0\"")?;
    workspace.write("main.tf", &at("golden_path_version = \"newest\""))?;
    workspace.plan_fails(&[])?.says("is not a version constraint")?;

    // What made it is gone: one error with the way out, and a destroy works all the same.
    workspace.write("main.tf", &at(""))?;
    publish(&workspace, "1.2.0")?;
    workspace.remove("paths/team-standard-1.1.0.yaml")?;
    workspace.plan_fails(&[])?.says("1.1.0, which this was made by, is no longer in the catalogue")?;
    workspace.destroy(&["-refresh=false"])?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "nothing remains");
    Ok(())
}
