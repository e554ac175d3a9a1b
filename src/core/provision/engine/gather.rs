//! The stage that reads: everything that a decision needs, each item known, undecided or refused. Knows `connection`, the ports
//! behind `target`, and no other stage; it decides nothing.
//!
//! In two halves, because the golden path stands between them: the ground that it renders from, and what the target has of
//! what was rendered.

mod authentication;
mod facts;
mod found;
mod ground;
mod instance;
mod item;
mod objects;
mod parent;
mod quota;
mod removal;
mod role_quotas;
mod shares;

pub use authentication::Authentication;
pub use facts::unreadable;
pub use found::Found;
pub use ground::Ground;
pub use instance::{InstanceGround, instance_keys, role_of_people};
pub use item::Item;
pub use objects::{Objects, is_shared_entry, named_elsewhere, own_selector, read_more};
pub use removal::{Leaving, LeftCluster};
pub use shares::{Lowered, recorded_shares};
