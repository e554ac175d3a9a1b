//! Deleting: in the background, and only what was looked at.

use super::{
    call::{Ask, Connection, JSON},
    kinds::NAMESPACE,
    project,
    refused::invalid,
};
use goldenpath_core::{
    domain::{Class, ObjectKey},
    ports::{Deleted, Expect, PortError},
};
use http::Method;
use serde_json::{Value, json};

pub(super) async fn delete(connection: &Connection, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
    let call = format!("DELETE {}", key.kind());
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Err(invalid(&call, &format!("{key} is in AWS")).into());
    };
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    match expect {
        Expect::Any => {}
        Expect::Version(version) => {
            let Some((version, uid)) = project::parts_of(version) else {
                return Err(invalid(&call, &format!("{version:?} is no version of {key}")).into());
            };
            options["preconditions"] = json!({"resourceVersion": version, "uid": uid});
        }
        Expect::Absent => return Err(invalid(&call, "what must be absent cannot be deleted").into()),
    }
    let resource = match connection.resource(api_version, kind).await {
        Ok(resource) => resource,
        Err(refused) if refused.error.class == Class::NotFound => return Ok(Deleted::Gone),
        Err(refused) => return Err(refused.into()),
    };
    let path = resource.object(namespace.as_deref(), name);
    match connection.document(&Ask::with(Method::DELETE, call, path, (JSON, options))).await {
        Ok(answer) => Ok(outcome(&answer)),
        Err(refused) if refused.error.class == Class::NotFound => Ok(Deleted::Gone),
        Err(refused) => Err(refused.into()),
    }
}

/// A `Status`, or the object: as it was before it went, or as it is while something holds it.
fn outcome(answer: &Value) -> Deleted {
    let is_held =
        |pointer: &str| answer.pointer(pointer).and_then(Value::as_array).is_some_and(|held| !held.is_empty());
    let is_namespace = answer.get("kind").is_some_and(|kind| *kind == *NAMESPACE.kind);
    let is_deleting = answer.pointer("/metadata/deletionTimestamp").is_some();
    if is_deleting && (is_namespace || is_held("/metadata/finalizers")) { Deleted::Terminating } else { Deleted::Gone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_whether_it_is_gone() {
        let at = "2026-01-01T00:00:00Z";
        for (answer, expected, reason) in [
            (json!({"kind": "Status", "status": "Success"}), Deleted::Gone, "most kinds"),
            (json!({"kind": "ResourceQuota", "metadata": {"name": "a"}}), Deleted::Gone, "a kind that shows what went"),
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
            assert_eq!(outcome(&answer), expected, "{reason}");
        }
    }
}
