//! The ports over the rooms of the APIs.

mod clusters;
mod listing;
mod objects;
mod view;

pub use objects::{OwnedApply, apply, remove};
pub use view::ownership;
