//! A decorator that counts calls, for tests of read cost.

use super::{Apply, Deleted, Expect, Objects, PortError, Selector};
use crate::domain::{ClusterArn, ObjectKey, Observed};
use async_trait::async_trait;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts observations, applies and deletions on their way to the target behind it.
pub struct Counted {
    inner: Arc<dyn Objects>,
    pub observed: AtomicUsize,
    pub applied: AtomicUsize,
    pub deleted: AtomicUsize,
}

impl Counted {
    pub fn new(inner: Arc<dyn Objects>) -> Self {
        Self { inner, observed: AtomicUsize::new(0), applied: AtomicUsize::new(0), deleted: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Objects for Counted {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        self.observed.fetch_add(1, Ordering::Relaxed);
        self.inner.observe(cluster, selector).await
    }
    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        self.applied.fetch_add(1, Ordering::Relaxed);
        self.inner.apply(apply).await
    }
    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        self.deleted.fetch_add(1, Ordering::Relaxed);
        self.inner.delete(cluster, key, expect).await
    }
}
