//! Tokens of ServiceAccounts, as the API server reviews them for a daemon.

use super::platform_token;
use acceptance_tests::servers::{
    Real,
    api::{Api, ApiCall},
    ministack::cluster_arn,
    seed::put,
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::domain::ClusterArn;
use hyper::Method;
use serde_json::json;
use std::sync::Arc;

const NAMESPACE: &str = "reviewed";

pub async fn are_for_an_audience(real: Arc<Real>) -> Result<()> {
    let (api, admin) = (Api::of(&real.cluster)?, platform_token(&real).await?);
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
    Ok(())
}
