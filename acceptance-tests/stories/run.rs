//! One run, one thing with one id: two addresses of it, an address that changed, an instance that is made again.

use super::configurations::{ENVIRONMENT, NAMESPACE, environment};
use crate::workspace::Workspace;
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

fn each(keys: &str, body: &str) -> String {
    format!(
        "resource \"goldenpath_cluster_baseline\" \"demo\" {{\n  cluster = \"demo\"\n}}\n\n\
         resource \"goldenpath_team_environment\" \"each\" {{\n  for_each = {keys}\n  team = \"payments\"\n  tier = \"dev\"\n  \
         cluster = goldenpath_cluster_baseline.demo.id\n  {body}\n}}\n"
    )
}

pub(super) fn two_addresses(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &each("{ a = \"pay\", b = \"pay\" }", "name = each.value"))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("demo/pay is created by two resources of this configuration")?;
    let shared = r#"name = each.key
  namespaces = { for key in each.value : key => {} }"#;
    workspace.write("main.tf", &each("{ \"a\" = [\"b-c\"], \"a-b\" = [\"c\"] }", shared))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("would both create the namespace a-b-c")?;
    ensure!(workspace.sandbox().ours()?.is_empty(), "nothing was made");
    Ok(())
}

/// A name that another configuration's environment has, added to one that exists: found in the plan.
pub(super) fn a_namespace_of_another(tool: &Tool) -> Result<()> {
    let environments = |keys: &str| {
        each(
            "{ \"pay\" = [\"api\"], \"shop\" = [\"api\"] }",
            "name = each.key\n  namespaces = { for key in each.value : key => {} }",
        )
        .replace("\"shop\" = [\"api\"]", keys)
    };
    let workspace = Workspace::new(tool, &environments("\"pay-b\" = [\"c\"]"))?;
    workspace.apply(&[])?;
    let other = Workspace::new(tool, "")?;
    other.write("provider.tf", &workspace.sandbox_provider())?;
    workspace.ok(&["state", "rm", "goldenpath_team_environment.each[\"pay-b\"]"])?;
    let grown = environments("\"pay-b\" = [\"c\"]").replace("\"pay-b\" = [\"c\"]", "\"shop\" = [\"x\"]");
    workspace.write("main.tf", &grown.replace("[\"api\"]", "[\"api\", \"b-c\"]"))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("pay-b-c")?;
    plan.says("environment pay-b")?;
    Ok(())
}

pub(super) fn a_renamed_key(tool: &Tool) -> Result<()> {
    let with = |key: &str| each(&format!("{{ {key} = \"pay\" }}"), "name = each.value");
    let workspace = Workspace::new(tool, &with("old"))?;
    workspace.apply(&[])?;
    let there = workspace.sandbox().ours()?;
    workspace.write("main.tf", &with("new"))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("demo/pay is destroyed under one address and created under another")?;
    plan.says("moved {")?;
    let moved = "moved {\n  from = goldenpath_team_environment.each[\"old\"]\n  to   = \
                 goldenpath_team_environment.each[\"new\"]\n}\n";
    workspace.write("main.tf", &format!("{}{moved}", with("new")))?;
    workspace.apply(&[])?.says("0 added, 0 changed, 0 destroyed")?;
    ensure!(workspace.sandbox().ours()? == there, "and all of it is still there");
    Ok(())
}

pub(super) fn environment_is_tainted(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment("deletion_protection = true"))?;
    workspace.apply(&[])?;
    workspace.ok(&["taint", ENVIRONMENT])?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("is protected: apply `deletion_protection = false` first")?;
    plan.says("untaint")?;
    workspace.ok(&["untaint", ENVIRONMENT])?;
    workspace.plan_is_empty(&[])?;
    workspace.write("main.tf", &environment("deletion_protection = false"))?;
    workspace.apply(&[])?;
    workspace.ok(&["taint", ENVIRONMENT])?;
    let plan = workspace.plan(&[])?;
    plan.says("payments will be deleted with everything inside")?;
    plan.says_not("taken over")?;
    let uid = workspace.sandbox().generated_id(NAMESPACE)?;
    workspace.apply(&[])?.says("1 added, 0 changed, 1 destroyed")?;
    workspace.plan_is_empty(&[])?;
    ensure!(workspace.sandbox().generated_id(NAMESPACE)? != uid, "it was deleted and made again, as the plan said");
    Ok(())
}
