//! The life of a namespace: what appears in a new one, and how it ends.
//!
//! A deleted namespace terminates as observations pass, so that a poll sees what it would see of a real one and no clock
//! is needed: one still shows all of it, the next the empty namespace, the one after nothing. Finalisers hold it up.

use super::document::skeleton;
use crate::{
    error::SandboxError,
    store::{Row, Store},
};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, plural},
    kinds::group_of,
};
use std::collections::BTreeMap;

pub fn populate(store: &mut Store, cluster: &ClusterArn, namespace: &str) -> Result<(), SandboxError> {
    let key = ObjectKey::default_account(namespace);
    if Row::load(store, cluster.as_str(), &key)?.is_some() {
        return Ok(());
    }
    let mut account = Row::new(store, cluster, &key, skeleton(&key))?;
    account.save(store)
}

/// One observation further: contents go first, then the namespaces that have none left.
pub fn advance(store: &mut Store, cluster: &ClusterArn) -> Result<(), SandboxError> {
    let terminating = "deleted_at IS NOT NULL AND home = ?1 AND kind = 'Namespace'";
    for namespace in Row::all(store, terminating, &[&cluster.as_str()])? {
        let ObjectKey::Kube { name, .. } = namespace.key.clone() else {
            continue;
        };
        let contents = contents(store, cluster.as_str(), &name)?;
        if contents.is_empty() {
            if namespace.finalizers().is_empty() {
                namespace.remove(store)?;
            }
            continue;
        }
        for mut row in contents {
            if row.finalizers().is_empty() {
                row.remove(store)?;
            } else if row.deleted_at.is_none() {
                row.deleted_at = Some(store.now());
                row.save(store)?;
            }
        }
    }
    Ok(())
}

fn contents(store: &Store, cluster: &str, namespace: &str) -> Result<Vec<Row>, SandboxError> {
    Row::all(store, "home = ?1 AND namespace = ?2 ORDER BY fold", &[&cluster, &namespace])
}

/// The conditions of a terminating namespace as its controller words them; the finalisers of anything else.
pub fn why_deleting(store: &Store, row: &Row) -> Result<String, SandboxError> {
    let own = row.finalizers().join(", ");
    let ObjectKey::Kube { kind, name, .. } = &row.key else {
        return Ok(own);
    };
    if kind != "Namespace" {
        return Ok(format!("waits for its finalizers: {own}"));
    }
    let contents = contents(store, &row.home, name)?;
    let mut remaining: BTreeMap<String, u32> = BTreeMap::new();
    let mut held: BTreeMap<String, u32> = BTreeMap::new();
    for content in &contents {
        let ObjectKey::Kube { api_version, kind, .. } = &content.key else {
            continue;
        };
        *remaining.entry(format!("{}.{}", plural(kind), group_of(api_version))).or_default() += 1;
        for finalizer in content.finalizers() {
            *held.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
    let list = |counts: &BTreeMap<String, u32>, has: &str| {
        counts.iter().map(|(what, n)| format!("{what} {has} {n} resource instances")).collect::<Vec<_>>().join(", ")
    };
    let mut conditions = vec![];
    if remaining.is_empty() {
        conditions.push("ContentRemoved: All content successfully removed".to_owned());
    } else {
        conditions
            .push(format!("NamespaceContentRemaining: Some resources are remaining: {}", list(&remaining, "has")));
    }
    if !held.is_empty() {
        conditions.push(format!(
            "NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: {}",
            list(&held, "in")
        ));
    }
    if !own.is_empty() {
        conditions.push(format!("waits for its finalizers: {own}"));
    }
    Ok(conditions.join("; "))
}
