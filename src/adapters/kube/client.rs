//! The Kubernetes half of every cluster that its endpoints know. Connects at the first call to each.

use super::{
    apply,
    call::Connection,
    connect,
    credentials::{Credentials, EndpointSource},
    delete, discovery,
    lease_lock::{self, Lock},
    mirror::Mirror,
    observe, probe,
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey, Observed},
    ports::{Apply, Deleted, Expect, Objects, PortError, Probe, Readiness, Scope, Selector},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

pub struct Kube {
    endpoints: Arc<dyn EndpointSource>,
    credentials: Credentials,
    connections: Mutex<HashMap<ClusterArn, Arc<OnceCell<Arc<Connection>>>>>,
    locks: lease_lock::Queues,
    mirrors: Mutex<HashMap<ClusterArn, Arc<Mirror>>>,
}

// === impl Kube ===

impl Kube {
    pub fn new(endpoints: Arc<dyn EndpointSource>, credentials: Credentials) -> Self {
        Self {
            endpoints,
            credentials,
            connections: Mutex::default(),
            locks: lease_lock::Queues::default(),
            mirrors: Mutex::default(),
        }
    }

    /// Names of the custom resource definitions that the cluster has, `<plural>.<group>`.
    pub async fn crds(&self, cluster: &ClusterArn) -> Result<Vec<String>, PortError> {
        Ok(discovery::crds(&*self.connection(cluster).await?).await?)
    }

    /// Does the work while nobody else does work under a lock of this name in the cluster. Where a Lease cannot exist (our
    /// namespace, or the whole cluster, is gone) there is nobody to wait for. Also says whether nobody else can have done such work meanwhile.
    pub async fn with_lock<T>(
        &self,
        cluster: &ClusterArn,
        name: &str,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<(T, Lock), PortError> {
        match self.connection(cluster).await {
            Err(error) if error.class == Class::NotFound => Ok((work.await?, Lock::Lost)),
            connection => self.locks.with_lock(&*connection?, name, work).await,
        }
    }

    /// One connection for each cluster; a failed attempt is repeated by the next call.
    pub(super) async fn connection(&self, cluster: &ClusterArn) -> Result<Arc<Connection>, PortError> {
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

    fn mirror(&self, cluster: &ClusterArn) -> Arc<Mirror> {
        self.mirrors.lock().unwrap_or_else(PoisonError::into_inner).entry(cluster.clone()).or_default().clone()
    }
}

#[async_trait]
impl Objects for Kube {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        if selector.is_nothing() {
            return Ok(vec![]);
        }
        observe::observe(&*self.connection(cluster).await?, selector).await
    }

    async fn observe_recent(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        if matches!(selector.scope, Scope::Keys | Scope::Granted) {
            return self.observe(cluster, selector).await;
        }
        let connection = self.connection(cluster).await?;
        let part = self.mirror(cluster).part(&connection, &selector.scope).await?;
        observe::complete(&connection, part, &selector.keys).await
    }

    fn revision(&self, cluster: &ClusterArn) -> u64 {
        self.mirror(cluster).revision()
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
