//! What the tests and the programs beside them share: a client of the provider that plays core's part, and real servers.

pub mod client;
pub mod load;
pub mod proxy;
pub mod servers;
pub mod signal;
pub mod tools;

use anyhow::{Error, Result};

pub const BASELINE: &str = "goldenpath_cluster_baseline";
pub const ENVIRONMENT: &str = "goldenpath_team_environment";
pub const SLOT: &str = "goldenpath_eks_workload_slot";
pub const RESOURCES: [&str; 3] = [BASELINE, ENVIRONMENT, SLOT];

/// On this thread, until it is done.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Each cause on a line of its own.
pub fn chain(error: &Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
