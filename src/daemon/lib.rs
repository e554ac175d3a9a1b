//! The provisioning daemon: one process that holds the credentials, the catalogue and the bounds, and does what its clients
//! ask for over a unix socket. Its client is a [`Provisioner`](goldenpath_core::provision::Provisioner) like the engine itself.
//!
//! ```text
//! client     Provisioner -> messages; connects at the first use, and again when the daemon was restarted
//! socket     who may connect: a socket that only its own user can open, and only that user's processes
//! server     messages -> the engine of this connection, or an operation
//! operations an accepted ensure or remove goes on without its client; the same request again waits for the same operation
//! store      the journal: what was accepted, before it begins, and how it ended; what did not end is run again
//! trail      of each operation what is kept for good (ledger), and what is shown while it runs (events)
//! reconcile  what is recorded on the clusters, compared with what is there between applies
//! reports    what all of these know, for the commands that look at a daemon
//! ```

mod client;
mod contract;
mod error;
mod events;
mod ledger;
mod operations;
mod outcome;
mod reconcile;
mod refusal;
mod reports;
mod server;
mod service;
mod socket;
mod start;
mod store;
mod trail;

pub use client::Client;
pub use error::{DaemonError, JournalError, LedgerError};
pub use ledger::{AuditedObjects, Entry as LedgerEntry, EntryKind, Verified, rotate_key, verify_file};
pub use operations::{MakeEngine, MakeSurvey};
pub use reconcile::{Mode, Reconcile, TierRule};
pub use server::{Daemon, serve};
pub use socket::check as check_socket;
pub use store::{JournalPlace, Lead, Postgres, Store};

#[cfg(test)]
mod tests;
