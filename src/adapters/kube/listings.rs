//! Which listings hold what is ours, and what else lives in our namespaces and matters.
//!
//! The number of requests depends on kinds and pages, never on how many environments there are; see [`KINDS`].

use super::{
    api_error::ApiError,
    call::Connection,
    kinds::{CONFIG_MAP, NAMESPACE, Resource},
    list::{Listing, Query, list},
    project,
};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use goldenpath_core::{
    domain::{ObjectKey, Observed, Owner, Ownership, SYSTEM_NAMESPACE},
    kinds::{self, Kind, Unmarked, kubernetes::KINDS},
    ports::Scope,
};
use std::collections::{BTreeMap, BTreeSet};

/// Requests at once: each is a connection of its own (HTTP/1.1), and the API server's priority and fairness counts seats.
pub(super) const AT_ONCE: usize = 4;

const OURS: &str = "goldenpath.internal/managed=true";
pub(super) type Found = BTreeMap<ObjectKey, Observed>;

/// What the scope means, apart from keys.
pub(super) async fn of_scope(connection: &Connection, scope: &Scope) -> Result<Found, ApiError> {
    match scope {
        Scope::Everything | Scope::Refresh => everything(connection).await,
        Scope::Environment(environment) | Scope::InCluster(environment) => {
            of_environment(connection, environment).await
        }
        Scope::Records => records(connection, OURS).await,
        Scope::RecordsOf(environment) => records(connection, &of_environment_label(environment)).await,
        Scope::Keys | Scope::Granted => Ok(Found::new()),
    }
}

/// Every listing that [`Scope::Everything`] takes; namespaces come first.
pub(super) fn everywhere() -> Vec<(Resource, Query<'static>)> {
    let ours = Query { labels: Some(OURS), ..Query::default() };
    // Those without our mark are listed for the whole cluster at once.
    let inside = inside().flat_map(|kind| {
        let unmarked = unmarked_query(kind, Query::default());
        let ours = Some(ours).filter(|_| !matches!(kind.unmarked, Unmarked::All | Unmarked::Few));
        [ours, unmarked].into_iter().flatten().map(|query| (Resource::of(kind), query))
    });
    [(NAMESPACE, ours)].into_iter().chain(inside).collect()
}

/// What a listing of this scope would hold, out of what all of [`everywhere`] hold.
pub(super) fn part(mut all: Found, scope: &Scope) -> Found {
    let environment = match scope {
        Scope::Environment(environment) | Scope::InCluster(environment) | Scope::RecordsOf(environment) => {
            Some(environment)
        }
        Scope::Everything | Scope::Refresh | Scope::Records | Scope::Keys | Scope::Granted => None,
    };
    let is_of = |observed: &Observed| match (environment, &observed.ownership) {
        (Some(wanted), Ownership::Ours(Owner { environment, .. })) => environment == wanted,
        (Some(_), _) => false,
        (None, ownership) => !matches!(ownership, Ownership::Foreign { .. }),
    };
    let places: BTreeSet<String> = all
        .values()
        .filter(|observed| is_of(observed))
        .filter_map(|observed| observed.key.as_namespace())
        .map(str::to_owned)
        .collect();
    let is_inside = |key: &ObjectKey| place(key).is_some_and(|place| places.contains(place));
    all.retain(|key, observed| match scope {
        Scope::Keys | Scope::Granted => false,
        Scope::Records | Scope::RecordsOf(_) => is_in_records(key) && is_of(observed),
        _ if environment.is_some() && is_few(key) => is_inside(key),
        _ => is_of(observed) || is_inside(key),
    });
    all
}

async fn everything(connection: &Connection) -> Result<Found, ApiError> {
    let mut listings = everywhere();
    let inside = listings.split_off(1);
    let mut found = collect(connection, listings).await?;
    found.extend(collect(connection, inside).await?);
    Ok(part(found, &Scope::Everything))
}

async fn of_environment(connection: &Connection, environment: &str) -> Result<Found, ApiError> {
    let labels = of_environment_label(environment);
    let ours = Query { labels: Some(&labels), ..Query::default() };
    let mut found = collect(connection, vec![(NAMESPACE, ours)]).await?;
    let places: BTreeSet<String> = found.keys().filter_map(ObjectKey::as_namespace).map(str::to_owned).collect();
    let by_mark = |kind: &Kind| if kind.unmarked == Unmarked::Few { Query::default() } else { ours };
    let mut listings: Vec<(Resource, Query<'_>)> = inside().map(|kind| (Resource::of(kind), by_mark(kind))).collect();
    for place in &places {
        let here = Query { namespace: Some(place), ..Query::default() };
        let of_place = inside().filter(|kind| kind.unmarked != Unmarked::Few);
        listings.extend(of_place.filter_map(|kind| Some((Resource::of(kind), unmarked_query(kind, here)?))));
    }
    found.extend(collect(connection, listings).await?);
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
        listings.push(async move { observe(connection, &resource, query).await }.boxed());
    }
    let listings: Vec<Listing<Observed>> = stream::iter(listings).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(by_key(listings.into_iter().flat_map(|listing| listing.items)))
}

/// One listing, projected.
pub(super) async fn observe(
    connection: &Connection,
    resource: &Resource,
    query: Query<'_>,
) -> Result<Listing<Observed>, ApiError> {
    let take = |document| project::observation(&connection.cluster, resource, document);
    list(connection, resource, query, &take).await
}

pub(super) fn by_key(observed: impl IntoIterator<Item = Observed>) -> Found {
    observed.into_iter().map(|observed| (observed.key.clone(), observed)).collect()
}

/// All kinds but namespaces, which are listed before the others.
fn inside() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().copied().filter(|kind| kind.name != NAMESPACE.kind)
}

/// The listing of what matters in our namespaces though it does not carry our mark.
fn unmarked_query<'a>(kind: &Kind, everywhere: Query<'a>) -> Option<Query<'a>> {
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

fn is_few(key: &ObjectKey) -> bool {
    kinds::of(key).is_some_and(|kind| kind.unmarked == Unmarked::Few)
}

fn is_in_records(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::Kube { kind, namespace: Some(namespace), .. }
        if *kind == *CONFIG_MAP.kind && namespace == SYSTEM_NAMESPACE)
}
