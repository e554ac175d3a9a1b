//! What it takes to reach a cluster: where its API server is, and how we authenticate to it.

use async_trait::async_trait;
use goldenpath_core::{domain::ClusterArn, ports::PortError};
use std::{fmt, path::PathBuf, sync::Arc};

/// DescribeCluster's `endpoint` and `certificateAuthority.data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    /// PEM in base64, as EKS and kubeconfigs write it.
    pub ca_data: String,
}

/// Where a cluster's API server is.
#[async_trait]
pub trait EndpointSource: Send + Sync {
    async fn endpoint(&self, cluster: &ClusterArn) -> Result<Endpoint, PortError>;
}

/// Makes bearer tokens; keeps them while they are valid.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Called before every request. `renew`: the server rejected the last one, so make a new one even if it looks valid.
    async fn token(&self, cluster: &ClusterArn, renew: bool) -> Result<Token, PortError>;
}

/// A secret that cannot be printed.
#[derive(Clone)]
pub struct Token(String);

#[derive(Clone)]
pub enum Credentials {
    Kubeconfig(Kubeconfig),
    Tokens(Arc<dyn TokenSource>),
}

#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// `None`: KUBECONFIG, else `~/.kube/config`, as in kubectl.
    pub path: Option<PathBuf>,
    /// `None`: its current context.
    pub context: Option<String>,
    /// For a proxy or bastion in between: its server and CA may differ from those of EKS.
    pub is_proxied: bool,
}

// === impl Token ===

impl Token {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For a header, and for nothing that is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}
