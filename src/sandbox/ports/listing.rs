//! Listings: rows are streamed, each document projected to its fields and dropped.

use super::view;
use crate::{
    aws::{access_entries, access_policies, clusters},
    error::SandboxError,
    kubernetes::namespaces,
    store::{Row, Store, home},
};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, Observed, SYSTEM_NAMESPACE},
    kinds::{
        self, Refresh, Unmarked,
        aws::{
            access_entry::OF_ANOTHER_PRINCIPAL,
            access_policy::{PolicyScopes, describe_scopes},
        },
        kubernetes::KINDS,
    },
    ports::{Scope, Selector},
};
use rusqlite::{ToSql, params};
use std::collections::{BTreeMap, HashSet};

/// What a listing holds besides what carries its mark, in the namespaces that do (`spaces`): that of another environment is
/// a label that somebody set. Found from the namespaces, so that it costs as much as they hold.
fn beside_ours(spaces: &str) -> String {
    let held = KINDS.iter().filter(|kind| kind.unmarked != Unmarked::Ignored);
    let (kinds, held): (Vec<String>, Vec<String>) = held
        .map(|kind| match kind.unmarked {
            Unmarked::Named(name) => {
                (kind, format!("fold = 'k8s/{}/{}/' || namespace || '/{name}'", kind.api, kind.name))
            }
            Unmarked::Ignored | Unmarked::All | Unmarked::Few => (kind, format!("kind = '{}'", kind.name)),
        })
        .map(|(kind, held)| (format!("'{}'", kind.name), held))
        .unzip();
    format!(
        "home = ?1 AND kind IN ({}) AND ({})
         AND namespace IN (SELECT substr(space.fold, length('k8s/v1/Namespace/') + 1) FROM object space
                           WHERE space.kind = 'Namespace' AND {spaces})",
        kinds.join(", "),
        held.join(" OR ")
    )
}

pub fn observe(store: &mut Store, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, SandboxError> {
    // IAM knows nothing of clusters: roles are seen after theirs is gone.
    let of_iam = selector.scope == Scope::Keys && selector.keys.iter().all(ObjectKey::is_iam);
    if !of_iam {
        clusters::get(store, cluster)?;
    }
    let mut listing = Listing { store, cluster, elsewhere: None, seen: HashSet::new(), found: vec![] };
    let arn = cluster.as_str();
    match &selector.scope {
        Scope::Everything => {
            listing.select("marked = ?1", params![arn])?;
            listing.select(&beside_ours("space.marked = ?1"), params![arn])?;
        }
        Scope::Refresh => {
            let named = kinds::all().filter(|kind| kind.refresh != Refresh::Listed);
            let named: Vec<String> = named.map(|kind| format!("'{}'", kind.name)).collect();
            listing.select(&format!("marked = ?1 AND kind NOT IN ({})", named.join(", ")), params![arn])?;
            listing.select(&beside_ours("space.marked = ?1"), params![arn])?;
            listing.select_policies_of(&selector.keys)?;
        }
        Scope::Environment(environment) => {
            listing.select("marked = ?1 AND environment = ?2", params![arn, environment])?;
            listing.select(&beside_ours("space.marked = ?1 AND space.environment = ?2"), params![arn, environment])?;
            listing.select_policies(|_| true)?;
        }
        Scope::InCluster(environment) => {
            listing.select("marked = ?1 AND environment = ?2 AND key LIKE 'k8s/%'", params![arn, environment])?;
            listing.select(&beside_ours("space.marked = ?1 AND space.environment = ?2"), params![arn, environment])?;
            let named: HashSet<&String> = selector.keys.iter().filter_map(ObjectKey::principal).collect();
            listing.select_policies(|principal| named.contains(principal))?;
        }
        Scope::Records => listing.select(
            "home = ?1 AND namespace = ?2 AND kind = 'ConfigMap' AND marked IS NOT NULL",
            params![arn, SYSTEM_NAMESPACE],
        )?,
        Scope::RecordsOf(environment) => listing.select(
            "home = ?1 AND namespace = ?2 AND kind = 'ConfigMap' AND marked IS NOT NULL AND environment = ?3",
            params![arn, SYSTEM_NAMESPACE, environment],
        )?,
        Scope::Keys => {}
        Scope::Granted => listing.select_policies_of(&selector.keys)?,
    }
    for key in &selector.keys {
        // A role whose name differs only by case is another key.
        if let Some(row) = Row::load(store, home(cluster, key), key)?.filter(|row| row.key == *key) {
            listing.add(row)?;
        }
    }
    let mut found = listing.found;
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    namespaces::advance(store, cluster)?;
    Ok(found)
}

struct Listing<'a> {
    store: &'a Store,
    cluster: &'a ClusterArn,
    /// By principal: policies that no entry of ours may have. Read with the first entry, since most listings hold none.
    elsewhere: Option<BTreeMap<String, PolicyScopes>>,
    seen: HashSet<i64>,
    found: Vec<Observed>,
}

impl Listing<'_> {
    fn select(&mut self, condition: &str, values: &[&dyn ToSql]) -> Result<(), SandboxError> {
        Row::each(self.store, condition, values, |row| self.add(row))
    }

    /// Access policies in the namespaces that were found.
    fn select_policies(&mut self, is_wanted: impl Fn(&String) -> bool) -> Result<(), SandboxError> {
        let spaces: HashSet<ObjectKey> =
            self.found.iter().map(|object| &object.key).filter(|key| key.kind() == "Namespace").cloned().collect();
        access_policies::each(self.store, self.cluster, |row| match &row.key {
            ObjectKey::AccessPolicy { namespace, principal, .. }
                if is_wanted(principal) && spaces.contains(&ObjectKey::namespace_object(namespace)) =>
            {
                self.add(row)
            }
            _ => Ok(()),
        })
    }

    /// Of the entries of ours among these keys.
    fn select_policies_of(&mut self, keys: &[ObjectKey]) -> Result<(), SandboxError> {
        let is_named = |principal: &String| keys.contains(&ObjectKey::access_entry(principal));
        access_policies::each(self.store, self.cluster, |row| match &row.key {
            ObjectKey::AccessPolicy { principal, .. } if row.mark.cluster.is_some() && is_named(principal) => {
                self.add(row)
            }
            _ => Ok(()),
        })
    }

    fn add(&mut self, mut row: Row) -> Result<(), SandboxError> {
        if let ObjectKey::AccessEntry { principal } = &row.key {
            access_entries::normalize(principal, &mut row.body);
        }
        if let ObjectKey::AccessEntry { principal } = &row.key
            && row.mark.cluster.is_some()
        {
            let elsewhere = match &mut self.elsewhere {
                Some(known) => known,
                unread => unread.insert(access_policies::elsewhere(self.store, self.cluster)?),
            };
            let mut defects = elsewhere.get(principal).map(describe_scopes).unwrap_or_default();
            if access_entries::is_of_another_role(self.store, self.cluster, &row, principal)? {
                defects.insert(0, OF_ANOTHER_PRINCIPAL.to_owned());
            }
            if !defects.is_empty() {
                let group = row.body["group"].as_str().unwrap_or_default();
                row.body["group"] = format!("{group} ({})", defects.join(", ")).into();
            }
        }
        if row.is_visible(self.store) && row.id.is_some_and(|id| self.seen.insert(id)) {
            self.found.push(view::observation(self.store, self.cluster, row)?);
        }
        Ok(())
    }
}
