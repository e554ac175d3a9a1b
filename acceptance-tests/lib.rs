//! What the tests and the programs beside them share: a client of the provider that plays core's part, and real servers.

pub mod client;
pub mod proxy;
pub mod servers;
pub mod tools;

use anyhow::Result;

/// On this thread, until it is done.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
