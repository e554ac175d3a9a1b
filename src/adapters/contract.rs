//! What every target promises, as one table of cases: (check, sample). The sandbox passes it here; the real adapters pass
//! it unchanged.
//!
//! A case talks to the ports alone, and to a [`Foreign`] hand that changes things behind their back. It makes what it needs
//! under names of its own and removes it again, so that cases may run side by side on one target.

mod access;
mod clusters;
mod kubernetes;
mod namespaces;
mod objects;
mod roles;
mod samples;
mod steps;

pub use samples::{Sample, samples};

use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    ports::{Clock, Clusters, Objects, PortError, Probe},
};
use serde_json::Value;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// Somebody else: a colleague with kubectl or the console, a controller, a GitOps engine.
#[async_trait]
pub trait Foreign: Send + Sync {
    /// Makes a whole object by an apply of another manager.
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), PortError>;
    /// Sets a field by update (`kubectl edit`, an AWS call), or takes it away.
    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError>;
    /// Declares a field by a forced apply. Kubernetes only.
    async fn declare(&self, field: FieldRef<'_>, value: Value) -> Result<(), PortError>;
    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError>;
    async fn hold(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError>;
    async fn release(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError>;
}

/// One field of one object, and the manager whose hand it is.
#[derive(Clone, Copy)]
pub struct FieldRef<'a> {
    pub cluster: &'a ClusterArn,
    pub key: &'a ObjectKey,
    /// A JSON pointer into the live document; into the serde form of the body for AWS.
    pub pointer: &'a str,
    pub manager: &'a str,
}

/// A target under test.
#[derive(Clone)]
pub struct TestTarget {
    pub objects: Arc<dyn Objects>,
    pub clusters: Arc<dyn Clusters>,
    pub probe: Arc<dyn Probe>,
    pub foreign: Arc<dyn Foreign>,
    pub clock: Arc<dyn Clock>,
    pub cluster: ClusterArn,
    /// A managed policy that exists, for boundaries.
    pub boundary: String,
    /// How long to wait between two looks at something that is going away.
    pub poll: Duration,
    /// Part of every name that the suite makes: lower-case letters and digits.
    pub unique: String,
}

/// A broken promise, or what kept the case from asking.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{0}")]
    Promise(String),
    #[error("{doing}")]
    Call { doing: String, source: Box<PortError> },
}

pub type Verdict = Result<(), Broken>;

/// One named test.
pub struct Case {
    pub name: String,
    /// AWS and the API server do it; emulators are known not to.
    pub strict: bool,
    pub run: Pin<Box<dyn Future<Output = Verdict> + Send>>,
}

impl Case {
    fn new(name: impl Into<String>, run: impl Future<Output = Verdict> + Send + 'static) -> Self {
        Self { name: name.into(), strict: false, run: Box::pin(run) }
    }

    fn strict(name: impl Into<String>, run: impl Future<Output = Verdict> + Send + 'static) -> Self {
        Self { strict: true, ..Self::new(name, run) }
    }
}

/// The whole suite for one target.
pub fn cases(target: &TestTarget) -> Vec<Case> {
    let mut cases = objects::cases(target);
    cases.extend(kubernetes::cases(target));
    cases.extend(namespaces::cases(target));
    cases.extend(roles::cases(target));
    cases.extend(access::cases(target));
    cases.extend(clusters::cases(target));
    cases
}
