//! TokenReview by the API server of the daemon's target.

use super::real;
use crate::{cli::daemon::KubernetesTokensOf, resources::provider_config::Target};
use anyhow::{Context, bail};
use async_trait::async_trait;
use goldenpath_adapters::kube::Kube;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef},
    ports::Clusters,
};
use goldenpath_daemon::{KubernetesTokens, ReviewTokens, Reviewed};
use std::sync::Arc;

struct Reviewer {
    kube: Arc<Kube>,
    clusters: Arc<dyn Clusters>,
    /// `None`: the only one.
    cluster: Option<ClusterRef>,
}

pub(super) fn of(tokens: &KubernetesTokensOf, target: &Target) -> anyhow::Result<KubernetesTokens> {
    let KubernetesTokensOf { audiences, cluster } = tokens.clone();
    let Target::Real { aws, kubernetes } = target else { bail!("tokens.kubernetes: the target has no API server") };
    let cluster = cluster.map(|name| name.parse()).transpose().context("tokens.kubernetes.cluster")?;
    let (aws, kube) = real::adapters((**aws).clone(), kubernetes.clone(), false, None)
        .map_err(|error| anyhow::anyhow!("{}. {}", error.summary, error.detail))?;
    Ok(KubernetesTokens { audiences, reviewer: Arc::new(Reviewer { kube, clusters: aws, cluster }) })
}

#[async_trait]
impl ReviewTokens for Reviewer {
    async fn review(&self, token: &str, audiences: &[String]) -> Result<Option<Reviewed>, String> {
        let cluster = match &self.cluster {
            Some(cluster) => cluster.clone(),
            None => {
                let only = self.clusters.only().await.map_err(|error| error.to_string())?;
                only.ok_or("there is not just one cluster: set `tokens.kubernetes.cluster`")?
            }
        };
        let arn = self.clusters.target(&cluster).await.map_err(|error| error.to_string())?;
        let arn: ClusterArn = arn.parse().map_err(|error| format!("{arn}: {error}"))?;
        let reviewed = self.kube.review_token(&arn, token, audiences).await.map_err(|error| error.to_string())?;
        Ok(reviewed.map(|who| Reviewed { user: who.user, groups: who.groups }))
    }
}
