//! Clusters behind the port, and how one is run.

use super::{
    account::Aws,
    call::{call, each_page, list},
    calls::Call,
    clients::AwsClients,
    facts, iam,
};
use crate::errors::invalid;
use async_trait::async_trait;
use aws_sdk_eks::types::{IdentityProviderConfig, LogType};
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, RoleQuotas},
    kinds::aws::role,
    ports::{Clusters, PortError},
};

/// The only type of identity provider that EKS has.
const OIDC: &str = "oidc";

#[async_trait]
impl Clusters for Aws {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        Ok(self.describe(cluster).await?.arn.to_string())
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        let described = self.describe(cluster).await?;
        let clients = self.clients().await?;
        let gather = || facts::gather(clients, &described.arn, &described.cluster);
        described.facts.get_or_try_init(gather).await.cloned()
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        let clients = self.clients().await?;
        let mut names = vec![];
        let pages = clients.eks.list_clusters().into_paginator().send();
        each_page(clients, Call::ListClusters, pages, |page| {
            names.extend(page.clusters.unwrap_or_default());
            page.next_token.filter(|_| names.len() < 2)
        })
        .await?;
        match names.as_slice() {
            [name] => name.parse().map(Some).map_err(|error| invalid(Call::ListClusters.name(), format!("{error}"))),
            _ => Ok(None),
        }
    }

    /// Of another account's policies IAM says only that they may not be read.
    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        match role::may_have_policy(cluster, policy_arn) {
            true => iam::policy_exists(self.clients().await?, policy_arn).await,
            false => Ok(false),
        }
    }

    async fn role_quotas(&self, _cluster: &ClusterArn) -> Result<RoleQuotas, PortError> {
        iam::role_quotas(self.clients().await?).await
    }

    async fn oidc_provider_exists(&self, _cluster: &ClusterArn, issuer: &str) -> Result<bool, PortError> {
        iam::oidc_provider_exists(self.clients().await?, issuer).await
    }

    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        identity_providers(self.clients().await?, cluster.name()).await
    }
}

impl Aws {
    /// Whether the control plane writes its audit log.
    pub async fn audits(&self, cluster: &ClusterRef) -> Result<bool, PortError> {
        let described = self.describe(cluster).await?;
        let logging = described.cluster.logging();
        let setups = logging.map(|logging| logging.cluster_logging()).unwrap_or_default();
        Ok(setups.iter().any(|setup| setup.enabled() == Some(true) && setup.types().contains(&LogType::Audit)))
    }
}

async fn identity_providers(clients: &AwsClients, cluster: &str) -> Result<Vec<IdentityProvider>, PortError> {
    let pages = clients.eks.list_identity_provider_configs().cluster_name(cluster).into_paginator().send();
    let configs = list(clients, Call::ListIdentityProviderConfigs, pages, |page| {
        (page.identity_provider_configs.unwrap_or_default(), page.next_token)
    })
    .await?;
    let mut found = vec![];
    for IdentityProviderConfig { name, .. } in configs {
        let Ok(wanted) = IdentityProviderConfig::builder().r#type(OIDC).name(&name).build() else { continue };
        let request = clients
            .eks
            .describe_identity_provider_config()
            .cluster_name(cluster)
            .identity_provider_config(wanted)
            .send();
        let response = call(clients, Call::DescribeIdentityProviderConfig, request).await?;
        let oidc = response.identity_provider_config.and_then(|config| config.oidc);
        found.push(IdentityProvider { name, groups_prefix: oidc.and_then(|oidc| oidc.groups_prefix) });
    }
    Ok(found)
}
