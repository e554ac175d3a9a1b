//! One account and region. Nothing is contacted before the first call.

use super::{
    clients::{self, AwsClients},
    cluster_cache::{ClusterCache, Described},
    options::AwsOptions,
    token::TokenCache,
};
use goldenpath_core::{domain::ClusterRef, ports::PortError};
use tokio::sync::OnceCell;

pub struct Aws {
    pub(super) options: AwsOptions,
    clients: OnceCell<AwsClients>,
    clusters: ClusterCache,
    pub(super) tokens: TokenCache,
}

// === impl Aws ===

impl Aws {
    pub fn new(options: AwsOptions) -> Self {
        Self { options, clients: OnceCell::new(), clusters: ClusterCache::default(), tokens: TokenCache::default() }
    }

    /// Opened by the first call; a failed attempt is repeated by the next one.
    pub(super) async fn clients(&self) -> Result<&AwsClients, PortError> {
        self.clients.get_or_try_init(|| clients::open(&self.options)).await
    }

    pub(super) async fn describe(&self, cluster: &ClusterRef) -> Result<Described, PortError> {
        self.clusters.describe(self.clients().await?, cluster).await
    }
}
