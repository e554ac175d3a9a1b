//! The provisioning daemon: one process that holds the credentials, the catalogue and the bounds, and does what its clients
//! ask for over a unix socket. Its client is a [`Provisioner`](goldenpath_core::provision::Provisioner) like the engine itself.
//!
//! ```text
//! client     Provisioner -> messages; connects at the first use, and again when the daemon was restarted
//! socket     who may connect: a socket that only its own user can open, and only that user's processes
//! server     messages -> the engine of this connection, or an operation
//! operations an accepted ensure or remove goes on without its client; the same request again waits for the same operation
//! reads      what plans of all clients read is shared, and what is written ends that
//! store      the journal: what was accepted, before it begins, and how it ended; what did not end is run again
//! ```

mod client;
mod contract;
mod error;
mod http;
mod metrics;
mod operations;
mod reads;
mod refusal;
mod server;
mod service;
mod socket;
mod store;

pub use client::Client;
pub use error::{DaemonError, JournalError};
pub use http::HttpPlace;
pub use metrics::{EnvironmentCount, Metrics};
pub use operations::MakeEngine;
pub use reads::Reads;
pub use server::{Daemon, serve};
pub use socket::check as check_socket;
pub use store::{JournalPlace, Lead, Postgres, Store};

#[cfg(test)]
mod tests;
