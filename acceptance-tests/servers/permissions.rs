//! Who runs the provider in these tests: a user with the policy that `permissions` prints, an access entry, and the printed roles bound to
//! its group. Nothing else: what the code came to need besides would fail here.
//!
//! ministack does not enforce some of the policy, so its copy is changed: roles' ARNs there hold no path, of EKS it knows no ARN but the
//! cluster's, and condition keys that it does not know would deny everything (`NOT_THERE`).

use super::{
    cluster::Cluster,
    ministack::{ACCOUNT, Clients},
    seed::{enter, put, user},
};
use crate::tools::command_line;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;
use std::process::Command;

/// Condition keys of AWS that ministack does not know.
const NOT_THERE: [&str; 9] = [
    "iam:PermissionsBoundary",
    "iam:PassedToService",
    "iam:PolicyARN",
    "eks:kubernetesGroups",
    "eks:accessEntryType",
    "eks:accessScope",
    "eks:policyArn",
    "eks:namespaces",
    "aws:ResourceTag/goldenpath:managed",
];

/// Access key and secret of a new user. `part`: what its pipeline makes, `None` for everything.
pub async fn runner(
    root: &Clients,
    cluster: &Cluster,
    name: &str,
    part: Option<&str>,
    change: impl FnOnce(Json) -> Json,
) -> Result<(String, String)> {
    let policy = change(aws_policy_of(part)?);
    let keys = user(root, name, &policy.to_string()).await?;
    enter(root, &format!("arn:aws:iam::{ACCOUNT}:user/{name}"), name).await?;
    grant(cluster, name, part).await?;
    Ok(keys)
}

/// For whoever makes everything.
pub fn aws_policy() -> Result<Json> {
    aws_policy_of(None)
}

fn aws_policy_of(part: Option<&str>) -> Result<Json> {
    Ok(for_ministack(print("--aws", part, &[])?))
}

/// What an administrator does with `permissions --kubernetes`. The namespace of the records goes with the baseline, and the roles in it.
pub async fn grant(cluster: &Cluster, group: &str, part: Option<&str>) -> Result<()> {
    grant_for(cluster, group, part, &[]).await
}

/// `more`: further arguments of `permissions`.
pub async fn grant_for(cluster: &Cluster, group: &str, part: Option<&str>, more: &[&str]) -> Result<()> {
    let mut items = print("--kubernetes", part, &[&["--group", group], more].concat())?;
    for item in items["items"].as_array_mut().context("a List")? {
        // Several groups share these servers.
        if item["kind"].as_str().is_some_and(|kind| kind.ends_with("Binding")) {
            let name = item["metadata"]["name"].as_str().context("name")?;
            item["metadata"]["name"] = format!("{group}.{name}").into();
        }
        put(cluster, item.clone()).await?;
    }
    Ok(())
}

fn print(system: &str, part: Option<&str>, more: &[&str]) -> Result<Json> {
    let role = part.map(|part| ["--role", part]);
    let out = Command::new(command_line()?)
        .args(["permissions", system])
        .args(role.into_iter().flatten())
        .args(more)
        .output()?;
    ensure!(out.status.success(), "permissions {system}: {}", String::from_utf8_lossy(&out.stderr));
    Ok(serde_json::from_slice(&out.stdout)?)
}

fn for_ministack(mut policy: Json) -> Json {
    for statement in policy["Statement"].as_array_mut().into_iter().flatten() {
        for resource in statement["Resource"].as_array_mut().into_iter().flatten() {
            if let Some(text) = resource.as_str() {
                let is_inside_a_cluster = text.contains(":eks:") && !text.contains(":cluster/");
                *resource = match is_inside_a_cluster {
                    true => "*".into(),
                    false => text.replace("role/goldenpath/*", "role/*").into(),
                };
            }
        }
        if let Some(operators) = statement.get_mut("Condition").and_then(Json::as_object_mut) {
            for keys in operators.values_mut() {
                if let Some(keys) = keys.as_object_mut() {
                    keys.retain(|key, _| !NOT_THERE.contains(&key.as_str()));
                }
            }
            operators.retain(|_, keys| keys.as_object().is_some_and(|keys| !keys.is_empty()));
        }
    }
    policy
}
