//! The API server: any kind of Kubernetes object by server-side apply, with the checks that make a plan wrong.

mod document;
pub mod managed;
mod names;
pub mod namespaces;
pub mod server;
