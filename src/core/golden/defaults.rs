//! The tier's defaults under what a request says: parts that the `effective` and `resolve` stages share. They know the catalogue and the
//! makers' values, and no other stage.

pub mod admission;
pub mod namespace;
pub mod network;
pub mod roles;
