//! The provisioning daemon: one process that holds the credentials, the catalogue and the bounds, and does what its clients
//! ask for. Its client is a [`Provisioner`](goldenpath_core::provision::Provisioner) like the engine itself.
//!
//! ```text
//! client     Provisioner -> messages; connects at the first use, and again when the daemon was restarted
//! listen     unix sockets and TCP: how a connection comes, and how long it may stay without a greeting
//! deadline   how long a call may take
//! socket     a socket that only its own user can open, and only that user's processes
//! tls        certificates of both sides
//! tokens     whose a bearer token is: an issuer's signature, or an API server's review
//! gate       identity -> rule -> an engine within the rule's bounds
//! strangers  whom nothing lets in: how much of them the ledger keeps
//! held       that engine, with every refusal in the log and the ledger
//! service    messages -> the engine of this connection, or an operation
//! forms      documents between releases: whoever is newer converts
//! operations an accepted ensure or remove goes on without its client; the same request again waits for the same operation
//! reads      what plans of all clients read is shared, and what is written ends that
//! store      the journal: what was accepted, before it begins, and how it ended; what did not end is run again
//! asked      what a request wishes, as the ledger keeps it and the page shows it
//! trail      of each operation what is kept for good (ledger), and what is shown while it runs (events)
//! relay      what is shown while an operation runs, at the other daemons of its store
//! reconcile  what is recorded on the clusters, compared with what is there between applies
//! traces     the same of each operation, for a collector of OpenTelemetry
//! reports    what all of these know, for the commands that look at a daemon
//! page       the same in a browser
//! sight      how much of it a caller gets to see
//! death      where a test has the daemon die
//! ```

mod asked;
mod client;
mod contract;
mod deadline;
mod death;
mod error;
mod events;
mod forms;
mod gate;
mod health;
mod held;
mod ledger;
mod listen;
mod metrics;
mod operations;
mod outcome;
mod page;
mod reads;
mod reconcile;
mod refusal;
mod relay;
mod reports;
mod server;
mod service;
mod sight;
mod socket;
mod start;
mod store;
mod strangers;
mod tls;
mod tokens;
mod traces;
mod trail;

pub use client::{Address, Client, ClientOptions, TokenSource, serve_page};
#[cfg(debug_assertions)]
pub use death::die_after;
pub use error::{DaemonError, JournalError, LedgerError};
pub use gate::{EngineScope, MakeEngine, MakeSurvey, OperationSession};
pub use health::HttpPlace;
pub use ledger::{AuditedObjects, Entry as LedgerEntry, EntryKind, Verified, rotate_key, verify_file};
pub use listen::Listen;
pub use metrics::Metrics;
pub use reads::Reads;
pub use reconcile::{Mode, Reconcile, TierRule};
pub use server::{Daemon, check, serve};
pub use store::{JournalPlace, Lead, Postgres, Store};
pub use tls::{Pair, server::TlsFiles};
pub use tokens::{KubernetesTokens, OidcIssuer, ReviewTokens, Reviewed, TokenSettings};
pub use traces::{ENDPOINTS as TRACE_ENDPOINTS, TraceLayer, TraceSettings, Traces};

#[cfg(test)]
mod tests;
