//! What one connection has read of its clusters: each thing once. Errors are not kept, since a token may be renewed meanwhile.

use crate::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, RoleQuotas, StableFacts},
    ports::{Clusters, PortError},
};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};
use tokio::sync::Mutex;

type Known<K, V> = Mutex<HashMap<K, V>>;

/// By cluster as it was written.
pub struct KnownClusters {
    clusters: Arc<dyn Clusters>,
    facts: Known<ClusterRef, Facts>,
    targets: Known<ClusterRef, String>,
    only: Known<(), Option<ClusterRef>>,
    quotas: Known<ClusterArn, RoleQuotas>,
    /// Policies and OIDC providers of IAM. Only those that exist: what is missing is made by someone else, and then looked for again.
    there: Mutex<HashSet<String>>,
}

/// The lock is held meanwhile: many readers at once cause one read.
async fn once<K: Clone + Eq + Hash, V: Clone>(
    known: &Known<K, V>,
    key: &K,
    read: impl Future<Output = Result<V, PortError>>,
) -> Result<V, PortError> {
    let mut known = known.lock().await;
    if let Some(value) = known.get(key) {
        return Ok(value.clone());
    }
    let value = read.await?;
    known.insert(key.clone(), value.clone());
    Ok(value)
}

// === impl KnownClusters ===

impl KnownClusters {
    pub fn new(clusters: Arc<dyn Clusters>) -> Self {
        Self {
            clusters,
            facts: Mutex::default(),
            targets: Mutex::default(),
            only: Mutex::default(),
            quotas: Mutex::default(),
            there: Mutex::default(),
        }
    }

    pub async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        once(&self.facts, cluster, self.clusters.facts(cluster)).await
    }

    pub async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        once(&self.targets, cluster, self.clusters.target(cluster)).await
    }

    pub async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        once(&self.only, &(), self.clusters.only()).await
    }

    pub async fn policy_exists(&self, facts: &StableFacts, arn: &str) -> Result<bool, PortError> {
        self.is_there(arn, self.clusters.policy_exists(&facts.cluster_arn, arn)).await
    }

    pub async fn oidc_provider_exists(&self, facts: &StableFacts, issuer: &str) -> Result<bool, PortError> {
        self.is_there(issuer, self.clusters.oidc_provider_exists(&facts.cluster_arn, issuer)).await
    }

    async fn is_there(
        &self,
        name: &str,
        read: impl Future<Output = Result<bool, PortError>>,
    ) -> Result<bool, PortError> {
        let mut there = self.there.lock().await;
        if there.contains(name) {
            return Ok(true);
        }
        let exists = read.await?;
        if exists {
            there.insert(name.to_owned());
        }
        Ok(exists)
    }

    pub async fn role_quotas(&self, facts: &StableFacts) -> Result<RoleQuotas, PortError> {
        once(&self.quotas, &facts.cluster_arn, self.clusters.role_quotas(&facts.cluster_arn)).await
    }

    pub async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        self.clusters.identity_providers(cluster).await
    }
}
