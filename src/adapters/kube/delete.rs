//! Deletion: in the background, and only at the version that was read.

use super::{
    call::{ApiRequest, Connection, JSON},
    kinds::NAMESPACE,
    project,
};
use crate::errors::{invalid, not_found_as_none};
use goldenpath_core::{
    domain::ObjectKey,
    ports::{Deleted, Expect, PortError},
};
use http::Method;
use serde_json::{Value, json};

pub(super) async fn delete(connection: &Connection, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
    let call = format!("DELETE {}", key.kind());
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Err(invalid(call, format!("{key} is in AWS")));
    };
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    match expect {
        Expect::Any => {}
        Expect::Version(version) => {
            let Some((version, uid)) = project::parts_of(version) else {
                return Err(invalid(call, format!("{version:?} is not a version of {key}")));
            };
            options["preconditions"] = json!({"resourceVersion": version, "uid": uid});
        }
        Expect::Owned(_) => {
            return Err(invalid(call, "an object of Kubernetes is deleted at the version that was read"));
        }
        Expect::Absent => return Err(invalid(call, "an object that must be absent can't be deleted")),
    }
    let Some(resource) = not_found_as_none(connection.resource(api_version, kind).await)? else {
        return Ok(Deleted::Gone);
    };
    let path = resource.object(namespace.as_deref(), name);
    let request = ApiRequest::with(Method::DELETE, call, path, (JSON, options));
    let response = not_found_as_none(connection.document(&request).await)?;
    Ok(response.map_or(Deleted::Gone, |response| outcome(&response)))
}

/// A `Status`, or the object: as it was before its deletion, or as it is while something holds it up.
fn outcome(response: &Value) -> Deleted {
    let is_held =
        |pointer: &str| response.pointer(pointer).and_then(Value::as_array).is_some_and(|held| !held.is_empty());
    let is_namespace = response.get("kind").is_some_and(|kind| *kind == *NAMESPACE.kind);
    let is_deleting = response.pointer("/metadata/deletionTimestamp").is_some();
    if is_deleting && (is_namespace || is_held("/metadata/finalizers")) { Deleted::Terminating } else { Deleted::Gone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_shows_whether_the_object_is_gone() {
        let at = "2026-01-01T00:00:00Z";
        for (response, expected, reason) in [
            (json!({"kind": "Status", "status": "Success"}), Deleted::Gone, "most kinds"),
            (
                json!({"kind": "ResourceQuota", "metadata": {"name": "a"}}),
                Deleted::Gone,
                "a kind that returns what was deleted",
            ),
            (
                json!({"kind": "ConfigMap", "metadata": {"deletionTimestamp": at, "finalizers": ["a/b"]}}),
                Deleted::Terminating,
                "a finalizer holds it",
            ),
            (
                json!({"kind": "Namespace", "metadata": {"deletionTimestamp": at}, "spec": {"finalizers": ["kubernetes"]}}),
                Deleted::Terminating,
                "a namespace is emptied first",
            ),
        ] {
            assert_eq!(outcome(&response), expected, "{reason}");
        }
    }
}
