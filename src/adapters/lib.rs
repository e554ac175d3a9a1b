//! The real targets behind the ports, and the offline one: the only place for vendors' SDKs.

pub mod aws;
pub mod catalogue;
pub mod clock;
mod errors;
pub mod joined;
pub mod kube;
pub mod offline;
mod proxy;
mod rate_limit;
mod tally;

pub use rate_limit::{Limits, limit};
pub use tally::{Request, count_requests};
