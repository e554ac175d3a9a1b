//! `doctor` as a person runs it against the real servers: what is well is shown as such, and each trouble is found and
//! named, with what to do about it.
//!
//! ministack's policy simulator leaves out the context that it is given, so that whoever holds just the printed policy would
//! seem to lack what has conditions (IAM API Reference, SimulatePrincipalPolicy, `ContextEntries`). Here the caller may all but what is
//! denied to it.

pub mod environment;

use acceptance_tests::{
    servers::{
        Real,
        ministack::{self, ACCOUNT, Clients, REGION, assumable_by},
        real, seed,
    },
    tools::command_line,
};
use anyhow::{Context as _, Result, ensure};
use aws_sdk_eks::types::{IdentityProviderConfig, OidcIdentityProviderConfigRequest};
use aws_sdk_iam::types::Tag;
use serde_json::{Value as Json, json};
use std::{process::Command, sync::Arc};

type Variables = Vec<(String, String)>;

pub async fn reports(real: Arc<Real>) -> Result<()> {
    let (url, root) = (real.ministack.url(), real.ministack.root());
    let (key, secret) = &real.platform;
    let platform = real::environment(&url, key, secret, None);
    let seen = look(&platform, None).await?;
    for check in [
        "credentials and cluster",
        "authentication mode",
        "Pod Identity agent",
        "network policies",
        "permissions boundary",
        "identity providers",
        "AWS permissions",
        "Kubernetes permissions",
        "clock",
        "records",
        "orphans",
    ] {
        finds(&seen, check, "ok", &[])?;
    }
    // ministack's clusters log nothing.
    finds(&seen, "audit log", "warning", &["audit"])?;

    orphan(&root).await?;
    is(&platform, "orphans", "warning", &["aws/iam/Role/gp-doctor-orphan", "(of doctor)"]).await?;
    root.iam.delete_role().role_name("gp-doctor-orphan").send().await?;

    let denied = ["iam:CreateRole", "eks:CreateAccessEntry"];
    let lacking = caller(&root, &url, "lacks", &denied).await?;
    let seen = look(&lacking, None).await?;
    finds(&seen, "AWS permissions", "error", &["not allowed: eks:CreateAccessEntry, iam:CreateRole"])?;
    finds(&seen, "Kubernetes permissions", "error", &["not allowed: ", "patch namespaces"])?;
    let silenced = caller(&root, &url, "silenced", &["iam:SimulatePrincipalPolicy"]).await?;
    is(&silenced, "AWS permissions", "warning", &["iam:SimulatePrincipalPolicy"]).await?;
    let nobody = real::environment(&url, "AKIANOBODY", "wrong", None);
    is(&nobody, "credentials and cluster", "error", &["UnrecognizedClientException", "; renew them"]).await?;

    profiles(&platform, &nobody).await?;

    identity_provider(&root, "open", Some("gp:")).await?;
    is(&platform, "identity providers", "error", &["open"]).await?;
    let wanted = IdentityProviderConfig::builder().r#type("oidc").name("open").build()?;
    let gone = root.eks.disassociate_identity_provider_config().cluster_name(ministack::CLUSTER);
    gone.identity_provider_config(wanted).send().await?;
    is(&platform, "identity providers", "ok", &[]).await
}

async fn is(variables: &Variables, check: &str, verdict: &str, words: &[&str]) -> Result<()> {
    finds(&look(variables, None).await?, check, verdict, words)
}

/// All findings, and whether the command failed.
async fn look(variables: &Variables, profile: Option<&'static str>) -> Result<(Vec<Json>, bool)> {
    let variables = variables.clone();
    tokio::task::spawn_blocking(move || run(&variables, profile)).await?
}

/// One finding, its words, and that only an error fails the command.
fn finds((findings, has_failed): &(Vec<Json>, bool), check: &str, verdict: &str, words: &[&str]) -> Result<()> {
    let of = |wanted: &str| findings.iter().find(|finding| finding["check"] == wanted);
    let finding = of(check).with_context(|| format!("{check} is not reported: {findings:?}"))?;
    ensure!(finding["status"] == verdict, "{check} is not {verdict}: {finding}");
    let found = finding["found"].as_str().unwrap_or_default();
    for word in words {
        ensure!(found.contains(word), "{check}: {word:?} is missing: {finding}");
    }
    let remedy = finding["remedy"].as_str().unwrap_or_default();
    ensure!(remedy.is_empty() == (verdict == "ok"), "{check}: what to do: {finding}");
    let has_error = findings.iter().any(|finding| finding["status"] == "error");
    ensure!(*has_failed == has_error, "the exit code says {has_failed}: {findings:?}");
    Ok(())
}

fn run(variables: &Variables, profile: Option<&str>) -> Result<(Vec<Json>, bool)> {
    let mut command = Command::new(command_line()?);
    command.args(["doctor", ministack::CLUSTER, "--region", REGION, "--json"]);
    command.args(profile.map(|profile| ["--profile", profile]).into_iter().flatten());
    let out = command.envs(variables.iter().cloned()).output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    let findings = serde_json::from_slice(&out.stdout).with_context(|| format!("no findings: {said}"))?;
    Ok((findings, !out.status.success()))
}

/// Whose credentials it looks with: a profile that is named goes before the keys of the environment.
async fn profiles(platform: &Variables, nobody: &Variables) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let of = |name: &str| -> Result<String> {
        let found = platform.iter().find(|(variable, _)| variable == name);
        Ok(found.with_context(|| format!("no {name}"))?.1.clone())
    };
    let (key, secret) = (of("AWS_ACCESS_KEY_ID")?, of("AWS_SECRET_ACCESS_KEY")?);
    let file = folder.path().join("credentials");
    std::fs::write(&file, format!("[platform]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"))?;
    let mut variables = nobody.clone();
    variables.push(("AWS_SHARED_CREDENTIALS_FILE".to_owned(), file.display().to_string()));
    let check = "credentials and cluster";
    finds(&look(&variables, Some("platform")).await?, check, "ok", &["user/platform"])?;
    is(&variables, check, "error", &["; renew them"]).await?;
    finds(&look(&variables, Some("nowhere")).await?, check, "error", &["nowhere"])
}

/// Of an environment that no record knows.
async fn orphan(root: &Clients) -> Result<()> {
    let mut role = root.iam.create_role().role_name("gp-doctor-orphan").path("/goldenpath/");
    for (key, value) in [
        ("goldenpath:managed", "true".to_owned()),
        ("goldenpath:cluster-arn", ministack::cluster_arn()),
        ("goldenpath:environment", "doctor".to_owned()),
    ] {
        role = role.tags(Tag::builder().key(key).value(value).build()?);
    }
    role.assume_role_policy_document(assumable_by("Service", "pods.eks.amazonaws.com")).send().await?;
    Ok(())
}

/// A user who may all but these, whom Kubernetes knows and lets do nothing.
async fn caller(root: &Clients, url: &str, name: &str, denied: &[&str]) -> Result<Variables> {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": denied, "Resource": "*"},
    ]});
    let user = format!("doctor-{name}");
    let (key, secret) = seed::user(root, &user, &policy.to_string()).await?;
    seed::enter(root, &format!("arn:aws:iam::{ACCOUNT}:user/{user}"), &user).await?;
    Ok(real::environment(url, &key, &secret, None))
}

async fn identity_provider(root: &Clients, name: &str, groups_prefix: Option<&str>) -> Result<()> {
    let provider = OidcIdentityProviderConfigRequest::builder()
        .identity_provider_config_name(name)
        .issuer_url("https://people.example.com")
        .client_id("kubernetes")
        .groups_claim("groups")
        .set_groups_prefix(groups_prefix.map(str::to_owned))
        .build()?;
    let associated = root.eks.associate_identity_provider_config().cluster_name(ministack::CLUSTER);
    associated.oidc(provider).send().await?;
    Ok(())
}
