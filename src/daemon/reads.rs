//! Reads that all clients of the daemon share, and writes that end what was read.
//!
//! Plans share: three clients that plan the same cluster at once cost about what one costs. What an operation reads is its own and
//! fresh, since its writes are decided by it: the records and leases that it waits for, the objects that it is about to change. So
//! whoever is within an operation (`ports::operation`) reads past the window. Its writes end the window for everybody, at once and
//! also when they fail, because a write whose response was lost may have been made. Writes of other daemons on the same store are
//! heard of when their operations end; those of anybody else end the window when the target reports them, and are otherwise seen
//! when it is over. What a target reports by itself also serves plans without a read, but for a while after a write of ours: a report
//! comes later than the response to the write.

mod window;

use crate::metrics::Metrics;
use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed, RoleQuotas},
    ports::{Apply, Clusters, Deleted, Expect, Objects, PortError, Revoked, Selector, operation},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use window::{Stamp, Window};

/// Facts change with upgrades and add-ons, and not with what we write.
const FACTS_FOR: Duration = Duration::from_secs(10);

/// After a write, until its report has certainly come. The API server's watches are milliseconds behind.
const REPORTED_WITHIN: Duration = Duration::from_secs(5);

/// One for the whole process, over however many targets are made.
pub struct Reads {
    objects: Window<(ClusterArn, Selector), Vec<Observed>>,
    facts: Window<ClusterRef, Facts>,
    targets: Window<ClusterRef, String>,
    only: Window<(), Option<ClusterRef>>,
    writes: Mutex<Writes>,
    is_off: bool,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Writes {
    to: HashMap<ClusterArn, Written>,
    /// To what no cluster has alone: roles of an account, and whatever other daemons did.
    to_all: Written,
}

#[derive(Clone, Copy, Default)]
struct Written {
    times: u64,
    last: Option<Instant>,
}

/// Of a cluster when it is to be read.
struct State {
    stamp: Stamp,
    /// All writes have been reported.
    is_reported: bool,
}

struct SharedObjects {
    inner: Arc<dyn Objects>,
    reads: Arc<Reads>,
}

struct SharedClusters {
    inner: Arc<dyn Clusters>,
    reads: Arc<Reads>,
}

/// Counts when the write is over, however it ends.
struct Writing<'a> {
    reads: &'a Reads,
    /// `None`: of every cluster.
    cluster: Option<&'a ClusterArn>,
}

// === impl Reads ===

impl Reads {
    /// `open_for`: how long after its begin a read serves others. Nothing is shared if that is no time at all.
    pub fn new(open_for: Duration, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            objects: Window::new(open_for),
            facts: Window::new(FACTS_FOR),
            targets: Window::new(FACTS_FOR),
            only: Window::new(FACTS_FOR),
            writes: Mutex::default(),
            is_off: open_for.is_zero(),
            metrics,
        })
    }

    /// The same objects, with shared reads.
    pub fn over_objects(self: &Arc<Self>, inner: Arc<dyn Objects>) -> Arc<dyn Objects> {
        Arc::new(SharedObjects { inner, reads: self.clone() })
    }

    pub fn over_clusters(self: &Arc<Self>, inner: Arc<dyn Clusters>) -> Arc<dyn Clusters> {
        Arc::new(SharedClusters { inner, reads: self.clone() })
    }

    /// Somebody has written somewhere: nobody is served by what was read before.
    pub fn outdate(&self) {
        self.count_write(None);
    }

    /// Somebody may have, and nobody says so: whatever it was, the target has reported it by now. So nobody is served by what was read
    /// before, and reports serve as they did.
    pub fn end_window(&self) {
        self.lock().to_all.times += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Writes> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_write(&self, cluster: Option<&ClusterArn>) {
        let mut writes = self.lock();
        let written = match cluster {
            Some(cluster) => writes.to.entry(cluster.clone()).or_default(),
            None => &mut writes.to_all,
        };
        *written = Written { times: written.times + 1, last: Some(Instant::now()) };
    }

    /// `reported`: the target's number of its last report.
    fn state(&self, cluster: &ClusterArn, reported: u64) -> State {
        let writes = self.lock();
        let both = [writes.to_all, writes.to.get(cluster).copied().unwrap_or_default()];
        State {
            stamp: Stamp { writes: both.iter().map(|written| written.times).sum(), reported },
            is_reported: both.iter().all(|written| written.last.is_none_or(|at| at.elapsed() > REPORTED_WITHIN)),
        }
    }

    /// What an operation reads is its own.
    fn is_own(&self) -> bool {
        self.is_off || operation::current().is_some()
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.reads.count_write(self.cluster);
    }
}

// === impl SharedObjects ===

impl SharedObjects {
    fn write<'a>(&'a self, cluster: &'a ClusterArn, key: &ObjectKey) -> Writing<'a> {
        Writing { reads: &self.reads, cluster: (!key.is_aws()).then_some(cluster) }
    }
}

#[async_trait]
impl Objects for SharedObjects {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        if self.reads.is_own() {
            return self.inner.observe(cluster, selector).await;
        }
        let (inner, wanted) = (self.inner.clone(), (cluster.clone(), selector.clone()));
        let State { stamp, is_reported } = self.reads.state(cluster, inner.revision(cluster));
        let read = {
            let (cluster, selector) = wanted.clone();
            async move {
                match is_reported {
                    true => inner.observe_recent(&cluster, &selector).await,
                    false => inner.observe(&cluster, &selector).await,
                }
            }
        };
        let (found, is_shared) = self.reads.objects.read(wanted, stamp, read).await;
        self.reads.metrics.count_shared_read("objects", is_shared);
        found.map(Arc::unwrap_or_clone)
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let _writing = self.write(apply.cluster, apply.key);
        self.inner.apply(apply).await
    }

    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let _writing: Vec<Writing<'_>> = applies.iter().map(|apply| self.write(apply.cluster, apply.key)).collect();
        self.inner.apply_policies(applies).await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let _writing = self.write(cluster, key);
        self.inner.delete(cluster, key, expect).await
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        let _writing = self.write(cluster, &ObjectKey::access_entry(&revoked.principal));
        self.inner.revoke(cluster, revoked).await
    }
}

#[async_trait]
impl Clusters for SharedClusters {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        if self.reads.is_own() {
            return self.inner.target(cluster).await;
        }
        let (inner, wanted) = (self.inner.clone(), cluster.clone());
        let read = async move { inner.target(&wanted).await };
        let (found, is_shared) = self.reads.targets.read(cluster.clone(), Stamp::default(), read).await;
        self.reads.metrics.count_shared_read("target", is_shared);
        found.map(Arc::unwrap_or_clone)
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        if self.reads.is_own() {
            return self.inner.facts(cluster).await;
        }
        let (inner, wanted) = (self.inner.clone(), cluster.clone());
        let read = async move { inner.facts(&wanted).await };
        let (found, is_shared) = self.reads.facts.read(cluster.clone(), Stamp::default(), read).await;
        self.reads.metrics.count_shared_read("facts", is_shared);
        found.map(Arc::unwrap_or_clone)
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        if self.reads.is_own() {
            return self.inner.only().await;
        }
        let inner = self.inner.clone();
        let (found, is_shared) = self.reads.only.read((), Stamp::default(), async move { inner.only().await }).await;
        self.reads.metrics.count_shared_read("clusters", is_shared);
        found.map(Arc::unwrap_or_clone)
    }

    /// Only of what does not exist yet is it asked twice, and then it may have been made meanwhile.
    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        self.inner.policy_exists(cluster, policy_arn).await
    }

    async fn role_quotas(&self, cluster: &ClusterArn) -> Result<RoleQuotas, PortError> {
        self.inner.role_quotas(cluster).await
    }

    async fn oidc_provider_exists(&self, cluster: &ClusterArn, issuer: &str) -> Result<bool, PortError> {
        self.inner.oidc_provider_exists(cluster, issuer).await
    }

    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        self.inner.identity_providers(cluster).await
    }
}

#[cfg(test)]
mod tests;
