//! The joined pair: ministack for AWS and a real API server for its cluster, with what a platform team has before it begins.
//!
//! One account, one cluster `demo`, one region; the permissions boundary; roles of IAM Identity Center and two others; and the
//! users `platform`, who may all, and `runner`, who runs the provider. The whole chain is real: an access entry names a group, a token is a presigned request,
//! the API server asks what it means, RBAC decides.

use super::{
    Cluster, Plan, Programs,
    ministack::{ACCOUNT, Clients, Ministack, REGION},
    rights,
};
use anyhow::{Context as _, Result};
use aws_sdk_eks::config::Credentials;
use goldenpath_adapters::aws::{Aws, AwsOptions, Endpoints};
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    ports::{Apply, Expect, Objects as _},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub const CLUSTER: &str = "demo";
const RUNNER: &str = "runner";
/// Whom the cluster's administrators are.
pub const PLATFORM: &str = "platform-engineers";
const PERMISSION_SETS: [&str; 4] = [
    "AdministratorAccess_0123456789abcde0",
    "PaymentsDev_0123456789abcde1",
    "PaymentsView_0123456789abcde2",
    "PlatformEngineer_0123456789abcde3",
];
const ROLES: [&str; 2] = ["pay-admin", "ci"];
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Running, until dropped.
pub struct Real {
    pub cluster: Arc<Cluster>,
    pub ministack: Ministack,
    /// Access key and secret of the user `platform`, who may all: the tests' own hand.
    pub platform: (String, String),
    /// Of the user who runs the provider, with no more than `permissions` prints.
    runner: (String, String),
    /// Holds ministack's state.
    _folder: tempfile::TempDir,
}

// === impl Real ===

impl Real {
    pub fn start(programs: &Programs) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp-aws").tempdir()?;
        let plan = Plan::new()?;
        let (ministack, webhook) = Ministack::start(&programs.ministack, folder.path(), CLUSTER, &plan.endpoint())?;
        let cluster = Arc::new(plan.start(programs, Some(&webhook))?);
        let root = ministack.root();
        let (platform, runner) = crate::block_on(async {
            seed(&root).await?;
            let keys = user(&root, "platform", EVERYTHING).await?;
            enter(&root, &format!("arn:aws:iam::{ACCOUNT}:user/platform"), PLATFORM).await?;
            bind(&cluster, PLATFORM, "cluster-admin").await?;
            Ok((keys, rights::runner(&root, &cluster, RUNNER, None, |policy| policy).await?))
        })?;
        Ok(Self { cluster, ministack, platform, runner, _folder: folder })
    }

    pub fn arn(&self) -> String {
        arn()
    }

    pub fn boundary(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:policy/goldenpath/boundary")
    }

    pub fn role(&self, name: &str) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role/{name}")
    }

    /// What the provider finds in its environment: whose credentials, and where AWS is.
    pub fn environment(&self, url: &str) -> Vec<(String, String)> {
        let (key, secret) = &self.runner;
        environment(url, key, secret, None)
    }

    /// Again, after a baseline went with the namespace in which some of the rights were.
    pub fn let_in(&self) -> Result<()> {
        crate::block_on(rights::let_in(&self.cluster, RUNNER, None))
    }

    /// The adapter in this process, by the same way.
    pub fn aws(&self, url: &str) -> Aws {
        // Through the environment would be shared by all tests: a profile of their own is not.
        Aws::with_credentials(
            options(url),
            Credentials::new(&self.platform.0, &self.platform.1, None, None, "platform"),
        )
    }

    /// A session of a role, as a person gets one.
    pub async fn assume(&self, role: &str) -> Result<Credentials> {
        let (key, secret) = &self.platform;
        let platform = Clients::new(&self.ministack.url(), Credentials::new(key, secret, None, None, "platform"));
        let answer = platform.sts.assume_role().role_arn(role).role_session_name("person").send().await;
        let answer = answer.with_context(|| format!("{role} can't be assumed"))?;
        let given = answer.credentials.context("no credentials")?;
        Ok(Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "person"))
    }
}

pub fn arn() -> String {
    format!("arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}")
}

pub fn options(url: &str) -> AwsOptions {
    let url = Some(url.to_owned());
    AwsOptions {
        region: Some(REGION.to_owned()),
        endpoints: Endpoints { iam: url.clone(), eks: url.clone(), sts: url },
        ..AwsOptions::default()
    }
}

pub fn environment(url: &str, key: &str, secret: &str, session: Option<&str>) -> Vec<(String, String)> {
    let mut variables = vec![
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    variables.extend(session.map(|token| ("AWS_SESSION_TOKEN", token)));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    variables.into_iter().map(owned).collect()
}

// === What is there before us ===

async fn seed(root: &Clients) -> Result<()> {
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
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}}]});
    root.iam
        .create_role()
        .path(path)
        .role_name(name)
        .assume_role_policy_document(trust.to_string())
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
    let arn: ClusterArn = arn().parse()?;
    let kube = Arc::new(cluster.kube(cluster.admin()));
    let body = Body::Kube(document);
    kube.apply(Apply {
        cluster: &arn,
        key: &key,
        body: &body,
        manager: "administrator",
        expect: Expect::Any,
        take: &[],
    })
    .await?;
    Ok(())
}
