//! The outside world behind the ports: the only place for vendors' SDKs and for storage.

pub mod catalogue;
pub mod clock;
pub mod contract;
pub mod offline;
pub mod sandbox;
