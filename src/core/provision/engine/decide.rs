//! The stage that decides: from what was gathered and what the golden path makes of the request to what is to be done, what is
//! lost by it, and everything that speaks against it. Pure. Knows the values of `gather` and the golden path, and no writing.
//!
//! A plan and an apply decide by the same function. A plan says all that it finds; an apply ends at the first refusal.

mod adoption;
mod again;
pub mod authentication;
pub mod bounds;
pub mod claim;
mod credentials;
pub mod deletion;
pub mod drift;
pub mod enforcement;
pub mod entries;
mod heal;
pub mod identity;
mod inputs;
pub mod instance;
pub mod life;
mod limits;
pub mod lines;
pub mod loosening;
pub mod losses;
pub mod outcome;
pub mod policies;
pub mod promise;
pub mod refresh;
pub mod removal;
pub mod shares;
pub mod step;
mod work;

pub use inputs::Inputs;
pub use promise::desired_by_key;
pub use shares::Over;
pub use work::{Make, Plan, Stop, Wait, Work, decide};
