//! AWS behind the ports: IAM roles, EKS access and Pod Identity as objects, and what a cluster is.
//!
//! ```text
//! options -> clients (credentials, one client for each service) -> call (rate limit, class of the error) -> calls (every call, as data)
//! account -> clusters (DescribeCluster and friends: facts), api_server (endpoint and tokens for Kubernetes), objects
//! ```

mod account;
mod api_server;
mod ca_bundle;
mod call;
mod calls;
mod clients;
mod cluster_cache;
mod clusters;
mod error;
mod facts;
mod http;
mod iam;
mod objects;
mod options;
pub mod permissions;
mod recent;
mod request_id;
mod session_policy;
mod simulator;
mod token;
mod user_agent;

pub use account::Aws;
pub use calls::{Call, Needs};
pub use objects::ConsoleEditor;
pub use options::{AssumeRole, AwsOptions, CredentialSource, Endpoints, WebIdentity};
