//! What exists: listings by our mark, what else lives in our namespaces and matters, and single objects by name.
//!
//! The number of requests depends on kinds and pages, never on how many environments there are; see [`LISTED`].

use super::{
    call::{Ask, Connection},
    kinds::{CLUSTER_ROLE_BINDING, CONFIG_MAP, LISTED, NAMESPACE, ROLE_BINDING, Resource, SERVICE_ACCOUNT},
    list::{Query, list},
    project,
    refused::Refused,
    terminating,
};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use goldenpath_core::{
    domain::{Class, ObjectKey, Observed, Ownership, projection::SYSTEM_NAMESPACE},
    ports::{PortError, Scope, Selector},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Requests at once: each is a connection of its own (HTTP/1.1), and the API server's priority and fairness counts seats.
const AT_ONCE: usize = 4;

const OURS: &str = "goldenpath.internal/managed=true";
/// What Kubernetes makes in every namespace; we own one field of it and no label.
const DEFAULT: &str = "default";

type Found = BTreeMap<ObjectKey, Observed>;

pub(super) async fn observe(connection: &Connection, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    let mut found = match &selector.scope {
        Scope::Everything => everything(connection).await?,
        Scope::Environment(environment) => of_environment(connection, environment).await?,
        Scope::Records => records(connection).await?,
        Scope::Keys => Found::new(),
    };
    // In order, so that each is asked for once.
    let keys: BTreeSet<ObjectKey> =
        selector.keys.iter().filter(|key| !key.is_aws() && !found.contains_key(key)).cloned().collect();
    let keys = keys.into_iter().map(|key| async move { get(connection, &key).await });
    let named: Vec<Option<Observed>> = stream::iter(keys).buffer_unordered(AT_ONCE).try_collect().await?;
    let named = named.into_iter().flatten();
    found.extend(named.map(|observed| (observed.key.clone(), observed)));
    let mut found: Vec<Observed> = found.into_values().collect();
    refuse_powerful(connection, &mut found).await?;
    for observed in &mut found {
        terminating::name_what_blocks(connection, observed).await;
    }
    Ok(found)
}

/// One object, whoever owns it; `None` also where its kind is not served.
pub(super) async fn get(connection: &Connection, key: &ObjectKey) -> Result<Option<Observed>, Refused> {
    let Some((resource, document)) = document(connection, key).await? else {
        return Ok(None);
    };
    Ok(project::observed(&connection.cluster, &resource, document))
}

pub(super) async fn document(connection: &Connection, key: &ObjectKey) -> Result<Option<(Resource, Value)>, Refused> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Ok(None);
    };
    let is_absent = |refused: &Refused| refused.error.class == Class::NotFound;
    let resource = match connection.resource(api_version, kind).await {
        Ok(resource) => resource,
        Err(refused) if is_absent(&refused) => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let ask = Ask::get(format!("GET {kind}"), resource.object(namespace.as_deref(), name));
    match connection.document(&ask).await {
        Ok(document) => Ok(Some((resource, document))),
        Err(refused) if is_absent(&refused) => Ok(None),
        Err(refused) => Err(refused),
    }
}

// === Listings ===

async fn everything(connection: &Connection) -> Result<Found, Refused> {
    let ours = Query { labels: Some(OURS), ..Query::default() };
    let mut found = collect(connection, vec![(NAMESPACE, ours)]).await?;
    let places = names(&found);
    // All RoleBindings of the cluster in one listing: those in our namespaces matter whoever made them.
    let bindings = (ROLE_BINDING, Query::default());
    let accounts = Query { fields: Some("metadata.name=default"), ..Query::default() };
    let rest = LISTED.into_iter().filter(|kind| *kind != NAMESPACE && *kind != ROLE_BINDING);
    let mut asked: Vec<(Resource, Query<'_>)> = rest.map(|kind| (kind, ours)).collect();
    asked.extend([bindings, (SERVICE_ACCOUNT, accounts)]);
    found.extend(collect(connection, asked).await?);
    found.retain(|key, observed| is_marked(observed) || place(key).is_some_and(|place| places.contains(place)));
    Ok(found)
}

async fn of_environment(connection: &Connection, environment: &str) -> Result<Found, Refused> {
    let labels = format!("goldenpath.internal/environment={environment}");
    let ours = Query { labels: Some(&labels), ..Query::default() };
    let mut found = collect(connection, vec![(NAMESPACE, ours)]).await?;
    let places = names(&found);
    let rest = LISTED.into_iter().filter(|kind| *kind != NAMESPACE);
    let mut asked: Vec<(Resource, Query<'_>)> = rest.map(|kind| (kind, ours)).collect();
    for place in &places {
        let inside = Query { namespace: Some(place), ..Query::default() };
        let account = Query { fields: Some("metadata.name=default"), ..inside };
        asked.extend([(ROLE_BINDING, inside), (SERVICE_ACCOUNT, account)]);
    }
    found.extend(collect(connection, asked).await?);
    Ok(found)
}

async fn records(connection: &Connection) -> Result<Found, Refused> {
    let query = Query { namespace: Some(SYSTEM_NAMESPACE), labels: Some(OURS), ..Query::default() };
    collect(connection, vec![(CONFIG_MAP, query)]).await
}

async fn collect<'a>(connection: &'a Connection, asked: Vec<(Resource, Query<'a>)>) -> Result<Found, Refused> {
    let mut listings: Vec<BoxFuture<'a, _>> = vec![];
    for (resource, query) in asked {
        let listing = async move {
            let take = |document| project::observed(&connection.cluster, &resource, document);
            list(connection, &resource, query, &take).await
        };
        listings.push(listing.boxed());
    }
    let listings: Vec<Vec<Observed>> = stream::iter(listings).buffer_unordered(AT_ONCE).try_collect().await?;
    let all = listings.into_iter().flatten();
    Ok(all.map(|observed| (observed.key.clone(), observed)).collect())
}

fn names(namespaces: &Found) -> BTreeSet<String> {
    let name = |key: &ObjectKey| match key {
        ObjectKey::Kube { name, .. } => Some(name.clone()),
        _ => None,
    };
    namespaces.keys().filter_map(name).collect()
}

fn is_marked(observed: &Observed) -> bool {
    !matches!(observed.ownership, Ownership::Foreign { .. })
}

/// The namespace of what a listing holds though it is not ours.
fn place(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Kube { kind, namespace, name, .. }
            if *kind == ROLE_BINDING.kind || (*kind == SERVICE_ACCOUNT.kind && name == DEFAULT) =>
        {
            namespace.as_deref()
        }
        _ => None,
    }
}

// === Adoption ===

/// A namespace with a ServiceAccount that is bound cluster-wide is not adopted, whatever it carries: who gets to run pods there
/// would get that power.
async fn refuse_powerful(connection: &Connection, found: &mut [Observed]) -> Result<(), Refused> {
    if found.iter().all(|observed| observed.adoptable_by.is_none()) {
        return Ok(());
    }
    let take = |document: Value| Some(bound_namespaces(&document));
    let bound = list(connection, &CLUSTER_ROLE_BINDING, Query::default(), &take).await?;
    let bound: BTreeSet<String> = bound.into_iter().flatten().collect();
    for observed in found {
        if let ObjectKey::Kube { name, .. } = &observed.key
            && bound.contains(name)
        {
            observed.adoptable_by = None;
        }
    }
    Ok(())
}

/// Of accounts by name, and of all accounts of a namespace as a group.
fn bound_namespaces(binding: &Value) -> Vec<String> {
    let subjects = binding.get("subjects").and_then(Value::as_array);
    let of = |subject: &Value| {
        let text = |name: &str| subject.get(name).and_then(Value::as_str);
        match text("kind")? {
            "ServiceAccount" => text("namespace"),
            "Group" => text("name")?.strip_prefix("system:serviceaccounts:"),
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
            (json!([{"kind": "User", "name": "c"}]), vec![], "a person"),
            (json!(null), vec![], "nobody"),
        ] {
            assert_eq!(bound_namespaces(&json!({"subjects": subjects})), expected, "{reason}");
        }
    }
}
