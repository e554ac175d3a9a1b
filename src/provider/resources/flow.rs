//! The one flow of all managed resources: a tree becomes a spec, the Provisioner responds, and its response becomes
//! computed attributes. A resource's own file holds its schema and little more.
//!
//! ```text
//! validate   schema (server) -> spec -> rules over the whole                       no target
//! read       state -> observe -> what is observed                                  one listing per connection and kind
//! plan       config -> preview -> what is desired, warnings, refusals              no call when nothing changed
//! apply      config -> ensure / remove -> what exists, even when a step failed
//! import     id -> record -> the spec as written; core reads next
//! ```

mod apply;
mod import;
mod managed;
mod objects;
mod plan;
mod read;
mod serve;
mod tree;
mod validate;
mod variants;

#[cfg(test)]
mod tests;

pub use import::{id_forms, whole_id};
pub use managed::{Managed, ManagedResource, OPERATIONS};
pub use tree::leaf;
