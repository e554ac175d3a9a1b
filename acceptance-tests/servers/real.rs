//! The joined pair: ministack for AWS and a real API server for its cluster, with what a platform team has before it begins.
//!
//! One account, one cluster `demo`, one region; the permissions boundary; roles of IAM Identity Center and two others; and the
//! users `platform`, who may all, and `runner`, who runs the provider. The whole chain is real: an access entry names a group, a token is
//! a presigned request, the API server has it reviewed, RBAC decides.

use super::{
    cluster::{Cluster, Plan},
    ministack::{ACCOUNT, Clients, EVERYTHING, Ministack, REGION, cluster_arn},
    permissions,
    programs::Programs,
    seed,
};
use anyhow::{Context as _, Result};
use aws_sdk_eks::config::Credentials;
use goldenpath_adapters::{
    aws::{Aws, AwsOptions, CredentialSource, Endpoints},
    kube::TokenSource as _,
};
use serde_json::{Value as Json, json};
use std::sync::{Arc, OnceLock};

/// Who runs the provider, as a user of AWS and as a group of Kubernetes.
pub const RUNNER: &str = "runner";
/// Whom the cluster's administrators are.
pub const PLATFORM: &str = "platform-engineers";

/// Running, until dropped.
pub struct Real {
    pub cluster: Arc<Cluster>,
    pub ministack: Ministack,
    /// Access key and secret of the user `platform`, who may all: for the tests themselves.
    pub platform: (String, String),
    /// Of the user who runs the provider, with no more than `permissions` prints.
    runner: (String, String),
    /// Holds ministack's state.
    _folder: tempfile::TempDir,
}

/// Started by the first test that needs it.
pub struct Shared(OnceLock<Result<Arc<Real>>>, Programs);

impl Shared {
    pub fn new(programs: Programs) -> Self {
        Self(OnceLock::new(), programs)
    }

    pub fn get(&self) -> Result<Arc<Real>> {
        let started = self.0.get_or_init(|| Ok(Arc::new(Real::start(&self.1)?)));
        started.as_ref().map(Arc::clone).map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

// === impl Real ===

impl Real {
    pub fn start(programs: &Programs) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp-aws").tempdir()?;
        let plan = Plan::new()?;
        let (ministack, webhook) = Ministack::start(&programs.ministack, folder.path(), &plan.endpoint())?;
        let cluster = Arc::new(plan.start(programs, Some(&webhook))?);
        let root = ministack.root();
        let (platform, runner) = crate::block_on(async {
            seed::account(&root).await?;
            let keys = seed::user(&root, "platform", EVERYTHING).await?;
            seed::enter(&root, &format!("arn:aws:iam::{ACCOUNT}:user/platform"), PLATFORM).await?;
            seed::bind(&cluster, PLATFORM, "cluster-admin").await?;
            Ok((keys, permissions::runner(&root, &cluster, RUNNER, None, |policy| policy).await?))
        })?;
        Ok(Self { cluster, ministack, platform, runner, _folder: folder })
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

    /// Configures a provider for all of it.
    pub fn provider_config(&self, url: &str) -> Json {
        let (key, secret) = &self.runner;
        provider_config(url, key, secret)
    }

    /// Again, after a baseline went with the namespace in which some of the permissions were.
    pub fn grant(&self) -> Result<()> {
        crate::block_on(permissions::grant(&self.cluster, RUNNER, None))
    }

    /// With what the golden paths in this folder have a baseline install.
    pub fn grant_for(&self, catalogue: &str) -> Result<()> {
        crate::block_on(permissions::grant_for(&self.cluster, RUNNER, None, &["--catalogue", catalogue]))
    }

    /// The adapter in this process, by the same way.
    pub fn aws(&self, url: &str) -> Aws {
        let (key, secret) = &self.platform;
        Aws::new(options(url, CredentialSource::keys(key, secret, None)))
    }

    /// With which the cluster knows its administrator.
    pub async fn token(&self) -> Result<String> {
        let cluster = cluster_arn().parse()?;
        Ok(self.aws(&self.ministack.url()).token(&cluster, false).await?.reveal().to_owned())
    }

    /// A session of a role, as a person gets one.
    pub async fn assume(&self, role: &str) -> Result<Credentials> {
        let (key, secret) = &self.platform;
        let platform = Clients::new(&self.ministack.url(), Credentials::new(key, secret, None, None, "platform"));
        let assumed = platform.sts.assume_role().role_arn(role).role_session_name("person").send().await;
        let assumed = assumed.with_context(|| format!("{role} can't be assumed"))?;
        let given = assumed.credentials.context("no credentials")?;
        Ok(Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "person"))
    }
}

pub fn provider_config(url: &str, key: &str, secret: &str) -> Json {
    let endpoints = json!({"iam": url, "eks": url, "sts": url});
    json!({"aws": {"region": REGION, "access_key": key, "secret_key": secret, "endpoints": endpoints}})
}

pub fn options(url: &str, credentials: CredentialSource) -> AwsOptions {
    let url = Some(url.to_owned());
    AwsOptions {
        region: Some(REGION.to_owned()),
        credentials,
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
