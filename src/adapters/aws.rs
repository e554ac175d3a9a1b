//! AWS behind the ports: IAM roles, EKS access and Pod Identity as objects, and what a cluster is.
//!
//! ```text
//! options -> session (credentials, clients) -> call (token bucket, class of the error) -> calls (what we ever ask, as data)
//! clusters: DescribeCluster and friends -> facts, endpoint     token: a presigned STS request -> who we are to Kubernetes
//! ```
//!
//! One [`Aws`] is one account and region. Nothing is contacted before the first call.

mod agent;
mod bucket;
mod call;
mod calls;
mod clusters;
mod error;
mod facts;
mod health;
mod http;
mod objects;
mod options;
pub mod permissions;
mod rights;
mod session;
mod token;
mod trust;

pub use calls::{Call, Needs};
pub use objects::Hand;
pub use options::{AssumeRole, AwsOptions, Endpoints};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use clusters::Described;
use goldenpath_core::{domain::ClusterRef, ports::PortError};
use session::Session;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::sync::OnceCell;

pub struct Aws {
    options: AwsOptions,
    /// In place of AWS's own chain.
    credentials: Option<SharedCredentialsProvider>,
    session: OnceCell<Session>,
    clusters: Mutex<HashMap<String, Arc<OnceCell<Described>>>>,
    tokens: token::Tokens,
}

// === impl Aws ===

impl Aws {
    pub fn new(options: AwsOptions) -> Self {
        Self {
            options,
            credentials: None,
            session: OnceCell::new(),
            clusters: Mutex::default(),
            tokens: token::Tokens::default(),
        }
    }

    /// As whoever these are of.
    pub fn with_credentials(options: AwsOptions, credentials: impl ProvideCredentials + 'static) -> Self {
        Self { credentials: Some(SharedCredentialsProvider::new(credentials)), ..Self::new(options) }
    }

    /// Opened at the first call; one that failed is tried again by the next.
    async fn session(&self) -> Result<&Session, PortError> {
        self.session.get_or_try_init(|| session::open(&self.options, self.credentials.clone())).await
    }

    /// The cluster's ARN and what EKS says of it.
    async fn described(&self, cluster: &ClusterRef) -> Result<Described, PortError> {
        clusters::described(self.session().await?, &self.clusters, cluster).await
    }
}
