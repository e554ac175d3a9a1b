//! What Terraform users see, and the one list of it: server, documents and tests walk this registry.
//!
//! To add a resource: a file here, a line in [`RESOURCES`], a folder in `examples/`.

pub mod attributes;
pub mod cluster;
pub mod cluster_baseline;
pub mod diagnostics;
pub mod eks_workload_slot;
pub mod environment_source;
pub mod flow;
pub mod golden_path_source;
pub mod private;
pub mod provider_config;
pub mod run;
pub mod session;
pub mod team_environment;
pub mod workload_manifests;

use cluster::Cluster;
use cluster_baseline::ClusterBaseline;
use eks_workload_slot::EksWorkloadSlot;
use environment_source::EnvironmentSource;
use flow::{Managed, ManagedResource};
use golden_path_source::GoldenPathSource;
use plugin::{DataSource, Resource, Schema};
use session::Session;
use std::sync::Arc;
use team_environment::TeamEnvironment;
use workload_manifests::WorkloadManifests;

/// Every resource type, in the order of documents.
pub const RESOURCES: &[&dyn ManagedResource] = &[&ClusterBaseline, &TeamEnvironment, &EksWorkloadSlot];

pub fn resources(session: &Arc<Session>) -> Vec<Box<dyn Resource>> {
    let serve = |resource: &&'static dyn ManagedResource| -> Box<dyn Resource> {
        Box::new(Managed::new(*resource, session.clone()))
    };
    RESOURCES.iter().map(serve).collect()
}

pub fn data_sources(session: &Arc<Session>) -> Vec<Box<dyn DataSource>> {
    vec![
        Box::new(Cluster { session: session.clone() }),
        Box::new(EnvironmentSource { session: session.clone() }),
        Box::new(GoldenPathSource { session: session.clone() }),
        Box::new(WorkloadManifests { session: session.clone() }),
    ]
}

/// One schema, and the block that it is of.
pub struct Declared {
    /// `resource`, `data` or `provider`.
    pub block: &'static str,
    pub name: &'static str,
    pub schema: Schema,
}

/// Every schema. Without a connection: only what is declared is read.
pub fn declarations() -> Vec<Declared> {
    let of = |block, name, schema| Declared { block, name, schema };
    let resources = RESOURCES.iter().map(|resource| of("resource", resource.name(), resource.schema()));
    let sources = data_sources(&Session::new(Arc::new(|_| vec![])));
    let sources = sources.iter().map(|source| of("data", source.name(), source.schema()));
    resources.chain(sources).chain([of("provider", "goldenpath", provider_config::schema())]).collect()
}

#[cfg(test)]
mod tests;
