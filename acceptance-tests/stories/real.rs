//! `examples/eks` as it stands, on AWS and Kubernetes: made, quiet, healed, imported, changed and destroyed, with both targets
//! listed by other means than the provider's.

use crate::{
    daemon::{Daemon, UNSHARED},
    outside::Outside,
    truth::Way,
    workspace::{Workspace, objects},
};
use acceptance_tests::{
    servers::{Real, ministack::assumable_by},
    tools::Tool,
};
use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goldenpath_core::kinds::{KeptKeys, short, whole_key};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

const BASELINE: &str = "goldenpath_cluster_baseline.this";
const ENVIRONMENT: &str = "goldenpath_team_environment.payments";
const SLOT: &str = "goldenpath_eks_workload_slot.ledger";
const NAME: &str = "payments-dev";

/// Alone on its servers: at the end nothing of ours may be left there.
pub fn a_whole_life(tool: &Tool, real: &Arc<Real>, way: Way) -> Result<()> {
    acceptance_tests::block_on(life(tool, real, way))
}

async fn life(tool: &Tool, real: &Arc<Real>, way: Way) -> Result<()> {
    let outside = Outside::of(real).await?;
    let before = outside.inventory().await?;
    // What the administrator has made with the permissions.
    let home = BTreeSet::from(["k8s/v1/Namespace/goldenpath-system".to_owned()]);
    ensure!(before == home, "somebody else is here: {before:?}");
    let life = format!("{}-{way:?}", tool.name);
    let (dev, ci) = (format!("dev-of-{life}"), format!("ci-of-{life}"));
    let [dev, ci] = outside.principals([&dev, &ci]).await?;
    let (mut workspace, _daemon) = workspace(tool, real, way, &dev, &ci)?;

    workspace.apply(&[])?.says("3 added")?;
    let all = all(&workspace)?;
    is_there(&outside, &all).await?;
    workspace.plan_is_empty(&[])?;
    // The second time everything is read again, by another process.
    workspace.plan_is_empty(&[])?;

    heals(&workspace, &outside, &all).await?;
    imports(&workspace)?;

    workspace.set("TF_VAR_cpu", "6");
    let plan = workspace.plan(&[])?;
    plan.says("0 to add, 1 to change, 0 to destroy")?;
    plan.says("+ requests.cpu 6")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    is_there(&outside, &all).await?;

    workspace.destroy(&[])?.says("3 destroyed")?;
    let left = outside.inventory().await?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    namespaces_end(&outside).await
}

/// With a daemon, only it has the credentials.
fn workspace(
    tool: &Tool,
    real: &Arc<Real>,
    way: Way,
    developer: &str,
    ci: &str,
) -> Result<(Workspace, Option<Daemon>)> {
    let mut workspace = Workspace::bare(tool)?;
    // The example names its provider itself.
    workspace.remove("versions.tf")?;
    let (example, environment) = (include_str!("../../examples/eks/main.tf"), real.environment(&real.ministack.url()));
    let target = "aws = { region = var.region }";
    ensure!(example.contains(target), "the example names its target");
    let daemon = match way {
        Way::Itself => {
            environment.iter().for_each(|(name, value)| workspace.set(name, value));
            workspace.write("main.tf", example)?;
            None
        }
        Way::Daemon => {
            let daemon = Daemon::with("aws: { region: eu-west-1 }", UNSHARED, environment)?;
            let through = format!("daemon = {{ endpoint = {:?} }}", daemon.endpoint());
            workspace.write("main.tf", &example.replace(target, &through))?;
            Some(daemon)
        }
    };
    let list = |arn: &str| json!([arn]).to_string();
    for (name, value) in [
        ("region", "eu-west-1".to_owned()),
        ("cluster", "demo".to_owned()),
        ("developers", list(developer)),
        ("ci", list(ci)),
    ] {
        workspace.set(&format!("TF_VAR_{name}"), &value);
    }
    Ok((workspace, daemon))
}

/// Whole keys of the `objects` of all three.
fn all(workspace: &Workspace) -> Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for address in [BASELINE, ENVIRONMENT, SLOT] {
        let instance = workspace.instance(address)?.with_context(|| format!("{address} is not in the state"))?;
        let private = STANDARD.decode(instance["private"].as_str().unwrap_or_default())?;
        let memory: Json = serde_json::from_slice(&private)?;
        let kept: KeptKeys = serde_json::from_value(memory["keys"].clone()).unwrap_or_default();
        let objects = objects(&instance["attributes"]);
        ensure!(!objects.is_empty(), "{address} has no objects");
        for shown in objects.keys() {
            let key = whole_key(shown, &kept).with_context(|| format!("{shown} stands for no object"))?;
            all.insert(key.to_string());
        }
    }
    Ok(all)
}

/// What the plans promised, and what carries our labels and tags, are the same.
async fn is_there(outside: &Outside, all: &BTreeSet<String>) -> Result<()> {
    let there = outside.inventory().await?;
    let mut unmarked = BTreeSet::new();
    for key in all.difference(&there) {
        // Of a `default` ServiceAccount one field is ours, and an access policy has no tags: they are looked for by name.
        let has_no_mark = key.ends_with("/default") || key.contains("/AccessPolicy/");
        ensure!(has_no_mark, "{key} is promised, and is not there or not marked as ours");
        ensure!(outside.look(key).await?.is_some(), "{key} is promised and not there");
        unmarked.insert(key);
    }
    let more: Vec<_> = there.difference(all).collect();
    ensure!(more.is_empty(), "nobody promised {more:?}");
    ensure!(unmarked.len() < all.len() / 4, "most should carry our mark: {unmarked:?}");
    Ok(())
}

/// Out-of-band changes in AWS and Kubernetes, all shown in one plan.
async fn heals(workspace: &Workspace, outside: &Outside, all: &BTreeSet<String>) -> Result<()> {
    let find = |part: &str| all.iter().find(|key| key.contains(part)).with_context(|| format!("no {part} in {all:?}"));
    let association = outside.look(&format!("aws/eks/PodIdentityAssociation/{NAME}/ledger")).await?;
    ensure!(association.is_some(), "the slot has its association");
    let roles: Vec<&String> = all.iter().filter(|key| key.starts_with("aws/iam/Role/")).collect();
    ensure!(roles.len() == 2, "the deployer's role and the slot's: {roles:?}");
    let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    let iam = &outside.real.ministack.root().iam;
    iam.attach_role_policy()
        .role_name(name(roles[0]))
        .policy_arn(outside.real.boundary())
        .send()
        .await
        .context("a policy attached out of band")?;
    let anybody = assumable_by("AWS", "arn:aws:iam::111122223333:root");
    iam.update_assume_role_policy()
        .role_name(name(roles[1]))
        .policy_document(anybody)
        .send()
        .await
        .context("a trust policy changed out of band")?;
    let quota = find(&format!("/ResourceQuota/{NAME}/"))?;
    outside.edit(quota, &json!({"spec": {"hard": {"pods": "1"}}})).await?;
    let policy = find(&format!("/NetworkPolicy/{NAME}/"))?;
    outside.delete(policy).await?;
    let entry = find("aws/eks/AccessEntry/")?;
    outside.delete(entry).await?;

    let plan = workspace.plan(&[])?;
    for key in [roles[0], roles[1], quota, policy, entry] {
        plan.says(&short(key)).context("drift is shown by the object's key")?;
    }
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let attached = iam.list_attached_role_policies().role_name(name(roles[0])).send().await?;
    ensure!(attached.attached_policies.unwrap_or_default().is_empty(), "what was attached out of band is gone");
    is_there(outside, all).await
}

fn imports(workspace: &Workspace) -> Result<()> {
    let mut ids = vec![];
    for address in [BASELINE, ENVIRONMENT, SLOT] {
        let id = workspace.attributes(address)?["id"].as_str().context("no id")?.to_owned();
        ids.push((address, id));
    }
    workspace.ok(&["state", "rm", SLOT, ENVIRONMENT, BASELINE])?;
    for (address, id) in ids {
        workspace.ok(&["import", "-no-color", "-input=false", address, &id])?;
    }
    workspace.plan_is_empty(&[])?;
    Ok(())
}

/// Really: not only marked for deletion.
async fn namespaces_end(outside: &Outside) -> Result<()> {
    let started = Instant::now();
    loop {
        let listed = outside.get("/api/v1/namespaces").await?;
        let names = listed["items"].as_array().cloned().unwrap_or_default();
        let names: Vec<_> = names.iter().filter_map(|one| one["metadata"]["name"].as_str()).collect();
        let ours = names.iter().find(|name| name.starts_with(NAME) || **name == "goldenpath-system");
        let Some(ours) = ours else { return Ok(()) };
        ensure!(started.elapsed() < Duration::from_secs(20), "the namespace {ours} does not end");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
