//! Which objects exist: listings by our mark, what else lives in our namespaces and matters, and single objects by name.
//!
//! The number of requests depends on kinds and pages, never on how many environments there are; see [`KINDS`].

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection},
    kinds::{CLUSTER_ROLE_BINDING, CONFIG_MAP, NAMESPACE, Resource},
    list::{Query, list},
    project, terminating,
};
use crate::errors::not_found_as_none;
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use goldenpath_core::{
    domain::{ObjectKey, Observed, Ownership, SYSTEM_NAMESPACE},
    kinds::{self, Kind, Unmarked, kubernetes::KINDS},
    ports::{PortError, Scope, Selector},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Requests at once: each is a connection of its own (HTTP/1.1), and the API server's priority and fairness counts seats.
const AT_ONCE: usize = 4;

const OURS: &str = "goldenpath.internal/managed=true";
type Found = BTreeMap<ObjectKey, Observed>;

pub(super) async fn observe(connection: &Connection, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    let mut found = match &selector.scope {
        Scope::Everything | Scope::Refresh => everything(connection).await?,
        Scope::Environment(environment) | Scope::InCluster(environment) => {
            of_environment(connection, environment).await?
        }
        Scope::Records => records(connection, OURS).await?,
        Scope::RecordsOf(environment) => records(connection, &of_environment_label(environment)).await?,
        Scope::Keys | Scope::Granted => Found::new(),
    };
    // A set, so that each is read once.
    let keys: BTreeSet<ObjectKey> =
        selector.keys.iter().filter(|key| !key.is_aws() && !found.contains_key(key)).cloned().collect();
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
    Ok(read.into_iter().flatten().map(|observed| (observed.key.clone(), observed)).collect())
}

/// One object, whoever owns it; `None` also where its kind is not served.
pub(super) async fn get(connection: &Connection, key: &ObjectKey) -> Result<Option<Observed>, ApiError> {
    let Some((resource, document)) = document(connection, key).await? else {
        return Ok(None);
    };
    Ok(project::observed(&connection.cluster, &resource, document))
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

// === Listings ===

async fn everything(connection: &Connection) -> Result<Found, ApiError> {
    let ours = Query { labels: Some(OURS), ..Query::default() };
    let mut found = collect(connection, vec![(NAMESPACE, ours)]).await?;
    let places = names(&found);
    // Those without our mark are listed for the whole cluster at once.
    let listings = inside().flat_map(|kind| {
        let unmarked = unmarked(kind, Query::default());
        let ours = Some(ours).filter(|_| !matches!(kind.unmarked, Unmarked::All | Unmarked::Few));
        [ours, unmarked].into_iter().flatten().map(|query| (Resource::of(kind), query))
    });
    found.extend(collect(connection, listings.collect()).await?);
    found.retain(|key, observed| is_marked(observed) || place(key).is_some_and(|place| places.contains(place)));
    Ok(found)
}

async fn of_environment(connection: &Connection, environment: &str) -> Result<Found, ApiError> {
    let labels = of_environment_label(environment);
    let ours = Query { labels: Some(&labels), ..Query::default() };
    let mut found = collect(connection, vec![(NAMESPACE, ours)]).await?;
    let places = names(&found);
    let by_mark = |kind: &Kind| if kind.unmarked == Unmarked::Few { Query::default() } else { ours };
    let mut listings: Vec<(Resource, Query<'_>)> = inside().map(|kind| (Resource::of(kind), by_mark(kind))).collect();
    for place in &places {
        let here = Query { namespace: Some(place), ..Query::default() };
        let of_place = inside().filter(|kind| kind.unmarked != Unmarked::Few);
        listings.extend(of_place.filter_map(|kind| Some((Resource::of(kind), unmarked(kind, here)?))));
    }
    found.extend(collect(connection, listings).await?);
    let is_few = |key: &ObjectKey| kinds::of(key).is_some_and(|kind| kind.unmarked == Unmarked::Few);
    found.retain(|key, _| !is_few(key) || place(key).is_some_and(|place| places.contains(place)));
    Ok(found)
}

fn of_environment_label(environment: &str) -> String {
    format!("goldenpath.internal/environment={environment}")
}

async fn records(connection: &Connection, labels: &str) -> Result<Found, ApiError> {
    let query = Query { namespace: Some(SYSTEM_NAMESPACE), labels: Some(labels), ..Query::default() };
    collect(connection, vec![(CONFIG_MAP, query)]).await
}

async fn collect<'a>(connection: &'a Connection, queries: Vec<(Resource, Query<'a>)>) -> Result<Found, ApiError> {
    let mut listings: Vec<BoxFuture<'a, _>> = vec![];
    for (resource, query) in queries {
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

/// All kinds but namespaces, which are listed before the others.
fn inside() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().copied().filter(|kind| kind.name != NAMESPACE.kind)
}

/// The listing of what matters in our namespaces though it does not carry our mark.
fn unmarked<'a>(kind: &Kind, everywhere: Query<'a>) -> Option<Query<'a>> {
    match kind.unmarked {
        Unmarked::Ignored => None,
        Unmarked::All | Unmarked::Few => Some(everywhere),
        Unmarked::Named(name) => Some(Query { name: Some(name), ..everywhere }),
    }
}

/// The namespace of what a listing holds though it is not ours.
fn place(key: &ObjectKey) -> Option<&str> {
    let ObjectKey::Kube { namespace, name, .. } = key else { return None };
    let is_held = match kinds::of(key)?.unmarked {
        Unmarked::Ignored => false,
        Unmarked::All | Unmarked::Few => true,
        Unmarked::Named(known) => name == known,
    };
    namespace.as_deref().filter(|_| is_held)
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
