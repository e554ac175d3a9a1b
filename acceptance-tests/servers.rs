//! A real Kubernetes API server and an AWS emulator for tests. One pair for a whole run (270 MB): tests keep apart by their names. The
//! programs are built by `scripts/lib/tools.sh`; without them the tests that need them are skipped, and fail in CI.

pub mod api;
mod certificates;
pub mod cluster;
pub mod ministack;
pub mod permissions;
pub mod pod_identity;
mod ports;
mod postgres;
mod process;
mod programs;
pub mod real;
pub mod seed;

pub use cluster::{Cluster, Plan};
pub use postgres::PostgresServer;
pub use programs::Programs;
pub use real::{Real, Shared};
