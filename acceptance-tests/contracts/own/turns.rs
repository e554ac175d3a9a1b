//! Turns, kept by Leases of a real API server. Its namespace is the provider's own.

use super::demo;
use crate::servers::{Cluster, real::put};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use goldenpath_core::{
    domain::ObjectKey,
    ports::{Objects, Scope, Selector},
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

const SYSTEM: &str = "goldenpath-system";

pub(super) async fn are_taken(cluster: &Cluster) -> Result<()> {
    one_at_a_time(cluster).await?;
    abandoned(cluster).await?;
    let lease = |name| ObjectKey::kube("coordination.k8s.io/v1", "Lease", Some(SYSTEM), name);
    let all = Selector { scope: Scope::Keys, keys: ["own-one", "own-dead", "own-long"].map(lease).to_vec() };
    let left = cluster.kube(cluster.admin()).observe(&demo()?, &all).await?;
    ensure!(left.is_empty(), "a Lease stays: {left:?}");
    Ok(())
}

/// Six processes, as far as the API server can tell.
async fn one_at_a_time(cluster: &Cluster) -> Result<()> {
    let (inside, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || async {
        let kube = cluster.kube(cluster.admin());
        let work = async {
            let others = inside.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            turns.fetch_add(1, Ordering::SeqCst);
            Ok(others)
        };
        let others = kube.in_turn(&demo()?, "own-one", work).await?;
        ensure!(others == 0, "{others} others have the same turn");
        Ok(())
    };
    try_join_all([work(), work(), work(), work(), work(), work()]).await?;
    ensure!(turns.load(Ordering::SeqCst) == 6, "each had its turn");
    Ok(())
}

/// Whoever was killed keeps nobody waiting for long, and whoever renews is not taken for dead.
async fn abandoned(cluster: &Cluster) -> Result<()> {
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
        let after_dead = first.in_turn(&cluster, "own-dead", async { Ok(Instant::now()) }).await;
        Ok(after_dead.context("the turn of a dead holder")?.duration_since(begun))
    };
    let renews = async {
        let next = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            second.in_turn(&cluster, "own-long", async { Ok(Instant::now()) }).await
        };
        let (ended, next) = tokio::join!(first.in_turn(&cluster, "own-long", long), next);
        Ok::<_, anyhow::Error>((ended?, next?))
    };
    let (waited, (ended, next)) = tokio::try_join!(waits, renews)?;
    let waited = waited.as_secs();
    ensure!((15..60).contains(&waited), "the turn of a dead holder came after {waited} s");
    ensure!(next >= ended, "a turn that is renewed was taken for dead");
    Ok(())
}
