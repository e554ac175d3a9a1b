//! A change of what a principal is granted, whose lock somebody else has taken meanwhile: it is made once more, beside theirs.

use crate::{outside, outside::Outside, server::Server};
use acceptance_tests::{
    proxy::{Intervention, LoggedRequest, Proxy},
    servers::{
        Real,
        ministack::{CLUSTER, Clients, cluster_arn},
    },
};
use anyhow::{Context as _, Result, ensure};
use aws_sdk_eks::types::{AccessScope, AccessScopeType};
use goldenpath_adapters::{
    joined::Joined,
    kube::{Credentials, Kube},
};
use goldenpath_core::{
    domain::{AccessEntry, AccessPolicy, Body, ClusterArn, Desired, ObjectKey},
    ports::{Apply, Expect, Objects as _, Revoked, Scope, Selector},
};
use hyper::Method;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

const POLICY: &str = "AmazonEKSViewPolicy";
/// Two requests fall into it, also on a busy machine.
const HELD_UP: Duration = Duration::from_secs(4);

pub async fn are_noticed(real: Arc<Real>) -> Result<()> {
    let server = Server::start()?;
    outside::baseline(&real, &server).await?;
    let proxy = Proxy::start(&real)?;
    let aws = Arc::new(real.aws(&proxy.url));
    let joined =
        Joined { aws: aws.clone(), kubernetes: Arc::new(Kube::new(aws.clone(), Credentials::Tokens(aws.clone()))) };
    let outside = Outside::of(&real).await?;
    let [principal] = outside.principals(["lost-lock"]).await?;
    let cluster: ClusterArn = cluster_arn().parse()?;
    let tags = [("goldenpath:managed", "true"), ("goldenpath:cluster-arn", cluster.as_str())];
    let entry = Body::AccessEntry(AccessEntry::new(
        "gp:p:0123456789abcdef",
        tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    ));
    let apply = |key: &ObjectKey, body: &Body| {
        let (joined, cluster, key, body) = (&joined, &cluster, key.clone(), body.clone());
        async move {
            let (expect, take) = (Expect::Absent, &[][..]);
            joined.apply(Apply { cluster, key: &key, body: &body, manager: Desired::MANAGER, expect, take }).await
        }
    };
    let entry_key = ObjectKey::AccessEntry { principal: principal.clone() };
    apply(&entry_key, &entry).await?;
    let policy = |namespace: &str| ObjectKey::AccessPolicy {
        policy: POLICY.to_owned(),
        namespace: namespace.to_owned(),
        principal: principal.clone(),
    };
    let granted = || async {
        let keys = ["mine", "theirs", "more"].map(policy).to_vec();
        let seen = joined.observe(&cluster, &Selector { scope: Scope::Keys, keys }).await?;
        anyhow::Ok(seen.into_iter().map(|object| object.key).collect::<BTreeSet<_>>())
    };

    let (ours, others) = tokio::join!(
        apply(&policy("mine"), &Body::AccessPolicy(AccessPolicy {})),
        overtake(&outside, &proxy, &principal, &["theirs"])
    );
    ours?;
    others?;
    ensure!(granted().await? == ["mine", "theirs"].map(policy).into(), "one of them is lost: {:?}", granted().await?);

    let revoked = Revoked { principal: principal.clone(), namespaces: ["mine".to_owned()].into() };
    let (ours, others) = tokio::join!(
        joined.revoke(&cluster, &revoked),
        overtake(&outside, &proxy, &principal, &["mine", "theirs", "more"])
    );
    ours?;
    others?;
    ensure!(
        granted().await? == ["more", "theirs"].map(policy).into(),
        "what is revoked came back: {:?}",
        granted().await?
    );
    proxy.pass_all();
    joined.delete(&cluster, &entry_key, &Expect::Any).await?;
    Ok(())
}

/// Another process: it takes the lock, whose holder is about to release it, and writes what it read before.
async fn overtake(outside: &Outside, proxy: &Proxy, principal: &str, namespaces: &[&str]) -> Result<()> {
    let released = Arc::new(Mutex::new(None));
    let seen = released.clone();
    proxy.rule(move |request| {
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match releases_a_lock(request) && seen.is_none() {
            true => {
                *seen = request.path.rsplit('/').next().map(str::to_owned);
                Intervention::Wait(HELD_UP)
            }
            false => Intervention::Pass,
        }
    });
    let name = async {
        loop {
            if let Some(name) = released.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone() {
                break name;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let name = tokio::time::timeout(Duration::from_secs(20), name).await.context("no lock was released")?;
    outside.delete(&format!("k8s/coordination.k8s.io/v1/Lease/goldenpath-system/{name}")).await?;
    associate(&outside.real.ministack.root(), principal, namespaces).await
}

fn releases_a_lock(request: &LoggedRequest) -> bool {
    request.method == Method::DELETE && request.path.contains("/leases/gp-access-")
}

async fn associate(root: &Clients, principal: &str, namespaces: &[&str]) -> Result<()> {
    let scope = AccessScope::builder()
        .r#type(AccessScopeType::Namespace)
        .set_namespaces(Some(namespaces.iter().map(|name| (*name).to_owned()).collect()));
    root.eks
        .associate_access_policy()
        .cluster_name(CLUSTER)
        .principal_arn(principal)
        .policy_arn(format!("arn:aws:eks::aws:cluster-access-policy/{POLICY}"))
        .access_scope(scope.build())
        .send()
        .await?;
    Ok(())
}
