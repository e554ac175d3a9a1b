//! Access policies: what EKS itself grants to an access entry.

use super::{
    clusters::check_mode,
    kind_rules::{KindRules, mismatch},
};
use crate::{
    error::{SandboxError, refusal, refusal_by_aws},
    options::ClusterOptions,
    store::{Row, Store},
};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey},
    kinds::aws::access_policy::{self, PolicyScopes, scopes_elsewhere},
    ports::{Revoked, ownership::mark},
};
use rusqlite::params;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CALL: &str = "eks:AssociateAccessPolicy";

pub struct AccessPolicies;

impl KindRules for AccessPolicies {
    fn apply(
        &self,
        store: &mut Store,
        cluster: &ClusterOptions,
        (key, body): (&ObjectKey, &Body),
        found: Option<Row>,
    ) -> Result<Row, SandboxError> {
        match (key, body) {
            (ObjectKey::AccessPolicy { policy, principal, .. }, Body::AccessPolicy(_)) => {
                apply(store, cluster, key, (policy, principal), found)
            }
            _ => Err(mismatch(key)),
        }
    }

    fn body(&self, document: Value) -> serde_json::Result<Body> {
        serde_json::from_value(document).map(Body::AccessPolicy)
    }
}

fn apply(
    store: &mut Store,
    cluster: &ClusterOptions,
    key: &ObjectKey,
    (policy, principal): (&str, &str),
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    check_mode(cluster, CALL)?;
    access_policy::check(policy).map_err(|message| refusal(Class::Invalid, CALL, message))?;
    let body = body(store, &cluster.arn, principal)?;
    if mark(key, cluster.arn.as_str(), &body).cluster.is_none() {
        return Err(refusal(Class::Invalid, CALL, access_policy::not_our_entry(principal, policy)));
    }
    // One association holds all its namespaces; each is a row, so that none is lost when another comes or goes.
    let mut row = match found {
        Some(row) => row,
        None => Row::new(store, &cluster.arn, key, body.clone())?,
    };
    row.save_body(store, body)?;
    Ok(row)
}

/// A policy carries no tags: it is whose its entry is, whoever added it.
fn body(store: &Store, cluster: &ClusterArn, principal: &str) -> Result<Value, SandboxError> {
    match Row::load(store, cluster.as_str(), &ObjectKey::access_entry(principal))? {
        Some(entry) => Ok(json!({"tags": entry.body["tags"]})),
        None => Err(refusal_by_aws(CALL, "ResourceNotFoundException", principal)),
    }
}

/// Every policy of every entry of the cluster.
pub fn each(
    store: &Store,
    cluster: &ClusterArn,
    with: impl FnMut(Row) -> Result<(), SandboxError>,
) -> Result<(), SandboxError> {
    let condition = "home = ?1 AND fold >= 'aws/eks/AccessPolicy/' AND fold < 'aws/eks/AccessPolicy0'";
    Row::each(store, condition, params![cluster.as_str()], with)
}

/// What entries have where no environment is, by principal.
pub fn elsewhere(store: &Store, cluster: &ClusterArn) -> Result<BTreeMap<String, PolicyScopes>, SandboxError> {
    let mut all: BTreeMap<String, PolicyScopes> = BTreeMap::new();
    each(store, cluster, |row| {
        if let ObjectKey::AccessPolicy { policy, namespace, principal } = row.key {
            all.entry(principal).or_default().entry(policy).or_default().insert(namespace);
        }
        Ok(())
    })?;
    let mut found: BTreeMap<String, PolicyScopes> =
        all.into_iter().map(|(principal, scopes)| (principal, scopes_elsewhere(&scopes))).collect();
    found.retain(|_, scopes| !scopes.is_empty());
    Ok(found)
}

/// An entry of ours has nothing elsewhere once it was applied.
pub fn delete_elsewhere(store: &mut Store, cluster: &ClusterArn, principal: &str) -> Result<(), SandboxError> {
    let Some(scopes) = elsewhere(store, cluster)?.remove(principal) else { return Ok(()) };
    for (policy, namespaces) in scopes {
        for namespace in namespaces {
            let key = ObjectKey::AccessPolicy { policy: policy.clone(), namespace, principal: principal.to_owned() };
            store.connection().execute(
                "DELETE FROM object WHERE home = ?1 AND fold = ?2",
                params![cluster.as_str(), key.to_string()],
            )?;
        }
    }
    Ok(())
}

/// What an entry of ours grants in namespaces that go.
pub fn revoke(store: &mut Store, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), SandboxError> {
    let mut gone = vec![];
    each(store, cluster, |row| {
        if let ObjectKey::AccessPolicy { namespace, principal, .. } = &row.key
            && *principal == revoked.principal
            && revoked.namespaces.contains(namespace)
            && row.mark.cluster.is_some()
        {
            gone.push(row);
        }
        Ok(())
    })?;
    gone.into_iter().try_for_each(|row| row.remove(store))
}

/// Of an entry that goes.
pub fn delete_all(store: &Store, cluster: &ClusterArn, principal: &str) -> Result<(), SandboxError> {
    let suffix = format!("/{principal}");
    store.connection().execute(
        "DELETE FROM object WHERE home = ?1 AND kind = 'AccessPolicy' AND substr(key, -length(?2)) = ?2",
        params![cluster.as_str(), suffix],
    )?;
    Ok(())
}
