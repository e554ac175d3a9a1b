//! Out-of-band changes in AWS for the contract suite: a colleague with the console.

use super::{associations, entries, grants, live::Live, observe, port::delete, roles};
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
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Arc;

const CALL: &str = "out-of-band change";

/// Uses the same credentials, and does not check whose an object is.
pub struct ConsoleEditor(pub Arc<Aws>);

#[async_trait]
impl OutOfBand for ConsoleEditor {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, _manager: &str) -> Result<(), PortError> {
        make(self.cluster(cluster).await?, key, body).await
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError> {
        let FieldRef { cluster, key, pointer, .. } = field;
        let cluster = self.cluster(cluster).await?;
        let live = observe::get(cluster, key).await?;
        let live = live.ok_or_else(|| PortError::new(Class::NotFound, CALL, format!("{key} does not exist")))?;
        let edited = edit(&live, pointer, value).map_err(|error| invalid(CALL, format!("{key} {pointer}: {error}")))?;
        change(cluster, live, &edited).await
    }

    async fn declare(&self, field: FieldRef<'_>, _value: Value) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{}: AWS has no field managers", field.key)))
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        delete(self.cluster(cluster).await?, key, &Expect::Any).await
    }

    async fn hold(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{key}: AWS has no finalizers")))
    }

    async fn release(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{key}: AWS has no finalizers")))
    }
}

impl ConsoleEditor {
    async fn cluster<'a>(&'a self, arn: &'a ClusterArn) -> Result<EksCluster<'a>, PortError> {
        Ok(EksCluster { clients: self.0.clients().await?, arn })
    }
}

async fn make(cluster: EksCluster<'_>, key: &ObjectKey, body: &Body) -> Result<(), PortError> {
    match (key, body) {
        (ObjectKey::Role { name }, Body::Role(role)) => roles::create(cluster.clients, name, role).await.map(|_| ()),
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
            entries::create(cluster, principal, entry).await.map(|_| ())
        }
        (ObjectKey::AccessPolicy { policy, namespace, principal }, _) => {
            grants::associate(cluster, (policy, principal), [namespace.clone()].into()).await
        }
        (
            ObjectKey::PodIdentityAssociation { namespace, service_account },
            Body::PodIdentityAssociation(association),
        ) => associations::create(cluster, (namespace, service_account), association).await.map(|_| ()),
        _ => Err(invalid(CALL, format!("{key} is not in AWS"))),
    }
}

/// The object with one value changed, in the serde form of its body.
fn edit(live: &Live, path: &str, value: Option<Value>) -> Result<Body, serde_json::Error> {
    fn with<T: Serialize + DeserializeOwned>(body: &T, path: &str, value: Option<Value>) -> serde_json::Result<T> {
        let mut document = serde_json::to_value(body)?;
        match value {
            Some(value) => pointer::set(&mut document, path, value),
            None => pointer::remove(&mut document, path),
        };
        serde_json::from_value(document)
    }
    Ok(match &live.body {
        Body::Role(role) => Body::Role(with(role, path, value)?),
        Body::AccessEntry(entry) => Body::AccessEntry(with(entry, path, value)?),
        Body::PodIdentityAssociation(association) => Body::PodIdentityAssociation(with(association, path, value)?),
        other => other.clone(),
    })
}

async fn change(cluster: EksCluster<'_>, live: Live, edited: &Body) -> Result<(), PortError> {
    match (&live.key, &live.body, edited) {
        (ObjectKey::Role { name }, Body::Role(before), Body::Role(after)) => {
            roles::change(cluster.clients, name, before, after).await
        }
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(before), Body::AccessEntry(after)) => {
            entries::change(cluster, principal, (before, &live), after).await
        }
        (_, Body::PodIdentityAssociation(before), Body::PodIdentityAssociation(after)) => {
            associations::change(cluster, live.id.as_deref().unwrap_or_default(), before, after).await
        }
        (key, ..) => Err(invalid(CALL, format!("{key} has nothing to change"))),
    }
}
