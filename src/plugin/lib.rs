//! Terraform's plugin protocol 6 as a small framework, free of any platform's words: it could be published alone.
//!
//! A provider is four things: schemas as data ([`schema`]), value trees ([`value`]), resources that answer with what they
//! compute ([`resource`]), and a connection that holds one client's configuration ([`provider`]). Everything that core's
//! laws demand of an answer is done once, here: defaults, unknown marking, replacement, private bytes, and a check of our
//! own answers ([`laws`]) before core makes it.

/// The sample provider is written as its readers would write one, and is a module of the tests too.
#[cfg(test)]
extern crate self as plugin;

pub mod diagnostic;
pub mod laws;
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
