//! What runs in a cluster beside the add-ons of EKS is seen with the permissions that are printed, and is not known without them.

use acceptance_tests::servers::{
    Real,
    api::{Api, ApiCall},
    ministack, permissions, seed,
};
use anyhow::{Result, ensure};
use goldenpath_core::{
    domain::{Facts, NetworkEngine},
    ports::Clusters as _,
};
use hyper::Method;
use serde_json::{Value, json};
use std::sync::Arc;

const CILIUM: &str = "/apis/apps/v1/namespaces/kube-system/daemonsets/cilium";

pub async fn is_seen(real: Arc<Real>) -> Result<()> {
    let of_eks = real.aws(&real.ministack.url()).facts(&ministack::CLUSTER.parse()?).await?;
    let facts = || Facts {
        network_policy_enforced: Some(false),
        network_policy_engine: None,
        addons: vec![],
        crds: vec!["ciliumnodes.cilium.io".to_owned()],
        ..of_eks.clone()
    };
    permissions::grant(&real.cluster, "running", Some("environments")).await?;
    let granted = real.cluster.kube(&real.cluster.kubeconfig("running", "running")?);
    let stranger = real.cluster.kube(&real.cluster.kubeconfig("stranger", "strangers")?);

    seed::put(&real.cluster, daemon_set()).await?;
    let seen = granted.complete(facts()).await?;
    ensure!(seen.network_policy_enforced == Some(false), "no pod of it is ready: {seen:?}");
    ensure!(seen.pod_identity_agent == Some(false), "there is no agent: {seen:?}");

    let (api, token) = (Api::of(&real.cluster)?, real.token().await?);
    let status = json!({"status": {"numberReady": 1}});
    let path = format!("{CILIUM}/status");
    let content = Some(("application/merge-patch+json", status));
    let patched = api.call(&token, ApiCall { method: Method::PATCH, path: &path, content, headers: &[] }).await?;
    ensure!(patched.status == 200, "{patched:?}");
    let seen = granted.complete(facts()).await?;
    ensure!(seen.network_policy_enforced == Some(true), "a pod of it is ready: {seen:?}");
    ensure!(seen.network_policy_engine == Some(NetworkEngine::Cilium), "{seen:?}");

    let unseen = stranger.complete(facts()).await?;
    ensure!((unseen.network_policy_enforced, unseen.pod_identity_agent) == (None, None), "a stranger: {unseen:?}");
    api.call(&token, ApiCall { method: Method::DELETE, path: CILIUM, content: None, headers: &[] }).await?;
    Ok(())
}

fn daemon_set() -> Value {
    let labels = json!({"k8s-app": "cilium"});
    json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "cilium", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "agent", "image": "agent"}]}}}})
}
