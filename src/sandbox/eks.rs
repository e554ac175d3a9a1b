//! EKS: clusters and their facts, access entries, access policies, Pod Identity associations.

pub mod access_entries;
pub mod access_policies;
pub mod associations;
pub mod clusters;
