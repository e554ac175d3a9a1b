//! IAM as far as roles go: one object with trust, boundary and all its policies.

use super::kind_rules::{KindRules, mismatch};
use crate::{
    error::{SandboxError, refusal, refusal_by_aws},
    options::ClusterOptions,
    store::{Row, Store},
};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Role},
    kinds::aws::{policy_document, role, tags::merged_tags},
};
use rusqlite::params;
use serde_json::Value;

pub struct Roles;

impl KindRules for Roles {
    fn apply(
        &self,
        store: &mut Store,
        cluster: &ClusterOptions,
        (key, body): (&ObjectKey, &Body),
        found: Option<Row>,
    ) -> Result<Row, SandboxError> {
        match (key, body) {
            (ObjectKey::Role { name }, Body::Role(role)) => apply(store, cluster, name, role, found),
            _ => Err(mismatch(key)),
        }
    }

    fn body(&self, document: Value) -> serde_json::Result<Body> {
        serde_json::from_value(document).map(Body::Role)
    }

    fn before_removal(&self, _: &mut Store, _: &ClusterArn, row: &Row) -> Result<(), SandboxError> {
        if row.body["path"].as_str().is_some_and(role::is_protected) {
            return Err(refusal(
                Class::Denied,
                "iam:DeleteRole",
                format!("UnmodifiableEntity: Cannot perform the operation on the protected role of {}", row.key),
            ));
        }
        Ok(())
    }

    fn ids(&self, _: &ClusterArn, row: &Row) -> (Option<String>, Option<String>) {
        (row.generated_id(), None)
    }

    fn besides(&self, cluster: &ClusterArn, row: &Row) -> Vec<(&'static str, Value)> {
        let (path, name) = (row.body["path"].as_str().unwrap_or("/"), row.key.name());
        let arn = format!("arn:{}:iam::{}:role{path}{name}", cluster.partition(), cluster.account());
        vec![("arn", arn.into()), ("role_id", row.uid.as_str().into())]
    }
}

/// What an ARN in a policy or an access entry stands for.
pub enum Principal {
    Role {
        id: String,
    },
    /// A user, an account's root, or anything of an account that this sandbox does not know.
    Other,
    /// Nobody, or a role that is too new to be seen.
    Ghost,
}

fn apply(
    store: &mut Store,
    options: &ClusterOptions,
    name: &str,
    role: &Role,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let key = ObjectKey::role(name);
    let call = if found.is_some() { "iam:UpdateRole" } else { "iam:CreateRole" };
    let invalid = |message: String| refusal(Class::Invalid, call, message);
    let cluster = &options.arn;
    role::check(name, role, &options.role_quotas()).map_err(invalid)?;
    check_references(store, cluster, role, found.is_none())?;
    let mut body = serde_json::to_value(role)?;
    let Some(mut row) = found else {
        let mut row = Row::new(store, cluster, &key, body)?;
        row.save(store)?;
        return Ok(row);
    };
    if row.key != key || row.is_another(&body) {
        return Err(refusal(
            Class::Conflict,
            "iam:CreateRole",
            format!(
                "EntityAlreadyExists: Role with name {name} already exists. (it is {}, and not marked as ours)",
                row.key
            ),
        ));
    }
    let live: Role = serde_json::from_value(row.body.clone())?;
    if live.path != role.path {
        return Err(invalid(format!(
            "ValidationError: the path of role {name} is {} and cannot be changed",
            live.path
        )));
    }
    body["tags"] = serde_json::to_value(merged_tags(&live.tags, &role.tags))?;
    row.save_body(store, body)?;
    Ok(row)
}

/// Whatever the role names must exist, and be old enough to be seen.
fn check_references(store: &Store, cluster: &ClusterArn, role: &Role, is_new: bool) -> Result<(), SandboxError> {
    let (trusting, attaching) = match is_new {
        true => ("iam:CreateRole", "iam:CreateRole"),
        false => ("iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy"),
    };
    let named = policy_document::check_trust(&role.trust).map_err(|error| refusal(Class::Invalid, trusting, error))?;
    for arn in named.into_iter().filter(|arn| *arn != "*") {
        if matches!(principal(store, cluster, arn)?, Principal::Ghost) {
            return Err(refusal_by_aws(trusting, "MalformedPolicyDocument", arn));
        }
    }
    let boundary = Some(&role.boundary).filter(|boundary| !boundary.is_empty());
    for arn in boundary.into_iter().chain(&role.attached) {
        if !has_policy(store, cluster, arn)? {
            return Err(refusal_by_aws(attaching, "NoSuchEntity", arn));
        }
    }
    Ok(())
}

pub fn principal(store: &Store, cluster: &ClusterArn, arn: &str) -> Result<Principal, SandboxError> {
    let is_account = arn.len() == 12 && arn.bytes().all(|b| b.is_ascii_digit());
    if is_account {
        return Ok(Principal::Other);
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
        return Ok(Principal::Ghost);
    };
    if *partition != cluster.partition() {
        return Ok(Principal::Ghost);
    }
    if *resource == "root" || !has_account(store, account)? {
        return Ok(Principal::Other);
    }
    let Some(path_and_name) = resource.strip_prefix("role/") else {
        return Ok(if exists(store, "SELECT 1 FROM user WHERE arn = ?1", arn)? {
            Principal::Other
        } else {
            Principal::Ghost
        });
    };
    let (path, name) = path_and_name.rsplit_once('/').unwrap_or(("", path_and_name));
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    let key = ObjectKey::role(name);
    let found = Row::load(store, account, &key)?;
    Ok(match found {
        Some(row) if row.key == key && row.body["path"] == path && row.is_visible(store) => {
            Principal::Role { id: row.uid }
        }
        _ => Principal::Ghost,
    })
}

pub fn has_account(store: &Store, account: &str) -> Result<bool, SandboxError> {
    exists(store, "SELECT 1 FROM account WHERE id = ?1", account)
}

/// Of the cluster's account. AWS's own policies exist in every one.
pub fn has_policy(store: &Store, cluster: &ClusterArn, arn: &str) -> Result<bool, SandboxError> {
    if !role::may_have_policy(cluster, arn) {
        return Ok(false);
    }
    Ok(arn.contains(":iam::aws:policy/") || exists(store, "SELECT 1 FROM policy WHERE arn = ?1", arn)?)
}

fn exists(store: &Store, query: &str, value: &str) -> Result<bool, SandboxError> {
    Ok(store.connection().prepare_cached(query)?.exists(params![value])?)
}
