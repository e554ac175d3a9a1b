//! Tokens of ServiceAccounts, as the API server reviews them for a daemon.

use crate::{daemon::Daemon, issuer::Authority, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, as_text, no_errors},
    servers::{
        Real,
        api::{Api, ApiCall},
        ministack::{self, cluster_arn},
        real,
        seed::put,
    },
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::domain::ClusterArn;
use hyper::Method;
use serde_json::json;
use std::sync::Arc;

const NAMESPACE: &str = "reviewed";

pub async fn are_for_an_audience(real: Arc<Real>) -> Result<()> {
    let (api, admin) = (Api::of(&real.cluster)?, real.token().await?);
    let metadata = |name: &str| json!({ "name": name, "namespace": NAMESPACE });
    put(&real.cluster, json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } })).await?;
    put(&real.cluster, json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("deployer") }))
        .await?;
    let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/deployer/token");
    let spec = json!({ "spec": { "audiences": ["goldenpath"], "expirationSeconds": 3600 } });
    let content = Some(("application/json", spec));
    let made = api.call(&admin, ApiCall { method: Method::POST, path: &path, content, headers: &[] }).await?;
    let token = made.document.pointer("/status/token").and_then(|token| token.as_str());
    let token = token.with_context(|| format!("no token: {made:?}"))?;

    let (kube, cluster): (_, ClusterArn) = (real.cluster.kube(real.cluster.admin()), cluster_arn().parse()?);
    let review = async |token: &str, audience: &str| kube.review_token(&cluster, token, &[audience.to_owned()]).await;
    let known = review(token, "goldenpath").await?.context("it is known")?;
    ensure!(known.user == format!("system:serviceaccount:{NAMESPACE}:deployer"), "it is {known:?}");
    ensure!(known.groups.contains(&format!("system:serviceaccounts:{NAMESPACE}")), "with its groups: {known:?}");
    ensure!(review(token, "vault").await?.is_none(), "a token for somebody else");
    let (start, _) = token.rsplit_once('.').context("no JSON Web Token")?;
    ensure!(review(&format!("{start}.AAAA"), "goldenpath").await?.is_none(), "a token that nobody signed");
    of_a_daemon(&real, token, &format!("{start}.AAAA")).await
}

/// The team that holds the token plans within its rule.
async fn of_a_daemon(real: &Real, token: &str, unsigned: &str) -> Result<()> {
    let (folder, authority) = (tempfile::Builder::new().prefix("gp").tempdir()?, Authority::new());
    let ca = authority.write(&folder.path().join("ca.pem"));
    authority.server(folder.path(), "daemon");
    let config = format!(
        "listen: {{ tcp: 127.0.0.1:0, tls: {{ certificate: daemon.crt, key: daemon.key }} }}
journal: journal.db
target: {{ aws: {{ region: {region} }} }}
tokens: {{ kubernetes: {{ audiences: [goldenpath] }} }}
callers:
  - {{ name: ci, when: {{ kubernetes: {{ service_account: \"{NAMESPACE}:deployer\" }} }}, allow: {{ teams: [reviewed] }} }}
",
        region = ministack::REGION,
    );
    let (key, secret) = &real.platform;
    let daemon = Daemon::in_folder(folder, &config, real::environment(&real.ministack.url(), key, secret, None))?;
    let server = Server::start()?;
    crate::outside::baseline(real, &server).await?;
    let with = |token: &str| json!({ "daemon": { "endpoint": daemon.https().unwrap_or_default(), "ca_certificate": ca, "token": token } });
    let config =
        |team: &str| json!({"name": format!("of-{team}"), "team": team, "tier": "dev", "cluster": ministack::CLUSTER});
    let client = server.client(&with(token)).await?;
    let mut environment = Instance::new(&client, ENVIRONMENT);
    no_errors(&environment.plan(Some(&config("reviewed"))).await?.said, "its own")?;
    let other = as_text(&environment.plan(Some(&config("shop"))).await?.said);
    ensure!(other.contains("(bounds.outside)"), "another team: {other}");
    let stranger = server.client(&with(unsigned)).await?;
    let refused = as_text(&Instance::new(&stranger, ENVIRONMENT).plan(Some(&config("reviewed"))).await?.said);
    ensure!(refused.contains("refuses the token"), "nobody's token: {refused}");
    Ok(())
}
