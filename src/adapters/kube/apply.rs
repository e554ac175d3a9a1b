//! Server-side apply, with what must hold and what may be taken.
//!
//! - Nothing is forced but over fields that may be taken, and then only at the version at which the API server said that
//!   these were all the conflicts there are: what changes in between is a conflict, not a loss.
//! - `Absent` is a create of one request, so that of two writers one loses. It is an apply, too: after a POST the manager
//!   would hold its fields a second time, by update, and could never again release one.

use super::{
    api_error::ApiError,
    call::{APPLY, ApiRequest, Connection},
    conflict,
    kinds::{self, Resource},
    observe, project, served,
};
use crate::errors::invalid;
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Observed},
    ports::{Apply, Expect, PortError},
};
use http::Method;
use serde_json::Value;

/// What the apply requires to be there.
#[derive(Clone, Copy)]
enum At<'a> {
    Anything,
    Nothing,
    Version { version: &'a str, uid: &'a str },
}

/// No object ever has it: etcd's revisions begin at 1, which is the empty store, so the first object of a cluster has 2.
/// The API server compares it with the version of what is there, and with nothing where nothing is there.
const OF_NOTHING: &str = "1";

pub(super) async fn apply(connection: &Connection, apply: &Apply<'_>) -> Result<Observed, PortError> {
    let Apply { cluster, key, body, manager, expect, take } = apply;
    let call = format!("PATCH {}", key.kind());
    let (ObjectKey::Kube { api_version, kind, namespace, name }, Body::Kube(document)) = (key, body) else {
        return Err(invalid(call, format!("{key} is in AWS")));
    };
    let resource = connection.resource(api_version, kind).await?;
    if resource.is_namespaced != namespace.is_some() {
        let scope = if resource.is_namespaced {
            "namespaced: set `metadata.namespace`"
        } else {
            "cluster-scoped: remove `metadata.namespace`"
        };
        return Err(invalid(call, format!("{key}: in this cluster {kind} is {scope}")));
    }
    let apply =
        ServerSideApply { call, path: resource.object(namespace.as_deref(), name), resource, document, manager };
    let response = match expect {
        Expect::Any if take.is_empty() => apply.send(connection, At::Anything, false).await,
        Expect::Any => apply.take_any(connection, key, take).await,
        Expect::Absent => apply.send(connection, At::Nothing, false).await,
        Expect::Version(version) => apply.take(connection, version, take).await,
        Expect::Owned(_) => return Err(invalid(&apply.call, "an object is applied at the version that was read")),
    };
    let document = response.map_err(|error| apply.port_error(error))?;
    project::observation(cluster, &apply.resource, document)
        .ok_or_else(|| invalid(&apply.call, "the response has no name or no version"))
}

struct ServerSideApply<'a> {
    call: String,
    path: String,
    resource: Resource,
    document: &'a Value,
    manager: &'a str,
}

/// How often an object that changed between read and write is read again; a quota's controller writes its status just then.
const READS: usize = 4;

impl ServerSideApply<'_> {
    /// At whatever version it has, over the conflicting fields too if all of them may be taken.
    async fn take_any(&self, connection: &Connection, key: &ObjectKey, take: &[String]) -> Result<Value, ApiError> {
        let mut reads = 1;
        loop {
            let Some(found) = observe::get(connection, key).await? else {
                return self.send(connection, At::Anything, false).await;
            };
            match self.take(connection, &found.version, take).await {
                Err(error) if error.error.class == Class::Conflict && error.held.is_empty() && reads < READS => {
                    reads += 1;
                }
                other => return other,
            }
        }
    }

    /// At this version, over the conflicting fields too if all of them may be taken.
    async fn take(&self, connection: &Connection, version: &str, take: &[String]) -> Result<Value, ApiError> {
        let Some((version, uid)) = project::parts_of(version) else {
            return Err(invalid(&self.call, format!("{version:?} is not a version of a Kubernetes object")).into());
        };
        let at = At::Version { version, uid };
        match self.send(connection, at, false).await {
            Err(error) if conflict::may_be_taken(&conflict::fields(self.document, &error.held), take) => {
                self.send(connection, at, true).await
            }
            other => other,
        }
    }

    async fn send(&self, connection: &Connection, at: At<'_>, force: bool) -> Result<Value, ApiError> {
        let path =
            format!("{}?fieldManager={}&fieldValidation=Strict&force={force}", self.path, kinds::segment(self.manager));
        let mut document = self.document.clone();
        if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
            let (version, uid) = match at {
                At::Anything => (None, None),
                At::Nothing => (Some(OF_NOTHING), None),
                At::Version { version, uid } => (Some(version), Some(uid)),
            };
            metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version.into())));
            metadata.extend(uid.map(|uid| ("uid".to_owned(), uid.into())));
        }
        connection.document(&ApiRequest::with(Method::PATCH, self.call.clone(), path, (APPLY, document))).await
    }

    /// The fields of a conflict as pointers, and words that name an unknown kind.
    fn port_error(&self, error: ApiError) -> PortError {
        if error.is_unserved && error.error.class == Class::NotFound {
            return served::unserved_kind(&self.call, &self.resource.api_version, &self.resource.kind).into();
        }
        let held = conflict::fields(self.document, &error.held);
        PortError { held, ..error.error }
    }
}
