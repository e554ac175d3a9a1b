//! A target under test, and somebody else who changes things in it.

use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    ports::{Clock, Clusters, Objects, PortError, Probe},
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Somebody else: a colleague with kubectl or the console, a controller, a GitOps engine.
#[async_trait]
pub trait OutOfBand: Send + Sync {
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

/// One field of one object, and the field manager that sets it.
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
    pub out_of_band: Arc<dyn OutOfBand>,
    pub clock: Arc<dyn Clock>,
    pub cluster: ClusterArn,
    /// A managed policy that exists, for boundaries.
    pub boundary: String,
    /// How long to wait between two looks at something that is being deleted.
    pub poll: Duration,
    /// Part of every name that the suite makes: lower-case letters and digits.
    pub unique: String,
}
