//! What of a cluster and its account is looked at. The composition root brings who looks.

use super::{own::OwnObject, reading::Reading};
use crate::cli::sandbox::ensure_there;
use async_trait::async_trait;
use goldenpath_core::{
    domain::{CatalogueSources, Facts, IdentityProvider, Observed, Permission, Who},
    golden::Catalogue,
};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

#[derive(Clone, Debug)]
pub struct DoctorTarget {
    /// Its name or ARN.
    pub cluster: String,
    pub reach: Reach,
}

/// How a cluster is reached; the rest comes from the environment, as for the provider.
#[derive(Clone, Debug, clap::Args)]
pub struct TargetOptions {
    /// AWS region [default: from the AWS credential chain]
    #[arg(long)]
    pub region: Option<String>,
    /// Profile in the shared AWS configuration files
    #[arg(long)]
    pub profile: Option<String>,
    /// Connect to the cluster with this kubeconfig instead of the endpoint from EKS
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig
    #[arg(long)]
    pub context: Option<String>,
    /// Accept a context that goes through a proxy or bastion: its server and CA need not be those that EKS reports
    // `Some(false)`: a kubeconfig is meant, though nothing of it is named.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub proxied: Option<bool>,
    /// Check this sandbox instead of a real cluster
    #[arg(long, conflicts_with_all = ["region", "profile", "kubeconfig", "context", "proxied"])]
    pub sandbox: Option<PathBuf>,
}

/// A place, and the golden paths that hold there.
#[derive(Clone, Debug, clap::Args)]
pub struct Reach {
    #[command(flatten)]
    pub place: TargetOptions,
    /// Folders with golden paths in addition to the built-in ones, separated like PATH, also of git (git::https://...?ref=<commit>)
    #[arg(long, env = "GOLDENPATH_CATALOGUE")]
    pub catalogue: Option<CatalogueSources>,
}

// === impl TargetOptions ===

impl TargetOptions {
    /// Whether anything says where it is.
    pub fn is_named(&self) -> bool {
        let Self { region, profile, kubeconfig, context, proxied, sandbox } = self;
        let is_written = [region, profile, context].into_iter().any(Option::is_some);
        is_written || kubeconfig.is_some() || proxied.is_some() || sandbox.is_some()
    }

    /// That it can be looked at.
    pub fn check(&self) -> anyhow::Result<()> {
        self.sandbox.as_deref().map_or(Ok(()), ensure_there)
    }
}

#[async_trait]
pub trait Inspector: Send + Sync {
    async fn inspect(&self, target: &DoctorTarget) -> anyhow::Result<Inspection>;
    /// A real cluster, and the golden paths that its environments are made by.
    async fn connect(&self, target: &DoctorTarget) -> anyhow::Result<(Box<dyn LiveCluster>, Arc<Catalogue>)>;
}

/// What its API server says of a cluster. Nothing is changed.
#[async_trait]
pub trait LiveCluster: Send + Sync {
    /// All that is ours.
    async fn objects(&self) -> Reading<Vec<Observed>>;
    /// Of each whether it is allowed, in their order; to the caller where nobody is named.
    async fn reviews(&self, asked: Vec<(Option<Who>, Permission)>) -> Vec<Reading<bool>>;
    /// Shows each object of this API version and kind as it is, in a namespace or in all. A kind that is not served has none.
    async fn each(&self, kind: (&str, &str), namespace: Option<&str>, look: &(dyn Fn(Value) + Sync)) -> Reading<()>;
    /// Of each why it would not be created, in their order; `None`: it would.
    async fn dry_runs(&self, documents: Vec<Value>, as_who: Option<&Who>) -> Vec<Reading<Option<String>>>;
}

/// `None`: it has no meaning in this target.
#[derive(Debug)]
pub struct Inspection {
    pub facts: Reading<Facts>,
    /// ARNs of the permissions boundaries that golden paths name here, and whether each exists.
    pub boundaries: Reading<BTreeMap<String, Reading<bool>>>,
    /// Whether IAM knows the cluster's OIDC issuer; `None`: it has none.
    pub oidc_provider: Option<Reading<bool>>,
    pub audit_logging: Option<Reading<bool>>,
    pub identity_providers: Reading<Vec<IdentityProvider>>,
    pub aws_permissions: Option<Reading<CallerPermissions>>,
    /// `verb resource` that the provider needs on Kubernetes and may not.
    pub kubernetes_permissions: Option<Reading<Vec<String>>>,
    /// How far the API server's clock is ahead of ours; in seconds.
    pub clock: Option<Reading<i64>>,
    pub objects: Reading<Vec<OwnObject>>,
    pub catalogue: Arc<Catalogue>,
}

#[derive(Clone, Debug)]
pub enum CallerPermissions {
    /// Actions that the caller needs on AWS and may not.
    Missing(Vec<String>),
    /// The caller may not simulate its own policies.
    Unknown(String),
}
