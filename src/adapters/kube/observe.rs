//! Which objects exist: what listings hold, and single objects by name.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection},
    kinds::{CLUSTER_ROLE_BINDING, Resource},
    list::{Query, list},
    listings::{self, AT_ONCE, Found, by_key},
    project, terminating,
};
use crate::errors::not_found_as_none;
use futures_util::{StreamExt, TryStreamExt, stream};
use goldenpath_core::{
    domain::{ObjectKey, Observed},
    ports::{PortError, Selector},
};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) async fn observe(connection: &Connection, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    let listed = listings::of_scope(connection, &selector.scope).await?;
    complete(connection, listed, &selector.keys).await
}

/// With these keys, whoever owns them, and with what only further requests say of what was listed.
pub(super) async fn complete(
    connection: &Connection,
    mut found: Found,
    keys: &[ObjectKey],
) -> Result<Vec<Observed>, PortError> {
    // A set, so that each is read once.
    let keys: BTreeSet<ObjectKey> =
        keys.iter().filter(|key| !key.is_aws() && !found.contains_key(key)).cloned().collect();
    let (spaces, mut keys): (BTreeSet<_>, BTreeSet<_>) = keys.into_iter().partition(|key| key.as_namespace().is_some());
    let missing: BTreeSet<String> = spaces.iter().filter_map(ObjectKey::as_namespace).map(str::to_owned).collect();
    found.extend(read(connection, spaces).await?);
    // Nothing is in a namespace that is not there.
    keys.retain(|key| match key {
        ObjectKey::Kube { namespace: Some(namespace), .. } => {
            !missing.contains(namespace) || found.contains_key(&ObjectKey::namespace_object(namespace))
        }
        _ => true,
    });
    found.extend(read(connection, keys).await?);
    let mut found: Vec<Observed> = found.into_values().collect();
    forbid_adoption_of_powerful(connection, &mut found).await?;
    for observed in &mut found {
        terminating::name_what_blocks(connection, observed).await;
    }
    Ok(found)
}

async fn read(connection: &Connection, keys: BTreeSet<ObjectKey>) -> Result<Found, ApiError> {
    let keys = keys.into_iter().map(|key| async move { get(connection, &key).await });
    let read: Vec<Option<Observed>> = stream::iter(keys).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(by_key(read.into_iter().flatten()))
}

/// One object, whoever owns it; `None` also where its kind is not served.
pub(super) async fn get(connection: &Connection, key: &ObjectKey) -> Result<Option<Observed>, ApiError> {
    let Some((resource, document)) = document(connection, key).await? else {
        return Ok(None);
    };
    Ok(project::observation(&connection.cluster, &resource, document))
}

pub(super) async fn document(connection: &Connection, key: &ObjectKey) -> Result<Option<(Resource, Value)>, ApiError> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Ok(None);
    };
    let Some(resource) = not_found_as_none(connection.resource(api_version, kind).await)? else {
        return Ok(None);
    };
    let request = ApiRequest::get(format!("GET {kind}"), resource.object(namespace.as_deref(), name));
    let document = not_found_as_none(connection.document(&request).await)?;
    Ok(document.map(|document| (resource, document)))
}

// === Adoption ===

/// A namespace with a ServiceAccount that is bound cluster-wide is not adopted, whatever it carries: who gets to run pods there
/// would get that power.
async fn forbid_adoption_of_powerful(connection: &Connection, found: &mut [Observed]) -> Result<(), ApiError> {
    if found.iter().all(|observed| observed.adoptable_by.is_none()) {
        return Ok(());
    }
    let take = |document: Value| Some(bound_namespaces(&document));
    let bound = list(connection, &CLUSTER_ROLE_BINDING, Query::default(), &take).await?;
    let bound: BTreeSet<String> = bound.items.into_iter().flatten().collect();
    for observed in found {
        if let ObjectKey::Kube { name, .. } = &observed.key
            && bound.contains(name)
        {
            observed.adoptable_by = None;
        }
    }
    Ok(())
}

/// Of accounts by name or by the name that they have as users, and of all accounts of a namespace as a group.
fn bound_namespaces(binding: &Value) -> Vec<String> {
    let subjects = binding.get("subjects").and_then(Value::as_array);
    let of = |subject: &Value| {
        let text = |name: &str| subject.get(name).and_then(Value::as_str);
        match text("kind")? {
            "ServiceAccount" => text("namespace"),
            "Group" => text("name")?.strip_prefix("system:serviceaccounts:"),
            "User" => {
                let account = text("name")?.strip_prefix("system:serviceaccount:")?;
                account.split_once(':').map(|(namespace, _)| namespace)
            }
            _ => None,
        }
        .map(str::to_owned)
    };
    subjects.into_iter().flatten().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn namespaces_with_power_are_known_by_their_bindings() {
        for (subjects, expected, reason) in [
            (json!([{"kind": "ServiceAccount", "namespace": "a", "name": "x"}]), vec!["a"], "an account"),
            (json!([{"kind": "Group", "name": "system:serviceaccounts:b"}]), vec!["b"], "all of a namespace"),
            (
                json!([{"kind": "Group", "name": "system:serviceaccounts"}]),
                vec![],
                "all of the cluster: bound by Kubernetes itself",
            ),
            (
                json!([{"kind": "User", "name": "system:serviceaccount:c:x"}]),
                vec!["c"],
                "an account by the name of its tokens",
            ),
            (json!([{"kind": "User", "name": "c"}]), vec![], "a person"),
            (json!(null), vec![], "nobody"),
        ] {
            assert_eq!(bound_namespaces(&json!({"subjects": subjects})), expected, "{reason}");
        }
    }
}
