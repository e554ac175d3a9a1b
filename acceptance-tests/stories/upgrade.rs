//! A golden path of one's own, from `catalogue init` on: published twice, deprecated and removed, while an environment moves by plans.

mod published;

use crate::{
    outside::Outside,
    sandbox::FaultRow,
    workspace::{Run, Workspace},
};
use acceptance_tests::{
    servers::{Real, api::ApiCall},
    tools::{Tool, command_line},
};
use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use published::{LAST, NEXT, at, catalogue, publish};
use serde_json::{Value as Json, json};
use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

const NAMESPACE: &str = "k8s/v1/Namespace/payments-dev";
const LOGGING: &str = "k8s/v1/ConfigMap/payments-dev/logging";
const DOOR: &str = "k8s/networking.k8s.io/v1/NetworkPolicy/payments-dev/gp-allow-monitoring";

/// What is there besides Terraform, whichever target it is.
struct Target<'a> {
    edit: &'a dyn Fn(&str, &Json) -> Result<()>,
    is_there: &'a dyn Fn(&str) -> Result<bool>,
    document: &'a dyn Fn(&str) -> Result<Json>,
}

pub(super) fn of_a_path(tool: &Tool) -> Result<()> {
    let workspace = Workspace::bare(tool)?;
    let sandbox = || workspace.sandbox();
    let target = Target {
        edit: &|key, change| sandbox().edit(key, change),
        is_there: &|key| Ok(sandbox().ours()?.contains(&key.to_owned())),
        document: &|key| sandbox().document(key),
    };
    let provider = format!("sandbox = {{ path = {:?} }}", workspace.sandbox_path().display().to_string());
    publish_and_apply(&workspace, &provider)?;
    // An upgrade that breaks off is finished by the next apply.
    publish(&workspace, "acme-1.1.0.yaml", NEXT)?;
    at(&workspace, "1.1.0", "parameters = { log_days = 30 }")?;
    let plan = workspace.plan(&[])?;
    plan.says("resolved_version = \"1.0.0\" -> \"1.1.0\"")?;
    plan.says("+ pods 60")?;
    let path = workspace.sandbox_path().display().to_string();
    all_are_compared(&workspace, &["--sandbox", &path], &[])?;
    is_explained(&workspace, tool)?;
    sandbox().fault(&FaultRow::new("deny").verb("apply").key(LOGGING))?;
    workspace.apply_fails(&[])?.says("ConfigMap payments-dev/logging")?;
    sandbox().clear_faults()?;
    moves(&workspace, &target)?;
    ends(&workspace)?;
    ensure!(sandbox().ours()?.is_empty(), "nothing remains");
    Ok(())
}

pub fn of_a_path_on_real_servers(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    // One for all calls: the client's connections live in it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outside = runtime.block_on(Outside::of(real))?;
    let mut workspace = Workspace::bare(tool)?;
    real.environment(&real.ministack.url()).iter().for_each(|(name, value)| workspace.set(name, value));
    let target = Target {
        edit: &|key, change| runtime.block_on(outside.edit(key, change)),
        is_there: &|key| Ok(runtime.block_on(outside.look(key))?.is_some()),
        document: &|key| runtime.block_on(outside.document(key)),
    };
    publish_and_apply(&workspace, "aws = { region = \"eu-west-1\" }")?;
    publish(&workspace, "acme-1.1.0.yaml", NEXT)?;
    at(&workspace, "1.1.0", "parameters = { log_days = 30 }")?;
    let variables = real.environment(&real.ministack.url());
    all_are_compared(&workspace, &["--cluster", "demo", "--region", "eu-west-1"], &variables)?;
    // The pipeline of the baseline may write policies by their names alone.
    real.grant_for(&workspace.path("paths").display().to_string())?;
    workspace.apply(&[])?.says("0 added, 2 changed, 0 destroyed")?;
    runtime.block_on(goes_round_terraform(&outside))?;
    at(&workspace, "1.1.0", "parameters = { log_days = 31 }")?;
    moves(&workspace, &target)?;
    ends(&workspace)
}

/// What the plan refuses, the API server refuses a team's own pipeline.
async fn goes_round_terraform(outside: &Outside) -> Result<()> {
    let path = "/api/v1/namespaces/payments-dev/configmaps/logging?dryRun=All";
    let headers = [("impersonate-user", "ci"), ("impersonate-group", "payments-ci")];
    let begun = Instant::now();
    loop {
        let change = |days: &str| {
            let content = Some(("application/merge-patch+json", json!({ "data": { "days": days } })));
            ApiCall { method: Method::PATCH, path, content, headers: &headers }
        };
        let admitted = outside.reply(change("50")).await?;
        ensure!(admitted.status == 200, "what the policy admits: {admitted:?}");
        let refused = outside.reply(change("90")).await?;
        let message = refused.document["message"].as_str().unwrap_or_default();
        // A new admission policy takes a moment to be known to the API server.
        if refused.status == 200 && begun.elapsed() < Duration::from_secs(30) {
            tokio::time::sleep(Duration::from_millis(300)).await;
            continue;
        }
        ensure!(refused.status == 403 || refused.status == 422, "{refused:?}");
        ensure!(message.contains("gp-policy-short-logs-1.0.0") && message.contains("more than 60 days"), "{message}");
        return Ok(());
    }
}

/// Version 1.0.0, as `init` writes it.
fn publish_and_apply(workspace: &Workspace, target: &str) -> Result<()> {
    let provider = format!("provider \"goldenpath\" {{\n  {target}\n  catalogue = [\"paths\"]\n}}\n");
    workspace.write("provider.tf", &provider)?;
    catalogue(workspace, &["init", "paths", "--name", "acme"])?.says("acme-1.0.0.yaml")?;
    catalogue(workspace, &["validate", "paths"])?.says("acme 1.0.0 is valid")?;
    catalogue(workspace, &["test", "--catalogue", "paths"])?.says("2 passed, 0 failed")?;
    at(workspace, "1.0.0", "")?;
    workspace.apply(&[])?.says("2 added")?;
    workspace.plan_is_empty(&[]).map(drop)
}

fn moves(workspace: &Workspace, target: &Target<'_>) -> Result<()> {
    // What a team and others have put there.
    (target.edit)(NAMESPACE, &json!({"metadata": {"labels": {"squad": "blue"}}}))?;
    let plan = workspace.plan(&[])?;
    plan.says("ConfigMap payments-dev/logging")?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    workspace.apply(&[])?.says("0 added, 1 changed, 0 destroyed")?;
    workspace.plan_is_empty(&[])?;
    let data = (target.document)(LOGGING)?["data"].clone();
    ensure!(data["team"] == "payments" && ["30", "31"].iter().any(|days| data["days"] == *days), "{data}");

    at(workspace, "1.1.0", "parameters = { log_days = 80 }")?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("Logs are kept for more than 60 days")?;
    plan.says("Policy short-logs 1.0.0 flags ConfigMap payments-dev/logging")?;
    let wrong = "parameters = { log_days = 365, log_dayz = 1 }";
    at(workspace, "1.1.0", wrong)?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("Parameter log_days can't have this value: it is more than 90")?;
    plan.says("Golden path acme has no parameter \"log_dayz\"")?;

    publish(workspace, "acme-2.0.0.yaml", LAST)?;
    let shown = catalogue(workspace, &["show", "acme", "1.1.0", "--catalogue", "paths"])?;
    shown.says("# acme 1.1.0, with all that it takes from acme 1.0.0")?;
    shown.says("# No default memory limit: a pod that requests more")?;
    shown.says("# from acme 1.1.0\nmanifests:")?;
    let compared = catalogue(workspace, &["diff", "1.1.0", "2.0.0", "--tier", "dev", "--catalogue", "paths"])?;
    compared.says("- ConfigMap example-dev/logging")?;
    compared.says("- NetworkPolicy example-dev/gp-allow-monitoring")?;
    at(workspace, "2.0.0", "")?;
    let plan = workspace.plan(&[])?;
    plan.says("resolved_version = \"1.1.0\" -> \"2.0.0\"")?;
    plan.says("- \"ConfigMap payments-dev/logging\"")?;
    plan.says("- \"NetworkPolicy payments-dev/gp-allow-monitoring\"")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    for gone in [LOGGING, DOOR] {
        ensure!(!(target.is_there)(gone)?, "{gone} is no longer part of the path, and still there");
    }
    let labels = (target.document)(NAMESPACE)?["metadata"]["labels"].clone();
    ensure!(labels["squad"] == "blue", "a label of the team's own stays: {labels}");
    Ok(())
}

fn ends(workspace: &Workspace) -> Result<()> {
    let ending =
        "status: deprecated\ndeprecation: { reason: Nobody scrapes it., removal: 2999-01-01, successor: 1.1.0 }\n";
    publish(workspace, "acme-2.0.0.yaml", &format!("{LAST}{ending}"))?;
    let plan = workspace.plan_is_empty(&[])?;
    plan.says("Golden path acme 2.0.0 is deprecated, and is removed in")?;
    plan.says("Move to its successor with `golden_path_version = \"1.1.0\"`")?;

    publish(workspace, "acme-2.0.0.yaml", &format!("{LAST}{}", ending.replace("2999", "2026")))?;
    workspace.plan_is_empty(&[])?.says("Golden path acme 2.0.0 was removed on 2026-01-01")?;
    at(workspace, "2.0.0", "quota = { total = { pods = \"44\" } }")?;
    workspace.plan_fails(&[])?.says("Golden path acme 2.0.0 was removed on 2026-01-01")?;

    // A document that was edited in place is not what made this.
    publish(workspace, "acme-2.0.0.yaml", &LAST.replace("tiers: [dev], ", ""))?;
    workspace.plan_fails(&[])?.says("Golden path acme 2.0.0 is no longer the one that made this")?;
    publish(workspace, "acme-2.0.0.yaml", LAST)?;
    workspace.destroy(&[])?.says("2 destroyed").map(drop)
}

/// What is recorded, and not what a sample would be.
fn all_are_compared(workspace: &Workspace, reach: &[&str], variables: &[(String, String)]) -> Result<()> {
    let all = |from: &str, to: &str| -> Result<Run> {
        let mut command = Command::new(command_line()?);
        command.args(["catalogue", "diff", from, to, "--all", "--catalogue", "paths"]).args(reach);
        command.envs(variables.iter().cloned()).current_dir(workspace.path(""));
        let run = Run::from(command.output()?);
        ensure!(run.code == Some(0), "{}", run.raw);
        Ok(run)
    };
    let compared = all("acme 1.0.0", "acme 1.1.0")?;
    compared.says("demo/payments-dev (environment of team payments, tier dev), from acme 1.0.0 to acme 1.1.0:")?;
    compared.says("  + ConfigMap payments-dev/logging\n      + data.days 14")?;
    compared.says("  ~ ResourceQuota payments-dev/gp-base\n      - pods 40\n      + pods 60")?;
    compared.says("  new: policy.violated: More than 50 pods")?;
    let others = all("acme 1.1.0", "acme 1.0.0")?;
    others.says("Nothing on the cluster was made by acme 1.1.0")?;
    others.says("not compared: demo/payments-dev, which was made by acme 1.0.0")
}

/// A reviewer sees why: what the versions between say, and what policies say of it.
fn is_explained(workspace: &Workspace, tool: &Tool) -> Result<()> {
    workspace.plan_json(&[])?;
    let explain = |more: &[&str]| -> Result<Run> {
        let mut command = Command::new(command_line()?);
        let settings = workspace.command(&[]);
        command.current_dir(workspace.path("")).env("GOLDENPATH_CLI", &tool.program);
        command.args(["explain", "saved.plan"]).args(more);
        command.envs(settings.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Ok(Run::from(command.output()?))
    };
    let said = explain(&["--catalogue", "paths"])?;
    said.says("changelog\n  acme 1.1.0: Sixty pods in dev.")?;
    said.says("(warning, policy few-pods 1.0.0): More than 50 pods. Order nodes first.")?;
    let markdown = explain(&["--catalogue", "paths", "--markdown"])?;
    markdown.says("policy `few-pods 1.0.0`")?;
    explain(&[])?.says("golden path acme 1.1.0 is not in the catalogue: name its folder with --catalogue")
}

/// What the guide shows is read, and its cases hold.
pub(super) fn of_the_guide(tool: &Tool) -> Result<()> {
    let workspace = Workspace::bare(tool)?;
    catalogue(&workspace, &["init", "paths", "--name", "acme"])?;
    let guide = include_str!("../../docs/guides/own-golden-path.md");
    let blocks = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let of_kind = |kind: &str| blocks.clone().map(|(text, _)| text).find(|text| text.contains(kind));
    let next = of_kind("kind: GoldenPath\n").context("a version")?;
    let cases = of_kind("kind: GoldenPathTest\n").context("cases")?;
    publish(&workspace, "acme-1.1.0.yaml", next)?;
    publish(&workspace, "acme-1.1.0.test.yaml", cases)?;
    catalogue(&workspace, &["test", "--catalogue", "paths"])?.says("4 passed, 0 failed")?;
    let ending = of_kind("status: deprecated").context("an end")?;
    let first = std::fs::read_to_string(workspace.path("paths/acme-1.0.0.yaml"))?;
    publish(&workspace, "acme-1.0.0.yaml", &format!("{first}{ending}"))
}

/// A folder at a commit, and nothing that moves.
pub(super) fn of_a_repository(tool: &Tool) -> Result<()> {
    let mut workspace = Workspace::bare(tool)?;
    let cache = workspace.path("cache").display().to_string();
    workspace.set("XDG_CACHE_HOME", &cache);
    catalogue(&workspace, &["init", "repository/paths", "--name", "acme"])?;
    let git = |arguments: &[&str]| -> Result<String> {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        // Within a hook they name the repository that the hook is of, which would get this commit.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        // Nobody's own hooks and templates.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = command.args(identity).args(arguments).current_dir(workspace.path("repository")).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message=x"])?;
    let commit = git(&["rev-parse", "HEAD"])?;
    let repository = workspace.path("repository").display().to_string();
    let source = |reference: &str| format!("git::file://{repository}//paths?ref={reference}");
    let use_it = |reference: &str| {
        let sandbox = workspace.sandbox_path().display().to_string();
        let catalogue = source(reference);
        let provider = format!(
            "provider \"goldenpath\" {{\n  sandbox = {{ path = {sandbox:?} }}\n  catalogue = [{catalogue:?}]\n}}\n"
        );
        workspace.write("provider.tf", &provider)
    };
    at(&workspace, "1.0.0", "")?;
    use_it("main")?;
    let refused = workspace.plan_fails(&[])?;
    refused.says("branches, tags and short ids move")?;
    use_it(&"1".repeat(40))?;
    workspace.plan_fails(&[])?.says("has no commit 1111111111")?;
    use_it(&commit)?;
    workspace.plan(&[])?.says("resolved_version")?;
    // From then on the repository may be away.
    std::fs::remove_dir_all(workspace.path("repository/.git"))?;
    workspace.apply(&[])?.says("2 added")?;
    let mut command = Command::new(command_line()?);
    command.args(["catalogue", "validate", &source(&commit)]).env("XDG_CACHE_HOME", &cache);
    Run::from(command.output()?).says("acme 1.0.0 is valid")?;
    workspace.destroy(&[])?.says("2 destroyed").map(drop)
}
