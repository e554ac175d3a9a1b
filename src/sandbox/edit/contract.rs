//! The sandbox for the contract suite.

use crate::{Sandbox, SandboxError};
use async_trait::async_trait;
use goldenpath_contract::{FieldRef, OutOfBand};
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey},
    ports::PortError,
};
use serde_json::Value;

impl Sandbox {
    fn of(&self, cluster: &ClusterArn) -> Result<Self, PortError> {
        Ok(self.at(cluster.as_str().parse().map_err(|_| SandboxError::Ended)?))
    }
}

#[async_trait]
impl OutOfBand for Sandbox {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), PortError> {
        Ok(self.of(cluster)?.create(key, body, manager).await?)
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError> {
        let FieldRef { cluster, key, pointer, manager } = field;
        Ok(Sandbox::edit(&self.of(cluster)?, key, pointer, value, manager, false).await?)
    }

    async fn declare(&self, field: FieldRef<'_>, value: Value) -> Result<(), PortError> {
        let FieldRef { cluster, key, pointer, manager } = field;
        Ok(Sandbox::edit(&self.of(cluster)?, key, pointer, Some(value), manager, true).await?)
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        self.of(cluster)?.remove(key).await?;
        Ok(())
    }

    async fn hold(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        Ok(self.of(cluster)?.add_finalizer(key, finalizer).await?)
    }

    async fn release(&self, cluster: &ClusterArn, key: &ObjectKey, finalizer: &str) -> Result<(), PortError> {
        Ok(self.of(cluster)?.remove_finalizer(key, finalizer).await?)
    }
}
