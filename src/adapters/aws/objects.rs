//! Roles, access entries, access policies and Pod Identity associations behind the port.
//!
//! AWS has no versions: [`live::Live::version`] is a digest of all that was read, so that an expectation can be checked. Between the
//! read and the write somebody else may be faster; every write states all of what it is about, so nothing of ours is lost by it.

mod access_policies;
mod associations;
mod entries;
mod entry_defects;
mod everything;
mod grants;
mod live;
mod named;
mod observe;
mod out_of_band;
mod port;
mod propagation;
mod roles;
mod tags;

pub use out_of_band::ConsoleEditor;
