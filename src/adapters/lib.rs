//! The real targets behind the ports, and the offline one: the only place for vendors' SDKs.

pub mod aws;
pub mod catalogue;
pub mod clock;
mod errors;
pub mod joined;
pub mod kube;
pub mod offline;
