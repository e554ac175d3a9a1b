//! The provisioning daemon: one process that holds the credentials, the catalogue and the bounds, and does what its clients
//! ask for. Its client is a [`Provisioner`](goldenpath_core::provision::Provisioner) like the engine itself.
//!
//! ```text
//! client     Provisioner -> messages; connects at the first use, and again when the daemon was restarted
//! listen     unix sockets and TCP: how a connection comes, and how long it may stay without a greeting
//! socket     a socket that only its own user can open, and only that user's processes
//! tls        certificates of both sides
//! tokens     whose a bearer token is: an issuer's signature, or an API server's review
//! gate       identity -> rule -> an engine within the rule's bounds
//! held       that engine, with every refusal noted
//! service    messages -> the engine of this connection, or an operation
//! operations an accepted ensure or remove goes on without its client; the same request again waits for the same operation
//! reads      what plans of all clients read is shared, and what is written ends that
//! store      the journal: what was accepted, before it begins, and how it ended; what did not end is run again
//! ```

mod client;
mod contract;
mod error;
mod gate;
mod health;
mod held;
mod listen;
mod metrics;
mod operations;
mod reads;
mod refusal;
mod server;
mod service;
mod socket;
mod store;
mod tls;
mod tokens;

pub use client::{Address, Client, ClientOptions, TokenSource};
pub use error::{DaemonError, JournalError};
pub use gate::{EngineScope, MakeEngine, OperationSession};
pub use health::HttpPlace;
pub use listen::Listen;
pub use metrics::{EnvironmentCount, Metrics};
pub use reads::Reads;
pub use server::{Daemon, check, serve};
pub use store::{JournalPlace, Lead, Postgres, Store};
pub use tls::{Pair, server::TlsFiles};
pub use tokens::{KubernetesTokens, OidcIssuer, ReviewTokens, Reviewed, TokenSettings};

#[cfg(test)]
mod tests;
