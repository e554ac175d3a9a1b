//! The ports over the rooms of the APIs.

mod clusters;
mod listing;
mod objects;
mod typed;
mod view;

pub use objects::{OwnedApply, apply, remove};
pub use typed::parse_body;
pub use view::ownership;
