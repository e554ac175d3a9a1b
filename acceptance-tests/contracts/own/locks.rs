//! Locks, kept by Leases of a real API server. Their namespace is the provider's own.

use super::demo;
use acceptance_tests::servers::{Cluster, seed::put};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use goldenpath_adapters::kube::Lock;
use goldenpath_core::{
    domain::ObjectKey,
    ports::{Objects, Scope, Selector},
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const SYSTEM: &str = "goldenpath-system";

pub(super) async fn are_held(cluster: Arc<Cluster>) -> Result<()> {
    one_at_a_time(&cluster).await?;
    abandoned_lock_expires(&cluster).await?;
    let lease = |name| ObjectKey::kube("coordination.k8s.io/v1", "Lease", Some(SYSTEM), name);
    let all = Selector { scope: Scope::Keys, keys: ["own-one", "own-dead", "own-long"].map(lease).to_vec() };
    let left = cluster.kube(cluster.admin()).observe(&demo()?, &all).await?;
    ensure!(left.is_empty(), "a Lease stays: {left:?}");
    Ok(())
}

/// Six processes, as far as the API server can tell.
async fn one_at_a_time(cluster: &Cluster) -> Result<()> {
    let (inside, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || async {
        let kube = cluster.kube(cluster.admin());
        let work = async {
            let others = inside.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
            Ok(others)
        };
        let (others, lock) = kube.with_lock(&demo()?, "own-one", work).await?;
        ensure!(others == 0 && lock == Lock::Kept, "{others} others hold the same lock: {lock:?}");
        Ok(())
    };
    try_join_all([work(), work(), work(), work(), work(), work()]).await?;
    ensure!(done.load(Ordering::SeqCst) == 6, "each held it once");
    Ok(())
}

/// Whoever was killed keeps nobody waiting for long, and whoever renews is not taken for dead.
async fn abandoned_lock_expires(cluster: &Cluster) -> Result<()> {
    put(
        cluster,
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "own-dead", "namespace": SYSTEM},
            "spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 15}}),
    )
    .await?;
    let (first, second) = (cluster.kube(cluster.admin()), cluster.kube(cluster.admin()));
    let (begun, cluster) = (Instant::now(), demo()?);
    let long = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Ok(Instant::now())
    };
    let waits = async {
        let after_dead = first.with_lock(&cluster, "own-dead", async { Ok(Instant::now()) }).await;
        let (at, _) = after_dead.context("the lock of a dead holder")?;
        Ok(at.duration_since(begun))
    };
    let renews = async {
        let next = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            second.with_lock(&cluster, "own-long", async { Ok(Instant::now()) }).await
        };
        let (ended, next) = tokio::join!(first.with_lock(&cluster, "own-long", long), next);
        Ok::<_, anyhow::Error>((ended?.0, next?.0))
    };
    let (waited, (ended, next)) = tokio::try_join!(waits, renews)?;
    let waited = waited.as_secs();
    ensure!((15..60).contains(&waited), "the lock of a dead holder came after {waited} s");
    ensure!(next >= ended, "a lock that is renewed was taken for dead");
    Ok(())
}
