//! Kubernetes behind the ports: any object by server-side apply, read by LIST; for plans of a daemon also by WATCH.
//!
//! ```text
//! observe -> kinds x LIST(selector, 500 a page) -> project each document -> drop it
//! observe_recent -> the same, out of listings that WATCH has kept (mirror)
//! apply   -> PATCH apply, Strict; forced only over fields that may be taken, at the version that was read
//! delete  -> DELETE Background, with uid and resourceVersion as preconditions
//! ```
//!
//! Requests are made by hand on kube's client: it handles connections, kubeconfigs and credentials, and we want the audit id
//! of each response, pages that are dropped as they are read, and no retries that the engine does not see.

mod api_error;
mod apply;
mod call;
mod client;
mod conflict;
mod connect;
mod credentials;
mod delete;
mod discovery;
mod documents;
mod health;
mod kinds;
mod lease_lock;
mod list;
mod listings;
mod managed;
mod mirror;
mod observe;
mod out_of_band;
pub mod permissions;
mod probe;
mod project;
mod proxy;
mod reviews;
mod running;
mod served;
mod terminating;

pub use client::Kube;
pub use credentials::{Credentials, Endpoint, EndpointSource, Kubeconfig, Token, TokenSource};
pub use lease_lock::Lock;
pub use out_of_band::KubectlEditor;

#[cfg(test)]
mod tests;
