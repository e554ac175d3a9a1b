//! The outside target behind the ports: the only place for vendors' SDKs and for storage.

pub mod aws;
pub mod catalogue;
pub mod clock;
pub mod contract;
pub mod joined;
pub mod kube;
pub mod offline;
mod ownership;
mod policy_document;
mod rules;
pub mod sandbox;
