//! Terraform's plugin protocol 6 as a small framework, free of any platform's words: it could be published alone.
//!
//! A provider is four things: schemas as data ([`schema`]), value trees ([`value`]), resources that return what they
//! compute ([`resource`]), and a connection that holds one client's configuration ([`provider`]). Everything that core's
//! laws demand of a response is done once, here: defaults, unknown marking, replacement, private bytes, and a check of our
//! own responses ([`laws`]) before core makes it.

pub mod diagnostic;
pub mod laws;
mod panic;
pub mod path;
pub mod private;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod serve;
mod server;
pub mod value;

pub use diagnostic::{Diagnostic, Severity};
pub use path::{Path, Step};
pub use provider::{Configure, Connection, Provider};
pub use resource::{DataSource, Resource};
pub use schema::Schema;
/// What work in flight listens to: StopProvider cancels it, and "cancelled" means "start nothing more, await what runs".
pub use tokio_util::sync::CancellationToken as Cancel;
pub use value::{Type, Value};
