//! The audit ledger: who asked for what, each change that was made of it, and what came of it, in a file that only grows.
//!
//! ```text
//! entry     one line of JSON, with the hash of the line before it and its own
//! keys      the daemon's signing key, in a file of its own
//! chain     pure: follows the lines, and names the first one that is not as it was written
//! file      append, and what a kill in the middle of a line leaves behind
//! writer    entries in their order, signed heads, another key
//! objects   a port through which no change goes that was not announced in the ledger
//! ```
//! An entry is written before what it announces. Whoever changes, removes or reorders entries breaks the chain of hashes; whoever
//! writes the whole chain again has no key to sign its heads with; whoever cuts off the end leaves behind a ledger that ends before
//! the last head, whose hash stands in a file beside it and in the daemon's log.

mod chain;
mod entry;
mod file;
mod keys;
mod objects;
mod writer;

pub use chain::Verified;
pub use entry::{Entry, EntryKind, Note};
pub use objects::{AuditedObjects, Within, within};
pub use writer::{Ledger, rotate_key, verify_file};

#[cfg(test)]
mod tests;
