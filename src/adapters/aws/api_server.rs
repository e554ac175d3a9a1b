//! How EKS lets us reach a cluster's API server: its endpoint, and tokens of our own making.

use super::{account::Aws, calls::Call};
use crate::{
    errors::invalid,
    kube::{Endpoint, EndpointSource, Token, TokenSource},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef},
    ports::PortError,
};

#[async_trait]
impl EndpointSource for Aws {
    async fn endpoint(&self, cluster: &ClusterArn) -> Result<Endpoint, PortError> {
        let failed = |message: String| invalid(Call::DescribeCluster.name(), message);
        let wanted: ClusterRef = cluster.as_str().parse().map_err(|error| failed(format!("{error}")))?;
        let described = self.describe(&wanted).await?;
        let url = described.cluster.endpoint().unwrap_or_default().to_owned();
        let authority = described.cluster.certificate_authority();
        let ca_data = authority.and_then(|authority| authority.data()).unwrap_or_default().to_owned();
        if url.is_empty() || ca_data.is_empty() {
            return Err(failed(format!(
                "{cluster} has no endpoint or no certificate authority yet: wait until it has"
            )));
        }
        Ok(Endpoint { url, ca_data })
    }
}

#[async_trait]
impl TokenSource for Aws {
    async fn token(&self, cluster: &ClusterArn, renew: bool) -> Result<Token, PortError> {
        self.tokens.token(self.clients().await?, cluster, renew).await
    }
}
