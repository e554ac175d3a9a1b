//! Access policies: what EKS itself grants to an access entry.

use super::access_entries::{check_mode, key_of};
use crate::{
    error::{SandboxError, refused},
    options::ClusterOptions,
    store::{Row, Store},
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey},
    ports::{ownership::mark, rules},
};
use rusqlite::params;
use serde_json::{Value, json};

const CALL: &str = "eks:AssociateAccessPolicy";

pub fn apply(
    store: &mut Store,
    cluster: &ClusterOptions,
    key: &ObjectKey,
    (policy, principal): (&str, &str),
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    check_mode(cluster, CALL)?;
    rules::check_access_policy(policy).map_err(|message| refused(Class::Invalid, CALL, message))?;
    let body = body(store, &cluster.arn, principal)?;
    if mark(key, cluster.arn.as_str(), &body).cluster.is_none() {
        return Err(refused(Class::Invalid, CALL, rules::not_our_entry(principal, policy)));
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
    match Row::load(store, cluster.as_str(), &key_of(principal))? {
        Some(entry) => Ok(json!({"tags": entry.body["tags"]})),
        None => Err(refused(
            Class::NotFound,
            CALL,
            format!("ResourceNotFoundException: The specified principalArn could not be found. ({principal})"),
        )),
    }
}

/// DeleteAccessEntry drops the associated policies itself.
pub fn delete_all(store: &Store, cluster: &ClusterArn, principal: &str) -> Result<(), SandboxError> {
    let suffix = format!("/{principal}");
    store.connection().execute(
        "DELETE FROM object WHERE home = ?1 AND kind = 'AccessPolicy' AND substr(key, -length(?2)) = ?2",
        params![cluster.as_str(), suffix],
    )?;
    Ok(())
}
