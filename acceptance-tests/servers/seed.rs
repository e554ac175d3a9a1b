//! What a platform team has made before the provider runs, and what tests make beside it: by the account's root, and by the cluster's
//! administrator.

use super::{
    cluster::Cluster,
    ministack::{ACCOUNT, CLUSTER, Clients, EVERYTHING, REGION, assumable_by, cluster_arn},
};
use anyhow::{Context as _, Result};
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    ports::{Apply, Expect, Objects as _},
};
use serde_json::{Value, json};

const PERMISSION_SETS: [&str; 4] = [
    "AdministratorAccess_0123456789abcde0",
    "PaymentsDev_0123456789abcde1",
    "PaymentsView_0123456789abcde2",
    "PlatformEngineer_0123456789abcde3",
];
const ROLES: [&str; 2] = ["pay-admin", "ci"];

/// The permissions boundary, and roles: of IAM Identity Center, and two others.
pub(super) async fn account(root: &Clients) -> Result<()> {
    root.iam
        .create_policy()
        .policy_name("boundary")
        .path("/goldenpath/")
        .policy_document(EVERYTHING)
        .send()
        .await
        .context("CreatePolicy")?;
    for name in PERMISSION_SETS {
        let path = format!("/aws-reserved/sso.amazonaws.com/{REGION}/");
        create_role(root, &path, &format!("AWSReservedSSO_{name}")).await?;
    }
    for name in ROLES {
        create_role(root, "/", name).await?;
    }
    Ok(())
}

/// One that anybody of the account may assume, and that may do nothing itself.
pub async fn create_role(root: &Clients, path: &str, name: &str) -> Result<()> {
    root.iam
        .create_role()
        .path(path)
        .role_name(name)
        .assume_role_policy_document(assumable_by("AWS", &format!("arn:aws:iam::{ACCOUNT}:root")))
        .send()
        .await
        .with_context(|| format!("CreateRole {name}"))?;
    Ok(())
}

/// With a key, and one inline policy.
pub async fn user(root: &Clients, name: &str, policy: &str) -> Result<(String, String)> {
    root.iam.create_user().user_name(name).send().await.context("CreateUser")?;
    root.iam
        .put_user_policy()
        .user_name(name)
        .policy_name("all-that-it-may")
        .policy_document(policy)
        .send()
        .await
        .context("PutUserPolicy")?;
    let key = root.iam.create_access_key().user_name(name).send().await.context("CreateAccessKey")?;
    let key = key.access_key.context("no key")?;
    Ok((key.access_key_id, key.secret_access_key))
}

/// An access entry of somebody whom we don't manage.
pub async fn enter(root: &Clients, principal: &str, group: &str) -> Result<()> {
    root.eks
        .create_access_entry()
        .cluster_name(CLUSTER)
        .principal_arn(principal)
        .kubernetes_groups(group)
        .send()
        .await
        .with_context(|| format!("CreateAccessEntry {principal}"))?;
    Ok(())
}

/// By the cluster's administrator.
pub async fn bind(cluster: &Cluster, group: &str, role: &str) -> Result<()> {
    let name = format!("{group}-{role}");
    put(
        cluster,
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}}),
    )
    .await
}

/// Any object, by the cluster's administrator.
pub async fn put(cluster: &Cluster, document: Value) -> Result<()> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let key = ObjectKey::kube(
        text("/apiVersion").context("no apiVersion")?,
        text("/kind").context("no kind")?,
        text("/metadata/namespace"),
        text("/metadata/name").context("no name")?,
    );
    let (arn, body): (ClusterArn, _) = (cluster_arn().parse()?, Body::Kube(document));
    let (manager, expect) = ("administrator", Expect::Any);
    let apply = Apply { cluster: &arn, key: &key, body: &body, manager, expect, take: &[] };
    cluster.kube(cluster.admin()).apply(apply).await?;
    Ok(())
}
