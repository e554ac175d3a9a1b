//! Server-side apply, with what must hold and what may be taken.
//!
//! - Nothing is forced but over fields that may be taken, and then only at the version at which the API server said that
//!   these were all the conflicts there are: what changes in between is a conflict, not a loss.
//! - `Absent` is a create of one request, so that of two writers one loses. It is an apply, too: after a POST the manager
//!   would hold its fields a second time, by update, and could never again let go of one.

use super::{
    call::{APPLY, Ask, Connection},
    conflict,
    kinds::{self, Resource},
    observe, project,
    refused::{Refused, invalid},
};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Observed},
    ports::{Apply, Expect, PortError},
};
use http::Method;
use serde_json::Value;

/// What must be there for the apply to be made.
#[derive(Clone, Copy)]
enum At<'a> {
    Whatever,
    Nothing,
    Seen { version: &'a str, uid: &'a str },
}

/// No object ever has it: etcd's revisions begin at 1, which is the empty store, so the first object of a cluster has 2.
/// The API server compares it with the version of what is there, and with nothing where nothing is there.
const OF_NOTHING: &str = "1";

pub(super) async fn apply(connection: &Connection, apply: &Apply<'_>) -> Result<Observed, PortError> {
    let Apply { cluster, key, body, manager, expect, take } = apply;
    let call = format!("PATCH {}", key.kind());
    let (ObjectKey::Kube { api_version, kind, namespace, name }, Body::Kube(document)) = (key, body) else {
        return Err(invalid(&call, &format!("{key} is in AWS")).into());
    };
    let resource = connection.resource(api_version, kind).await?;
    if resource.is_namespaced != namespace.is_some() {
        let scope = if resource.is_namespaced { "lives in a namespace" } else { "is cluster-scoped" };
        return Err(invalid(&call, &format!("{key}: the cluster says that {kind} {scope}")).into());
    }
    let order = Order { call, path: resource.object(namespace.as_deref(), name), resource, document, manager };
    let answer = match expect {
        Expect::Any if take.is_empty() => order.send(connection, At::Whatever, false).await,
        Expect::Any => order.take_any(connection, key, take).await,
        Expect::Absent => order.send(connection, At::Nothing, false).await,
        Expect::Version(version) => order.take(connection, version, take).await,
    };
    let answer = answer.map_err(|refused| order.refused(refused))?;
    project::observed(cluster, &order.resource, answer)
        .ok_or_else(|| invalid(&order.call, "the answer has no name or no version").into())
}

struct Order<'a> {
    call: String,
    path: String,
    resource: Resource,
    document: &'a Value,
    manager: &'a str,
}

/// How often what somebody changed between look and change is looked at again; a quota's controller writes its status just then.
const LOOKS: usize = 4;

impl Order<'_> {
    /// At whatever version it has, over the conflicting fields too if all of them may be taken.
    async fn take_any(&self, connection: &Connection, key: &ObjectKey, take: &[String]) -> Result<Value, Refused> {
        let mut looks = 1;
        loop {
            let Some(seen) = observe::get(connection, key).await? else {
                return self.send(connection, At::Whatever, false).await;
            };
            match self.take(connection, &seen.version, take).await {
                Err(refused) if refused.error.class == Class::Conflict && refused.held.is_empty() && looks < LOOKS => {
                    looks += 1;
                }
                answer => return answer,
            }
        }
    }

    /// At this version, over the conflicting fields too if all of them may be taken.
    async fn take(&self, connection: &Connection, version: &str, take: &[String]) -> Result<Value, Refused> {
        let Some((version, uid)) = project::parts_of(version) else {
            return Err(invalid(&self.call, &format!("{version:?} is no version of a Kubernetes object")));
        };
        let seen = At::Seen { version, uid };
        match self.send(connection, seen, false).await {
            Err(refused) if conflict::may_be_taken(&conflict::fields(self.document, &refused.held), take) => {
                self.send(connection, seen, true).await
            }
            answer => answer,
        }
    }

    async fn send(&self, connection: &Connection, at: At<'_>, force: bool) -> Result<Value, Refused> {
        let path =
            format!("{}?fieldManager={}&fieldValidation=Strict&force={force}", self.path, kinds::segment(self.manager));
        let mut document = self.document.clone();
        if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
            let (version, uid) = match at {
                At::Whatever => (None, None),
                At::Nothing => (Some(OF_NOTHING), None),
                At::Seen { version, uid } => (Some(version), Some(uid)),
            };
            metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version.into())));
            metadata.extend(uid.map(|uid| ("uid".to_owned(), uid.into())));
        }
        connection.document(&Ask::with(Method::PATCH, self.call.clone(), path, (APPLY, document))).await
    }

    /// The fields of a conflict as pointers, and words that name an unknown kind.
    fn refused(&self, refused: Refused) -> PortError {
        if refused.is_unserved && refused.error.class == Class::NotFound {
            return kinds::unserved(&self.call, &self.resource.api_version, &self.resource.kind).into();
        }
        let held = conflict::fields(self.document, &refused.held);
        PortError { held, ..refused.error }
    }
}
