//! The contract suite's foreign hand in AWS: a colleague with the console.

use super::{Live, access_policies, associations, delete, entries, invalid, observe, roles};
use crate::{
    aws::{Aws, session::Session},
    contract::{FieldRef, Foreign},
    sandbox::pointer,
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey},
    ports::{Expect, PortError},
};
use serde_json::Value;
use std::sync::Arc;

const CALL: &str = "by hand";

/// Acts by the same credentials, and asks nobody whose an object is.
pub struct Hand(pub Arc<Aws>);

#[async_trait]
impl Foreign for Hand {
    async fn make(&self, cluster: &ClusterArn, key: &ObjectKey, body: &Body, _manager: &str) -> Result<(), PortError> {
        make(self.0.session().await?, cluster, key, body).await
    }

    async fn edit(&self, field: FieldRef<'_>, value: Option<Value>) -> Result<(), PortError> {
        let FieldRef { cluster, key, pointer, .. } = field;
        let session = self.0.session().await?;
        let live = observe::get(session, cluster, key).await?;
        let live = live.ok_or_else(|| PortError::new(Class::NotFound, CALL, format!("{key} is not there")))?;
        let edited =
            edited(&live, pointer, value).map_err(|error| invalid(CALL, format!("{key} {pointer}: {error}")))?;
        change(session, cluster, live, &edited).await
    }

    async fn declare(&self, field: FieldRef<'_>, _value: Value) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{}: AWS knows no field managers", field.key)))
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
        delete(self.0.session().await?, cluster, key, &Expect::Any).await
    }

    async fn hold(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{key}: AWS knows no finalizers")))
    }

    async fn release(&self, _cluster: &ClusterArn, key: &ObjectKey, _finalizer: &str) -> Result<(), PortError> {
        Err(invalid(CALL, format!("{key}: AWS knows no finalizers")))
    }
}

async fn make(session: &Session, cluster: &ClusterArn, key: &ObjectKey, body: &Body) -> Result<(), PortError> {
    match (key, body) {
        (ObjectKey::Role { name }, Body::Role(role)) => roles::create(session, name, role).await.map(|_| ()),
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
            entries::create(session, cluster, principal, entry).await.map(|_| ())
        }
        (ObjectKey::AccessPolicy { policy, namespace, principal }, _) => {
            access_policies::associate(session, cluster, (policy, principal), [namespace.clone()].into()).await
        }
        (
            ObjectKey::PodIdentityAssociation { namespace, service_account },
            Body::PodIdentityAssociation(association),
        ) => associations::create(session, cluster, (namespace, service_account), association).await.map(|_| ()),
        _ => Err(invalid(CALL, format!("{key} is not in AWS"))),
    }
}

/// The object with one value changed, in the serde form of its body.
fn edited(live: &Live, path: &str, value: Option<Value>) -> Result<Body, serde_json::Error> {
    let with = |document: &mut Value| match value {
        Some(value) => pointer::set(document, path, value),
        None => pointer::remove(document, path),
    };
    Ok(match &live.body {
        Body::Role(role) => {
            let mut document = serde_json::to_value(role)?;
            with(&mut document);
            Body::Role(serde_json::from_value(document)?)
        }
        Body::AccessEntry(entry) => {
            let mut document = serde_json::to_value(entry)?;
            with(&mut document);
            Body::AccessEntry(serde_json::from_value(document)?)
        }
        Body::PodIdentityAssociation(association) => {
            let mut document = serde_json::to_value(association)?;
            with(&mut document);
            Body::PodIdentityAssociation(serde_json::from_value(document)?)
        }
        other => other.clone(),
    })
}

async fn change(session: &Session, cluster: &ClusterArn, live: Live, edited: &Body) -> Result<(), PortError> {
    match (&live.key, &live.body, edited) {
        (ObjectKey::Role { name }, Body::Role(before), Body::Role(after)) => {
            roles::change(session, name, before, after).await
        }
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(before), Body::AccessEntry(after)) => {
            entries::change(session, cluster, principal, (before, &live), after).await
        }
        (_, Body::PodIdentityAssociation(before), Body::PodIdentityAssociation(after)) => {
            associations::change(session, cluster, live.id.as_deref().unwrap_or_default(), before, after).await
        }
        (key, ..) => Err(invalid(CALL, format!("{key} has nothing to change"))),
    }
}
