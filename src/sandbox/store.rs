//! The file: its tables, its rows, the log of calls and the faults that calls meet.

mod call;
mod fault;
mod file;
mod generated;
mod log;
mod row;

pub use call::{CallOutcome, run};
pub use fault::{Action, Fault, FaultRow, add as add_fault, clear as clear_faults, list as faults};
pub use file::{Store, TimeSource};
pub use generated::uuid;
pub use log::{CallLogEntry, PendingCall, Verb, all as calls};
pub use row::{Row, home, namespace_of};
