//! The ordinary life of an environment.

use super::configurations::{QUICK, environment};
use crate::workspace::{Workspace, objects};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use goldenpath_core::kinds;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn a_whole_life(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    workspace.install_from_a_mirror()?;
    workspace.ok(&["validate", "-no-color"])?;

    let plan = workspace.plan(&["-out=saved.plan"])?;
    plan.says("3 to add, 0 to change, 0 to destroy")?;
    plan.says("ResourceQuota payments-dev/gp-base")?;
    // A saved plan is applied as it was approved.
    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
    workspace.plan_is_empty(&[])?;

    let before = workspace.attributes("goldenpath_team_environment.payments")?;
    workspace.write("main.tf", &QUICK.replace("\"requests.cpu\" = \"4\"", "\"requests.cpu\" = \"6\""))?;
    let plan = workspace.plan(&[])?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    plan.says("- requests.cpu 4 + requests.cpu 6")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let after = workspace.attributes("goldenpath_team_environment.payments")?;
    ensure!(before["uid"] == after["uid"], "an update keeps the uid");
    let (before, after) = (objects(&before), objects(&after));
    let changed: Vec<_> =
        after.iter().filter(|(key, line)| before.get(*key) != Some(line)).map(|(key, _)| key).collect();
    ensure!(changed == ["ResourceQuota payments-dev/gp-base"], "more than the quota has changed: {changed:?}");

    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    Ok(())
}

pub(super) fn child_objects_are_shown(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, QUICK)?;
    let planned = workspace.plan_json(&[])?;
    let changes = planned["resource_changes"].as_array().cloned().unwrap_or_default();
    ensure!(changes.len() == 3, "three resources, not {}", changes.len());
    let mut promised = BTreeMap::new();
    for change in &changes {
        let after = &change["change"]["after"];
        ensure!(change["change"]["after_unknown"]["objects"] != true, "objects are known in the plan");
        promised.extend(objects(after));
    }
    for (key, part) in [
        ("Namespace goldenpath-system", ""),
        ("ClusterRole gp-viewer", "read="),
        ("Namespace payments-dev", "pod-security=v1.36 enforce baseline"),
        ("ResourceQuota payments-dev/gp-base", "requests.cpu            4\n"),
        ("NetworkPolicy payments-dev/gp-default-deny", "ingress=closed"),
        ("RoleBinding payments-dev/gp-developer", "subjects=Group gp:p:"),
        ("ServiceAccount payments-dev/ledger", ""),
        ("PodIdentityAssociation payments-dev/ledger", "role=/goldenpath/"),
    ] {
        let text = promised.get(key);
        ensure!(text.is_some_and(|text| text.contains(part)), "{key} is not promised with {part:?}: {text:?}");
    }
    let digests = promised.values().all(|text| text.rsplit_once("#2:").is_some_and(|(_, digest)| digest.len() == 10));
    ensure!(digests, "each text ends in a digest: {promised:#?}");

    workspace.ok(&["apply", "-no-color", "-input=false", "saved.plan"])?;
    let there: BTreeSet<_> = workspace.sandbox().ours()?.iter().map(|key| kinds::short(key)).collect();
    let promised: BTreeSet<_> = promised.into_keys().collect();
    ensure!(there == promised, "promised {promised:#?}, there is {there:#?}");
    Ok(())
}

pub(super) fn replacement(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &environment("").replace("name    = \"payments\"", "name    = \"billing\""))?;
    let plan = workspace.plan(&[])?;
    plan.says("forces replacement")?;
    plan.says("1 to add, 0 to change, 1 to destroy")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let there = workspace.sandbox().ours()?;
    ensure!(there.iter().any(|key| key == "k8s/v1/Namespace/billing"), "the new one is there");
    ensure!(!there.iter().any(|key| key.contains("/payments")), "nothing of the old one is left: {there:?}");
    Ok(())
}

/// People's access outlives the objects that it protects, and what is in a namespace goes before the namespace.
pub(super) fn destroy_order(tool: &Tool) -> Result<()> {
    let access = r#"access = {
    admin    = { principal_arns = ["arn:aws:iam::111122223333:role/pay-admin"] }
    deployer = { create_role = true, trusted_principal_arns = ["arn:aws:iam::111122223333:role/ci"] }
  }"#;
    let workspace = Workspace::new(tool, &environment(access))?;
    workspace.apply(&[])?;
    let calls = workspace.sandbox().calls()?.len();
    workspace.destroy(&["-target=goldenpath_team_environment.payments"])?;
    let calls = workspace.sandbox().calls()?.split_off(calls);
    let deletes: Vec<_> =
        calls.into_iter().filter(|call| call.verb == "delete" && call.ok).map(|call| call.key).collect();
    let at = |part: &str| {
        deletes.iter().position(|key| key.contains(part)).ok_or_else(|| anyhow::anyhow!("no {part} in {deletes:#?}"))
    };
    let namespace = at("k8s/v1/Namespace/payments")?;
    ensure!(namespace < at("aws/eks/AccessEntry/")?, "access goes after the namespaces: {deletes:#?}");
    ensure!(namespace < at("aws/iam/Role/")?, "roles go after the namespaces: {deletes:#?}");
    ensure!(
        at("k8s/v1/ConfigMap/goldenpath-system/environment.payments")? + 1 == deletes.len(),
        "the record goes last"
    );
    Ok(())
}

pub(super) fn for_each_over_fifty(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(
        tool,
        r#"
resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

resource "goldenpath_team_environment" "many" {
  for_each = toset([for n in range(50) : format("team-%02d", n)])
  name     = each.key
  team     = each.key
  tier     = "dev"
  cluster  = goldenpath_cluster_baseline.demo.id
}
"#,
    )?;
    workspace.apply(&[])?.says("51 added")?;
    let calls = workspace.sandbox().calls()?.len();
    workspace.plan_is_empty(&[])?;
    let calls = workspace.sandbox().calls()?.split_off(calls);
    let observed = calls.iter().filter(|call| call.verb == "observe").count();
    ensure!(observed <= 10, "a refresh of 50 environments took {observed} listings");
    ensure!(calls.iter().all(|call| call.verb != "apply" && call.verb != "delete"), "a plan changes nothing");
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    Ok(())
}
