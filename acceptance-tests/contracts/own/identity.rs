//! The probe of a pod's identity.
//!
//! The namespace has room for one pod, and each look is made many times: had one of them left a pod behind, the quota would
//! refuse the next. On servers of its own: others would get "not ready" where there is a webhook.

use super::demo;
use acceptance_tests::servers::{Cluster, pod_identity, seed::put};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::kube::Kube;
use goldenpath_core::ports::{
    Probe,
    Readiness::{self, Inconclusive, NotReady, Ready},
};
use serde_json::{Value as Json, json};
use std::time::Duration;

const NAMESPACE: &str = "own-identity";

pub async fn is_reported(cluster: &Cluster) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    for document in [namespace(), account("ledger"), account("other"), room_for(1)] {
        put(cluster, document).await?;
    }
    settles(&kube, "ledger", Inconclusive, "there is no webhook to wait for").await?;
    put(cluster, pod_identity::webhook()).await?;
    settles(&kube, "ledger", NotReady, "the webhook has not heard of it").await?;
    pod_identity::hears_of(cluster, NAMESPACE, "ledger").await?;
    settles(&kube, "ledger", Ready, "the pod comes back with an identity").await?;
    settles(&kube, "other", NotReady, "another account has none").await?;
    let stranger = cluster.kube(&cluster.kubeconfig("nobody", "no-group")?);
    settles(&stranger, "ledger", Inconclusive, "a 403 says nothing of an identity").await?;
    put(cluster, room_for(0)).await?;
    settles(&kube, "ledger", Inconclusive, "nor does a full quota").await?;
    Ok(())
}

/// Controllers and policies take a moment; from then on each look says the same.
async fn settles(kube: &Kube, account: &str, expected: Readiness, reason: &str) -> Result<()> {
    let (mut seen, mut in_a_row) = (None, 0);
    for _ in 0..240 {
        let look = kube.identity(&demo()?, NAMESPACE, account).await;
        let look = look.with_context(|| reason.to_owned())?;
        in_a_row = if look == expected { in_a_row + 1 } else { 0 };
        seen = Some(look);
        if in_a_row == 5 {
            return Ok(());
        }
        if in_a_row == 0 {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    ensure!(seen == Some(expected), "{reason}: the look says {seen:?}");
    Ok(())
}

fn namespace() -> Json {
    json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
}

fn account(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}})
}

fn room_for(pods: u32) -> Json {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "room", "namespace": NAMESPACE},
        "spec": {"hard": {"pods": pods.to_string()}}})
}
