//! The embedded target: one SQLite file that behaves like AWS and Kubernetes where it matters to us.
//!
//! It serves a first run and rehearsals, and it is the stateful double of the tests. It is not a second engine: it
//! implements the ports of the real adapters, and one contract suite ([`crate::contract`]) runs against all of them.
//!
//! Nothing is opened before the first use. One thread owns the connection and runs what it is sent; several processes
//! share a file safely, since each call is one `BEGIN IMMEDIATE` transaction. Faults are rows in the file, so every
//! process meets them.

mod bodies;
mod call;
mod eks;
mod error;
mod fault;
mod foreign;
mod hand;
mod iam;
mod kubernetes;
mod managed;
mod namespace;
mod observe;
mod options;
mod ownership;
pub(crate) mod pointer;
mod row;
mod seed;
mod store;
#[cfg(test)]
mod tests;
mod worker;

pub use call::{Call, Verb};
pub use error::SandboxError;
pub use fault::{Action, Fault, FaultRow};
pub use hand::Listed;
pub use options::{ClusterOptions, SandboxOptions};

use async_trait::async_trait;
use call::Ask;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed},
    ports::{Apply, Clusters, Deleted, Expect, Objects, PortError, Probe, Readiness, Selector},
};
use std::{path::Path, path::PathBuf, sync::Arc};

/// A handle on one sandbox file. Cheap to clone; the file is made at the first use.
#[derive(Clone)]
pub struct Sandbox {
    worker: Arc<worker::Worker>,
    /// The cluster that tampering by hand means; `None`: the only one, else `demo`.
    cluster: Option<ClusterRef>,
}

impl Sandbox {
    pub fn open(path: impl Into<PathBuf>, options: SandboxOptions) -> Self {
        Self { worker: Arc::new(worker::Worker::new(path.into(), options)), cluster: None }
    }

    /// The same file, with another cluster for what is done by hand.
    #[must_use]
    pub fn at(&self, cluster: ClusterRef) -> Self {
        Self { worker: self.worker.clone(), cluster: Some(cluster) }
    }

    pub fn path(&self) -> &Path {
        self.worker.path()
    }
}

#[async_trait]
impl Objects for Sandbox {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        let (cluster, selector) = (cluster.clone(), selector.clone());
        let ask = Ask::observe(&selector);
        self.worker.call(ask, move |store| observe::observe(store, &cluster, &selector)).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let order = bodies::Order::of(apply);
        let ask = Ask::write(Verb::Apply, &order.key);
        self.worker.call(ask, move |store| bodies::apply(store, &order)).await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let (cluster, key, expect) = (cluster.clone(), key.clone(), expect.clone());
        let ask = Ask::write(Verb::Delete, &key);
        self.worker.call(ask, move |store| bodies::delete(store, &cluster, &key, &expect)).await
    }
}

#[async_trait]
impl Clusters for Sandbox {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        let cluster = cluster.clone();
        Ok(self.worker.by_hand(move |store| store.cluster(&cluster).and_then(|_| store.target())).await?)
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        let cluster = cluster.clone();
        let ask = Ask::about(Verb::Facts, cluster.as_str());
        self.worker.call(ask, move |store| eks::describe_cluster(store, &cluster)).await
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        Ok(self.worker.by_hand(|store| store.only_cluster()).await?)
    }

    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        let (cluster, policy_arn) = (cluster.clone(), policy_arn.to_owned());
        let ask = Ask::about(Verb::Policy, policy_arn.as_str());
        self.worker.call(ask, move |store| iam::get_policy(store, &cluster, &policy_arn)).await
    }

    /// Its clusters have none.
    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        let cluster = cluster.clone();
        self.worker.by_hand(move |store| store.cluster(&cluster).map(|_| ())).await?;
        Ok(vec![])
    }
}

#[async_trait]
impl Probe for Sandbox {
    async fn identity(
        &self,
        cluster: &ClusterArn,
        namespace: &str,
        service_account: &str,
    ) -> Result<Readiness, PortError> {
        let cluster = cluster.clone();
        let association = ObjectKey::PodIdentityAssociation {
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
        };
        let ask = Ask::write(Verb::Probe, &association);
        self.worker.call(ask, move |store| eks::probe(store, &cluster, &association)).await
    }
}
