//! Listings: rows are streamed, each document projected to its fields and dropped.

use super::{
    bodies,
    error::SandboxError,
    namespace,
    row::{self, COLUMNS, Row},
    store::Store,
};
use goldenpath_core::{
    domain::{ClusterArn, Observed, projection::SYSTEM_NAMESPACE},
    ports::{Scope, Selector},
};
use rusqlite::{ToSql, params};
use std::collections::HashSet;

/// What a listing holds besides what carries our mark, in the namespaces that do: RoleBindings, which grant power there
/// whoever made them, and the ServiceAccount `default`. Found from the namespaces, so that it costs as much as they hold.
macro_rules! beside_ours {
    ($places:literal) => {
        concat!(
            "home = ?1 AND marked IS NULL AND kind IN ('RoleBinding', 'ServiceAccount')
             AND (kind = 'RoleBinding' OR fold = 'k8s/v1/ServiceAccount/' || namespace || '/default')
             AND namespace IN (SELECT substr(place.fold, length('k8s/v1/Namespace/') + 1) FROM object place
                               WHERE place.kind = 'Namespace' AND ",
            $places,
            ")"
        )
    };
}

pub(super) fn observe(
    store: &mut Store,
    cluster: &ClusterArn,
    selector: &Selector,
) -> Result<Vec<Observed>, SandboxError> {
    store.known(cluster)?;
    let mut listing = Listing { store, cluster, seen: HashSet::new(), found: vec![] };
    let arn = cluster.as_str();
    match &selector.scope {
        Scope::Everything => {
            listing.select("marked = ?1", params![arn])?;
            listing.select(beside_ours!("place.marked = ?1"), params![arn])?;
        }
        Scope::Environment(environment) => {
            listing.select("marked = ?1 AND environment = ?2", params![arn, environment])?;
            listing.select(beside_ours!("place.marked = ?1 AND place.environment = ?2"), params![arn, environment])?;
        }
        Scope::Records => listing.select(
            "home = ?1 AND namespace = ?2 AND kind = 'ConfigMap' AND marked IS NOT NULL",
            params![arn, SYSTEM_NAMESPACE],
        )?,
        Scope::Keys => {}
    }
    for key in &selector.keys {
        // A role whose name differs only by case is another key.
        if let Some(row) = Row::load(store, row::home(cluster, key), key)?.filter(|row| row.key == *key) {
            listing.add(row)?;
        }
    }
    let mut found = listing.found;
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    namespace::advance(store, cluster)?;
    Ok(found)
}

struct Listing<'a> {
    store: &'a Store,
    cluster: &'a ClusterArn,
    seen: HashSet<i64>,
    found: Vec<Observed>,
}

impl Listing<'_> {
    fn select(&mut self, condition: &str, values: &[&dyn ToSql]) -> Result<(), SandboxError> {
        let query = format!("SELECT {COLUMNS} FROM object WHERE {condition}");
        let mut statement = self.store.connection().prepare_cached(&query)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            self.add(Row::read(row)?)?;
        }
        Ok(())
    }

    fn add(&mut self, row: Row) -> Result<(), SandboxError> {
        if row.is_visible(self.store) && row.id.is_some_and(|id| self.seen.insert(id)) {
            self.found.push(bodies::observed(self.store, self.cluster, row)?);
        }
        Ok(())
    }
}
