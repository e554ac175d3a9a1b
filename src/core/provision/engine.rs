//! The engine: golden paths made true over ports.
//!
//! ```text
//! gather     reads    the ground to render from, and what the target has of it: known, undecided or refused
//! resolve    pure     spec + golden path + facts -> a value that cannot be wrong     (golden)
//! render     pure     -> desired objects                                             (golden)
//! judge      pure     -> problems of the golden path and the policy                  (golden)
//! decide     pure     -> what each object needs, what is lost, what speaks against it
//! execute    writes   record -> objects in order -> deletions in an order of their own -> record
//! ```
//! `claims` comes before them where whoever requests may claim anything. `driver` runs them: a plan is the first five, an apply all six; a
//! refresh and a removal use the same stages. `connection` is what all of them share; `target`, `record`, `watch` and `failure` know no
//! stage. `unprotect` writes a record by itself, `survey` refreshes all that is recorded on a cluster.

mod claims;
mod connection;
mod decide;
mod driver;
mod execute;
mod failure;
#[cfg(test)]
mod fixtures;
mod gather;
mod provisioner;
mod record;
mod request;
mod survey;
mod target;
mod unprotect;
mod watch;

pub use connection::{Announced, Engine, EngineConfig, operation_id};
