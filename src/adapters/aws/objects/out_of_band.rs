//! Out-of-band changes in AWS for the contract suite: a colleague with the console.

use super::{
    calls_of,
    kind_calls::{KindCalls, OUT_OF_BAND},
};
use crate::{
    aws::{account::Aws, call::EksCluster},
    errors::invalid,
};
use async_trait::async_trait;
use goldenpath_contract::{FieldRef, OutOfBand};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, pointer},
    ports::{Expect, PortError},
};
use serde_json::Value;
use std::sync::Arc;

/// Uses the same credentials, and does not check whose an object is.
pub struct ConsoleEditor(pub Arc<Aws>);

#[async_trait]
impl OutOfBand for ConsoleEditor {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, _manager: &str) -> Result<(), PortError> {
        calls(key)?.make(self.cluster(cluster).await?, key, body).await
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError> {
        let FieldRef { cluster, key, pointer, .. } = field;
        let (calls, cluster) = (calls(key)?, self.cluster(cluster).await?);
        let live = calls.get(cluster, key).await?;
        let not_found = || PortError::new(Class::NotFound, OUT_OF_BAND, format!("{key} does not exist"));
        let live = live.ok_or_else(not_found)?;
        let edited = edit(&live.body, pointer, value);
        let edited = edited.map_err(|error| invalid(OUT_OF_BAND, format!("{key} {pointer}: {error}")))?;
        calls.change(cluster, &live, &edited).await
    }

    async fn declare(&self, field: FieldRef<'_>, _value: Value) -> Result<(), PortError> {
        Err(invalid(OUT_OF_BAND, format!("{}: AWS has no field managers", field.key)))
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        calls(key)?.delete(self.cluster(cluster).await?, key, &Expect::Any).await
    }

    async fn hold(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(OUT_OF_BAND, format!("{key}: AWS has no finalizers")))
    }

    async fn release(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(OUT_OF_BAND, format!("{key}: AWS has no finalizers")))
    }
}

impl ConsoleEditor {
    async fn cluster<'a>(&'a self, arn: &'a ClusterArn) -> Result<EksCluster<'a>, PortError> {
        Ok(EksCluster { clients: self.0.clients().await?, arn })
    }
}

fn calls(key: &ObjectKey) -> Result<&'static dyn KindCalls, PortError> {
    calls_of(key).ok_or_else(|| invalid(OUT_OF_BAND, format!("{key} is not in AWS")))
}

/// The body with one value changed, in the serde form of its fields: the name of the kind is around them.
fn edit(body: &Body, path: &str, value: Option<Value>) -> serde_json::Result<Body> {
    let mut document = serde_json::to_value(body)?;
    if let Some(fields) = document.as_object_mut().and_then(|kinds| kinds.values_mut().next()) {
        match value {
            Some(value) => pointer::set(fields, path, value),
            None => pointer::remove(fields, path),
        };
    }
    serde_json::from_value(document)
}
