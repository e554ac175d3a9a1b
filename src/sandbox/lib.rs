//! The embedded target: one SQLite file that behaves like AWS and Kubernetes where it matters to us.
//!
//! It serves a first run and rehearsals, and it is the stateful double of the tests. It is not a second engine: it
//! implements the ports of the real adapters, and one contract suite (`goldenpath_contract`) runs against all of them.
//!
//! Nothing is opened before the first use. Several processes share a file safely, since each call is one `BEGIN IMMEDIATE`
//! transaction. Faults are rows in the file, so every process meets them.
//!
//! Each room knows only those below it:
//!
//! | room | what is in it |
//! |---|---|
//! | `edit` | out-of-band changes: for the command line and the contract suite |
//! | `ports` | `Objects`, `Clusters` and `Probe` over the rooms below |
//! | `handle`, `seed` | [`Sandbox`] and its file; what a new one holds |
//! | `aws`, `kubernetes` | the rules of each API |
//! | `store` | the file: rows, the log of calls, faults |

mod aws;
mod edit;
mod error;
mod handle;
mod kubernetes;
mod options;
mod ports;
mod seed;
mod store;

pub use edit::ListedObject;
pub use error::SandboxError;
pub use handle::Sandbox;
pub use options::{ClusterOptions, SandboxOptions};
pub use store::{Action, CallLogEntry, Fault, FaultRow, TimeSource, Verb};
