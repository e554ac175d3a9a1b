//! Kubernetes behind the ports: any object by server-side apply, seen by LIST, never by watching.
//!
//! ```text
//! observe -> kinds x LIST(selector, 500 a page) -> project each document -> drop it
//! apply   -> PATCH apply, Strict; forced only over fields that may be taken, at the version that was looked at
//! delete  -> DELETE Background, with uid and resourceVersion as preconditions
//! ```
//!
//! Requests are made by hand on kube's client: it knows connections, kubeconfigs and credentials, and we want the audit id
//! of each answer, pages that are dropped as they are read, and no retries that the engine does not see.

mod apply;
mod call;
mod conflict;
mod connect;
mod delete;
mod discovery;
mod foreign;
mod health;
mod kinds;
mod list;
mod managed;
mod observe;
pub mod permissions;
mod probe;
mod project;
mod refused;
mod terminating;
mod turn;

pub use connect::{Credentials, Endpoint, EndpointSource, Kubeconfig, Token, TokenSource};
pub use foreign::Hand;

use async_trait::async_trait;
use call::Connection;
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, Observed},
    ports::{Apply, Deleted, Expect, Objects, PortError, Probe, Readiness, Selector},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// The Kubernetes half of every cluster that its endpoints know. Connects at the first call to each.
pub struct Kube {
    endpoints: Arc<dyn EndpointSource>,
    credentials: Credentials,
    connections: Mutex<HashMap<ClusterArn, Arc<OnceCell<Arc<Connection>>>>>,
    turns: turn::Queues,
}

// === impl Kube ===

impl Kube {
    pub fn new(endpoints: Arc<dyn EndpointSource>, credentials: Credentials) -> Self {
        Self { endpoints, credentials, connections: Mutex::default(), turns: turn::Queues::default() }
    }

    /// Names of the custom resource definitions that the cluster has, `<plural>.<group>`.
    pub async fn crds(&self, cluster: &ClusterArn) -> Result<Vec<String>, PortError> {
        Ok(discovery::crds(&*self.connection(cluster).await?).await?)
    }

    /// One connection for each cluster; a connect that failed is tried again by the next call.
    async fn connection(&self, cluster: &ClusterArn) -> Result<Arc<Connection>, PortError> {
        let cell = {
            let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
            connections.entry(cluster.clone()).or_default().clone()
        };
        let connect = || async {
            let endpoint = self.endpoints.endpoint(cluster).await?;
            Ok(Arc::new(connect::open(cluster, &endpoint, &self.credentials).await?))
        };
        cell.get_or_try_init(connect).await.cloned()
    }
}

#[async_trait]
impl Objects for Kube {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        observe::observe(&*self.connection(cluster).await?, selector).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        apply::apply(&*self.connection(apply.cluster).await?, &apply).await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        delete::delete(&*self.connection(cluster).await?, key, expect).await
    }
}

#[async_trait]
impl Probe for Kube {
    async fn identity(
        &self,
        cluster: &ClusterArn,
        namespace: &str,
        service_account: &str,
    ) -> Result<Readiness, PortError> {
        probe::identity(&*self.connection(cluster).await?, namespace, service_account).await
    }
}

#[cfg(test)]
mod tests;
