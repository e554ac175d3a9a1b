//! IAM as far as roles go: one object with trust, boundary and all its policies.

use super::{
    bodies::Order,
    error::{SandboxError, refused},
    ownership, policy_document,
    row::Row,
    store::Store,
};
use goldenpath_core::domain::{Class, ClusterArn, ObjectKey, Role, projection::TAG_PREFIX};
use std::collections::BTreeMap;

/// Default quota of attached policies per role.
const ATTACHED: usize = 10;
pub(super) const TAGS: usize = 50;

/// What an ARN in a policy or an access entry stands for.
pub(super) enum Principal {
    Role {
        id: String,
    },
    /// A user, an account's root, or anything of an account that this sandbox does not know.
    Other,
    /// Nobody, or a role that is too new to be seen.
    Ghost,
}

pub(super) fn apply_role(
    store: &mut Store,
    order: &Order,
    name: &str,
    role: &Role,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = if found.is_some() {
        "iam:UpdateRole"
    } else {
        "iam:CreateRole"
    };
    let invalid = |message: String| refused(Class::Invalid, call, message);
    check_role(name, role).map_err(invalid)?;
    check_references(store, &order.cluster, call, role)?;
    let mut body = serde_json::to_value(role)?;
    let Some(mut row) = found else {
        let mut row = Row::new(store, &order.cluster, &order.key, body)?;
        row.save(store)?;
        return Ok(row);
    };
    if row.key != order.key || ownership::is_another(&row, &body) {
        return Err(refused(
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
    if row.body != body {
        row.body = body;
        row.save(store)?;
    }
    Ok(row)
}

/// Tags of others stay; of ours, those that are no longer declared go.
pub(super) fn merged_tags(
    live: &BTreeMap<String, String>,
    declared: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let foreign = live.iter().filter(|(name, _)| !name.starts_with(TAG_PREFIX));
    foreign
        .chain(declared)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn check_role(name: &str, role: &Role) -> Result<(), String> {
    let good_name =
        (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    if !good_name {
        return Err(format!(
            "ValidationError: {name:?} is not a role name: 1 to 64 of [\\w+=,.@-]"
        ));
    }
    let good_path = role.path.len() <= 512
        && role.path.starts_with('/')
        && role.path.ends_with('/')
        && role.path.chars().all(|c| c.is_ascii_graphic());
    if !good_path {
        return Err(format!(
            "ValidationError: {:?} is not a path: it begins and ends with / (at most 512)",
            role.path
        ));
    }
    if !(3600..=43_200).contains(&role.max_session_seconds) {
        return Err(format!(
            "ValidationError: maxSessionDuration {} is not in 3600..43200",
            role.max_session_seconds
        ));
    }
    if role.description.chars().count() > 1000 {
        return Err("ValidationError: the description is longer than 1000 characters".to_owned());
    }
    if role.attached.len() > ATTACHED {
        return Err(format!(
            "LimitExceeded: Cannot exceed quota for PoliciesPerRole: {ATTACHED}"
        ));
    }
    let inline: usize = role.inline.values().map(policy_document::size).sum();
    if inline > policy_document::INLINE {
        return Err(format!(
            "LimitExceeded: Maximum policy size of {} bytes exceeded for role {name}",
            policy_document::INLINE
        ));
    }
    for (policy, document) in &role.inline {
        policy_document::check_identity(document).map_err(|error| format!("{error} (inline policy {policy})"))?;
    }
    check_tags(&role.tags)
}

pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), String> {
    if tags.len() > TAGS {
        return Err(format!("LimitExceeded: Cannot exceed quota for tags: {TAGS}"));
    }
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    for (name, value) in tags {
        let good = (1..=128).contains(&name.chars().count()) && value.chars().count() <= 256;
        if !good || !allowed(name) || !allowed(value) || name.to_lowercase().starts_with("aws:") {
            return Err(format!(
                "ValidationError: the tag {name:?} = {value:?} is not allowed: 1 to 128 and 0 to 256 letters, digits and \
                 ' _.:/=+-@', not beginning with aws:"
            ));
        }
    }
    Ok(())
}

/// Whatever the role names must exist, and be old enough to be seen.
fn check_references(store: &Store, cluster: &ClusterArn, call: &str, role: &Role) -> Result<(), SandboxError> {
    let named = policy_document::check_trust(&role.trust).map_err(|error| refused(Class::Invalid, call, error))?;
    for arn in named.into_iter().filter(|arn| *arn != "*") {
        if matches!(principal(store, cluster, arn)?, Principal::Ghost) {
            return Err(refused(
                Class::NotFound,
                call,
                format!("MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"{arn}\""),
            ));
        }
    }
    let boundary = Some(&role.boundary).filter(|boundary| !boundary.is_empty());
    for arn in boundary.into_iter().chain(&role.attached) {
        if !store.has_policy(arn)? {
            return Err(refused(
                Class::NotFound,
                call,
                format!("NoSuchEntity: Policy {arn} does not exist or is not attachable."),
            ));
        }
    }
    Ok(())
}

pub(super) fn principal(store: &Store, cluster: &ClusterArn, arn: &str) -> Result<Principal, SandboxError> {
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
    if *resource == "root" || !store.has_account(account)? {
        return Ok(Principal::Other);
    }
    let Some(path_and_name) = resource.strip_prefix("role/") else {
        return Ok(if store.has_user(arn)? {
            Principal::Other
        } else {
            Principal::Ghost
        });
    };
    let (path, name) = path_and_name.rsplit_once('/').unwrap_or(("", path_and_name));
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        format!("/{path}/")
    };
    let key = ObjectKey::role(name);
    let found = Row::load(store, account, &key)?;
    Ok(match found {
        Some(row) if row.key == key && row.body["path"] == path && row.is_visible(store) => {
            Principal::Role { id: row.uid }
        }
        _ => Principal::Ghost,
    })
}

/// Roles of IAM Identity Center belong to it.
pub(super) fn check_deletable(row: &Row) -> Result<(), SandboxError> {
    if row.body["path"]
        .as_str()
        .is_some_and(|path| path.starts_with("/aws-reserved/"))
    {
        return Err(refused(
            Class::Denied,
            "iam:DeleteRole",
            format!(
                "UnmodifiableEntity: Cannot perform the operation on the protected role of {}",
                row.key
            ),
        ));
    }
    Ok(())
}

pub(super) fn get_policy(store: &Store, cluster: &ClusterArn, arn: &str) -> Result<bool, SandboxError> {
    store.known(cluster)?;
    store.has_policy(arn)
}
