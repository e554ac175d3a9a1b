//! Access entries: one for each principal of a cluster.
//!
//! EKS binds an entry to the principal's unique id when it makes it, and no update binds it to another: the entry of a role that was
//! deleted and made again lets nobody in until it is deleted and made again itself (aws/containers-roadmap#185). An apply does so, as
//! the adapter of AWS does, and everything else leaves it dead. Users have no ids here, since nothing deletes one.

use super::{
    access_policies,
    clusters::check_mode,
    iam::{self, Principal},
    kind_rules::{KindRules, mismatch},
};
use crate::{
    error::{SandboxError, refusal, refusal_by_aws},
    options::ClusterOptions,
    store::{Row, Store, uuid},
};
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ClusterArn, ObjectKey},
    kinds::aws::{access_entry, tags::merged_tags},
};
use serde_json::Value;

const CREATE: &str = "eks:CreateAccessEntry";

pub struct AccessEntries;

impl KindRules for AccessEntries {
    fn apply(
        &self,
        store: &mut Store,
        cluster: &ClusterOptions,
        (key, body): (&ObjectKey, &Body),
        found: Option<Row>,
    ) -> Result<Row, SandboxError> {
        let (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) = (key, body) else {
            return Err(mismatch(key));
        };
        access_policies::delete_elsewhere(store, &cluster.arn, principal)?;
        apply(store, cluster, principal, entry, found)
    }

    fn body(&self, document: Value) -> serde_json::Result<Body> {
        serde_json::from_value(document).map(Body::AccessEntry)
    }

    /// DeleteAccessEntry drops the associated policies itself.
    fn before_removal(&self, store: &mut Store, cluster: &ClusterArn, row: &Row) -> Result<(), SandboxError> {
        access_policies::delete_all(store, cluster, row.key.name())
    }

    /// Its ARN. The id of the principal behind it stays inside.
    fn ids(&self, cluster: &ClusterArn, row: &Row) -> (Option<String>, Option<String>) {
        (row.external_id.as_deref().map(|uuid| arn(cluster, row.key.name(), uuid)), None)
    }

    fn besides(&self, _: &ClusterArn, row: &Row) -> Vec<(&'static str, Value)> {
        let username = row.body["username"].as_str();
        let username = username.map_or_else(|| access_entry::default_username(row.key.name()), str::to_owned);
        vec![("principal_id", row.uid.as_str().into()), ("username", username.into())]
    }
}

fn apply(
    store: &mut Store,
    cluster: &ClusterOptions,
    principal: &str,
    entry: &AccessEntry,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = if found.is_some() { "eks:UpdateAccessEntry" } else { CREATE };
    let invalid = |message: String| refusal(Class::Invalid, call, message);
    check_mode(cluster, call)?;
    access_entry::check(entry).map_err(invalid)?;
    let mut body = serde_json::to_value(entry)?;
    let Some(mut row) = found else { return create(store, cluster, principal, body) };
    if row.is_another(&body) {
        return Err(refusal(
            Class::Conflict,
            CREATE,
            "ResourceInUseException: The specified access entry resource is already in use on this cluster. (it is not marked as \
             ours)",
        ));
    }
    let live: AccessEntry = serde_json::from_value(row.body.clone())?;
    body["tags"] = serde_json::to_value(merged_tags(&live.tags, &entry.tags))?;
    if is_of_another_role(store, &cluster.arn, &row, principal)? {
        // Whoever makes an entry again gives it the policies that went with the old one: they stay.
        row.remove(store)?;
        return create(store, cluster, principal, body);
    }
    row.save_body(store, body)?;
    Ok(row)
}

/// CreateAccessEntry.
fn create(store: &Store, cluster: &ClusterOptions, principal: &str, body: Value) -> Result<Row, SandboxError> {
    access_entry::check_principal(principal).map_err(|message| refusal(Class::Invalid, CREATE, message))?;
    let mut row = Row::new(store, &cluster.arn, &ObjectKey::access_entry(principal), body)?;
    // The last part of the entry's own ARN.
    row.external_id = Some(uuid()?);
    match iam::principal(store, &cluster.arn, principal)? {
        // By its id, and not by its name.
        Principal::Role { id } => row.uid = id,
        Principal::Other => {}
        Principal::Ghost => {
            return Err(refusal_by_aws(CREATE, "InvalidParameterException", principal));
        }
    }
    row.save(store)?;
    Ok(row)
}

/// Its document as a read has it: EKS's own user name is no field of it, whoever set it.
pub fn normalize(principal: &str, body: &mut Value) {
    let username = access_entry::custom_username(principal, body["username"].as_str());
    body["username"] = username.into();
}

/// The role behind the name is another one than when the entry was made.
pub fn is_of_another_role(
    store: &Store,
    cluster: &ClusterArn,
    entry: &Row,
    principal: &str,
) -> Result<bool, SandboxError> {
    let now = iam::principal(store, cluster, principal)?;
    Ok(matches!(now, Principal::Role { id } if !entry.uid.is_empty() && id != entry.uid))
}

/// `arn:aws:eks:<region>:<account>:access-entry/<cluster>/<role or user>/<account>/<name>/<uuid>`
fn arn(cluster: &ClusterArn, principal: &str, uuid: &str) -> String {
    let mut parts = principal.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (kind, path) = resource.split_once('/').unwrap_or((resource, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    let (partition, region, owner) = (cluster.partition(), cluster.region(), cluster.account());
    format!("arn:{partition}:eks:{region}:{owner}:access-entry/{}/{kind}/{account}/{name}/{uuid}", cluster.name())
}
