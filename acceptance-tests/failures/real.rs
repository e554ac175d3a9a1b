//! Failures on the real servers, made by a proxy between them and the provider. The sandbox's walk meets every write; here each
//! kind of write is met once, and what only real servers can do: a cluster that is unreachable, deleted, replaced, or restarted.
//!
//! Whatever happens: the state keeps what exists, the next apply finishes, and nothing is left after a destroy.

mod daemon;
mod deleted;
mod fixture;
mod targets;
mod writes;

pub use deleted::cluster_is_deleted;
pub use targets::{api_server_restarts, cluster_is_replaced};

use crate::check::{Check, check};
use acceptance_tests::servers::Real;

pub const CHECKS: [Check<Real>; 4] = [
    check!("at each kind of write of a create", writes::creates),
    check!("in the middle of an update and a destroy", writes::changes),
    check!("of a whole target", targets::targets),
    check!("of a daemon", daemon::is_killed),
];
