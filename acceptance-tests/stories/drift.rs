//! What others change, and what becomes of it.

use super::configurations::{ENVIRONMENT, NAMESPACE, QUOTA, SHOWN_QUOTA, environment};
use crate::workspace::{Workspace, objects, squash};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use goldenpath_core::kinds;
use serde_json::{Value as Json, json};

fn apply(tool: &Tool, more: &str) -> Result<Workspace> {
    let workspace = Workspace::new(tool, &environment(more))?;
    workspace.apply(&[])?;
    Ok(workspace)
}

fn raise_the_quota(workspace: &Workspace) -> Result<()> {
    workspace.sandbox().edit(QUOTA, &json!({ "spec": { "hard": { "requests.cpu": "99" } } }))
}

fn cpu(workspace: &Workspace) -> Result<String> {
    let quota = workspace.sandbox().document(QUOTA)?;
    Ok(quota["spec"]["hard"]["requests.cpu"].as_str().unwrap_or_default().to_owned())
}

pub(super) fn a_changed_field(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    raise_the_quota(&workspace)?;
    let plan = workspace.plan(&[])?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    plan.says("- requests.cpu 99 + requests.cpu 4")?;
    plan.says("kubectl-edit")?;
    workspace.apply(&[])?;
    ensure!(cpu(&workspace)? == "4", "healed to 4, not {}", cpu(&workspace)?);
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn is_only_reported(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, r#"drift = { mode = "report" }"#)?;
    raise_the_quota(&workspace)?;
    let plan = workspace.plan_is_empty(&[])?;
    plan.says(&format!("{SHOWN_QUOTA} has drifted and is left as it is"))?;
    workspace.apply(&[])?;
    ensure!(cpu(&workspace)? == "99", "left as it is, not {}", cpu(&workspace)?);
    // Diagnostics in every plan, for as long as it is so.
    workspace.plan_is_empty(&[])?.says(SHOWN_QUOTA)?;
    // And in state, for those who see no diagnostics: what is gone, too, for as long as it is.
    let drifted = || -> Result<Json> { Ok(workspace.attributes(ENVIRONMENT)?["drifted"].clone()) };
    ensure!(drifted()? == json!([SHOWN_QUOTA]), "{}", drifted()?);
    workspace.sandbox().delete("k8s/v1/LimitRange/payments/gp-defaults")?;
    for _ in 0..2 {
        workspace.plan_is_empty(&[])?;
        workspace.apply(&[])?;
        ensure!(drifted()? == json!(["LimitRange payments/gp-defaults", SHOWN_QUOTA]), "{}", drifted()?);
    }
    workspace.write("main.tf", &environment(""))?;
    workspace.apply(&[])?;
    ensure!(drifted()?.is_null(), "healed: {}", drifted()?);
    workspace.plan_is_empty(&[]).map(drop)
}

pub(super) fn ignored_object(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, r#"drift = { ignore = ["ResourceQuota *"] }"#)?;
    raise_the_quota(&workspace)?;
    let key = "k8s/v1/LimitRange/payments/gp-defaults";
    workspace.sandbox().delete(key)?;
    workspace.apply(&[])?;
    ensure!(cpu(&workspace)? == "99", "the quota matches the pattern");
    ensure!(workspace.sandbox().ours()?.iter().any(|there| there == key), "what does not match is healed");
    workspace.plan_is_empty(&[])?;
    Ok(())
}

pub(super) fn a_deleted_object(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    let key = "k8s/networking.k8s.io/v1/NetworkPolicy/payments/gp-default-deny";
    workspace.sandbox().delete(key)?;
    let plan = workspace.plan(&[])?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    plan.says("NetworkPolicy payments/gp-default-deny")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    ensure!(workspace.sandbox().ours()?.iter().any(|there| there == key), "it is there again");

    // A whole namespace, with all that is in it.
    workspace.sandbox().delete(NAMESPACE)?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let promised: Vec<_> = objects(&workspace.attributes(ENVIRONMENT)?).into_keys().collect();
    let there: Vec<_> = workspace.sandbox().ours()?.iter().map(|key| kinds::short(key)).collect();
    ensure!(promised.iter().all(|key| there.contains(key)), "all of {promised:#?} is there again: {there:#?}");
    Ok(())
}

pub(super) fn a_label_of_others(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    let label = json!({ "metadata": { "labels": { "cattle.io/project": "x" }, "annotations": { "who": "me" } } });
    workspace.sandbox().edit(NAMESPACE, &label)?;
    workspace.plan_is_empty(&[])?;
    workspace.write("main.tf", &environment(r#"quota = { total = { "requests.cpu" = "6" } }"#))?;
    workspace.apply(&[])?;
    let namespace = workspace.sandbox().document(NAMESPACE)?;
    ensure!(namespace["metadata"]["labels"]["cattle.io/project"] == "x", "an apply leaves it: {namespace}");
    Ok(())
}

pub(super) fn a_conflict(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    let theirs = json!({ "spec": { "hard": { "requests.cpu": "99" } } });
    workspace.sandbox().declare(QUOTA, &theirs, "argocd-controller")?;
    let run = workspace.run(&["apply", "-no-color", "-input=false", "-auto-approve"])?;
    ensure!(run.code == Some(1), "a conflict is an error: {}", run.raw);
    // By the error: the plan and its warnings have the same words.
    let held = "other field managers hold /spec/hard/requests.cpu by argocd-controller";
    run.says(&format!("Error: {SHOWN_QUOTA}: {held}"))?;
    ensure!(cpu(&workspace)? == "99", "nothing was taken");
    Ok(())
}

pub(super) fn refresh_only(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    raise_the_quota(&workspace)?;
    let calls = workspace.sandbox().calls()?.len();
    let plan = workspace.run(&["plan", "-refresh-only", "-no-color", "-input=false"])?;
    plan.says("changed outside of")?;
    plan.says("requests.cpu 99")?;
    workspace.ok(&["apply", "-refresh-only", "-auto-approve", "-no-color", "-input=false"])?;
    let changed = workspace.sandbox().calls()?.split_off(calls);
    ensure!(changed.iter().all(|call| call.verb != "apply" && call.verb != "delete"), "refresh-only changes nothing");
    let text = objects(&workspace.attributes(ENVIRONMENT)?).get(SHOWN_QUOTA).cloned().unwrap_or_default();
    ensure!(squash(&text).contains("requests.cpu 99"), "state holds what was observed: {text}");
    // What state now knows is still not what is desired.
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    ensure!(cpu(&workspace)? == "4", "healed");
    Ok(())
}

pub(super) fn without_refresh(tool: &Tool) -> Result<()> {
    let workspace = apply(tool, "")?;
    raise_the_quota(&workspace)?;
    workspace.plan_is_empty(&["-refresh=false"])?;
    workspace.write("main.tf", &environment(r#"quota = { total = { "requests.cpu" = "6" } }"#))?;
    workspace.apply(&["-refresh=false"])?;
    ensure!(cpu(&workspace)? == "6", "an apply without a refresh still ends as planned");
    workspace.plan_is_empty(&[])?;
    Ok(())
}
