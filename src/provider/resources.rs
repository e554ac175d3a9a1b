//! What Terraform users see, and the one list of it: parser, documents, tests and the server walk this registry.
//!
//! To add one: a file here, a line below, a folder in `examples/`.

pub mod attributes;
pub mod cluster;
pub mod cluster_baseline;
pub mod diagnostics;
pub mod eks_workload_slot;
pub mod flow;
pub mod private;
pub mod provider_config;
pub mod session;
pub mod team_environment;

use cluster::Cluster;
use cluster_baseline::ClusterBaseline;
use eks_workload_slot::EksWorkloadSlot;
use flow::{Kind, Managed};
use plugin::{DataSource, Resource, Schema};
use session::Session;
use std::sync::Arc;
use team_environment::TeamEnvironment;

/// Every resource type, in the order of documents.
pub fn resources(session: &Arc<Session>) -> Vec<Box<dyn Resource>> {
    fn managed<K: Kind>(session: &Arc<Session>) -> Box<dyn Resource> {
        Box::new(Managed::<K>::new(session.clone()))
    }
    vec![managed::<ClusterBaseline>(session), managed::<TeamEnvironment>(session), managed::<EksWorkloadSlot>(session)]
}

pub fn data_sources(session: &Arc<Session>) -> Vec<Box<dyn DataSource>> {
    vec![Box::new(Cluster::new(session.clone()))]
}

/// One type as documents and tests see it, without a connection.
pub struct Declared {
    pub name: &'static str,
    pub schema: Schema,
    /// What `import` takes; a data source has none.
    pub id_shape: Option<&'static str>,
}

pub fn declared_resources() -> Vec<Declared> {
    fn declared<K: Kind>() -> Declared {
        Declared { name: K::NAME, schema: K::schema(), id_shape: Some(K::ID_SHAPE) }
    }
    vec![declared::<ClusterBaseline>(), declared::<TeamEnvironment>(), declared::<EksWorkloadSlot>()]
}

pub fn declared_data_sources() -> Vec<Declared> {
    vec![Declared { name: Cluster::NAME, schema: Cluster::declared(), id_shape: None }]
}

#[cfg(test)]
mod tests;
