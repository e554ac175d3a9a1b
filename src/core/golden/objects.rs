//! Makers of objects, which the resources' `render` stages share. Each is made from resolved values alone: a maker knows
//! neither specs nor the catalogue.

pub mod access;
pub mod cluster_roles;
pub mod document;
pub mod iam;
pub mod mark;
pub mod namespace;
pub mod network;
pub mod record;
