//! A client of the provider that plays core's part, over value trees.

mod calls;
mod diagnostics;
mod instance;
mod laws;
mod proposed;
mod schema;
mod state;
mod wire;

pub use calls::{Client, Schemas};
pub use diagnostics::{Diagnostics, as_text, errors, no_errors};
pub use instance::{Action, Instance, Planned};
pub use schema::Schema;
pub use state::{InstanceState, objects};
pub use wire::UNKNOWN;
