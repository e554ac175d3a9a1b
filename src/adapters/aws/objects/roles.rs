//! IAM roles, owned whole: trust, boundary, inline and attached policies; what others add goes.
//!
//! The order never widens before it narrows: the boundary first, then what goes, then the trust, then what comes. A role that was
//! left half made by a lost answer is completed by the same steps.

mod look;

pub(super) use look::{get, list};

use super::{Live, check, conflict, invalid, tag_changes, wait};
use crate::{
    aws::{call::call, calls::Call, error, session::Session},
    policy_document, rules,
};
use aws_sdk_iam::types::Tag;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Role, projection::canonical_policy},
    ports::{Expect, PortError},
};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) async fn apply(
    session: &Session,
    cluster: &ClusterArn,
    name: &str,
    role: &Role,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call = Call::CreateRole.name();
    rules::check_role(name, role).map_err(|message| invalid(call, message))?;
    policy_document::check_trust(&role.trust).map_err(|message| invalid(call, message))?;
    let key = ObjectKey::role(name);
    let live = get(session, name).await?;
    check(call, &key, expect, live.as_ref())?;
    let Some(live) = live else {
        for arn in &role.attached {
            must_exist(session, arn).await?;
        }
        return create(session, name, role).await;
    };
    if live.is_another(cluster, &role.tags) || live.key != key {
        return Err(conflict(
            call,
            format!(
                "EntityAlreadyExists: Role with name {name} already exists. ({} is not marked as ours: names of roles are \
                 unique in an account, whatever their path and case)",
                live.key
            ),
        ));
    }
    let Body::Role(before) = &live.body else {
        return Err(invalid(call, "not a role"));
    };
    if before.path != role.path {
        return Err(invalid(call, format!("the path of role {name} is {} and cannot be changed", before.path)));
    }
    let wanted = Role { tags: rules::merged_tags(&live.tags, &role.tags), ..role.clone() };
    change(session, name, before, &wanted).await?;
    Ok(as_made(name, wanted, live.id))
}

fn as_made(name: &str, role: Role, id: Option<String>) -> Live {
    let tags = role.tags.clone();
    Live { id, ..Live::new(ObjectKey::role(name), Body::Role(role), tags) }
}

/// CreateRole looks at the boundary and the trust. A policy that AttachRolePolicy refuses afterwards would leave a role without it.
async fn must_exist(session: &Session, policy: &str) -> Result<(), PortError> {
    let asked = session.iam.get_policy().policy_arn(policy).send();
    match call(session, Call::GetPolicy, asked).await {
        // Only the boundary's may we read by right: then AttachRolePolicy says it.
        Err(error) if error.class == Class::Denied => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Its answer is what was asked for: a look right after it might not see it yet.
pub(super) async fn create(session: &Session, name: &str, role: &Role) -> Result<Live, PortError> {
    let principals = policy_document::check_trust(&role.trust).unwrap_or_default();
    let boundary = Some(role.boundary.clone()).filter(|boundary| !boundary.is_empty());
    let attempt = || {
        let asked = session
            .iam
            .create_role()
            .role_name(name)
            .path(&role.path)
            .assume_role_policy_document(role.trust.to_string())
            .description(&role.description)
            .max_session_duration(seconds(role))
            .set_permissions_boundary(boundary.clone())
            .set_tags(Some(tags(&role.tags)));
        async { call(session, Call::CreateRole, asked.send()).await }
    };
    let made = wait::propagated(session, &format!("role {name}"), &principals, attempt).await;
    let made = made.map_err(|refused| error::about(refused, name))?;
    let id = made.role.map(|role| role.role_id);
    for (policy, content) in &role.inline {
        put_policy(session, name, policy, content).await?;
    }
    for arn in &role.attached {
        attach(session, name, arn).await?;
    }
    Ok(as_made(name, role.clone(), id))
}

/// `wanted` holds all tags that shall be there.
pub(super) async fn change(session: &Session, name: &str, before: &Role, wanted: &Role) -> Result<(), PortError> {
    let iam = &session.iam;
    if before.boundary != wanted.boundary && !wanted.boundary.is_empty() {
        let asked = iam.put_role_permissions_boundary().role_name(name).permissions_boundary(&wanted.boundary);
        call(session, Call::PutRolePermissionsBoundary, asked.send()).await?;
    }
    for policy in before.inline.keys().filter(|policy| !wanted.inline.contains_key(*policy)) {
        delete_policy(session, name, policy).await?;
    }
    for arn in before.attached.difference(&wanted.attached) {
        detach(session, name, arn).await?;
    }
    if canonical_policy(&before.trust) != canonical_policy(&wanted.trust) {
        let principals = policy_document::check_trust(&wanted.trust).unwrap_or_default();
        let attempt = || {
            let asked = iam.update_assume_role_policy().role_name(name).policy_document(wanted.trust.to_string());
            async { call(session, Call::UpdateAssumeRolePolicy, asked.send()).await }
        };
        wait::propagated(session, &format!("the trust of role {name}"), &principals, attempt).await?;
    }
    for (policy, content) in &wanted.inline {
        let is_same = before.inline.get(policy).is_some_and(|live| canonical_policy(live) == canonical_policy(content));
        if !is_same {
            put_policy(session, name, policy, content).await?;
        }
    }
    for arn in wanted.attached.difference(&before.attached) {
        attach(session, name, arn).await?;
    }
    if before.description != wanted.description || before.max_session_seconds != wanted.max_session_seconds {
        let asked =
            iam.update_role().role_name(name).description(&wanted.description).max_session_duration(seconds(wanted));
        call(session, Call::UpdateRole, asked.send()).await?;
    }
    let (set, gone) = tag_changes(&before.tags, &wanted.tags);
    if !set.is_empty() {
        let asked = iam.tag_role().role_name(name).set_tags(Some(tags(&set)));
        call(session, Call::TagRole, asked.send()).await?;
    }
    if !gone.is_empty() {
        let asked = iam.untag_role().role_name(name).set_tag_keys(Some(gone));
        call(session, Call::UntagRole, asked.send()).await?;
    }
    Ok(())
}

pub(super) async fn delete(session: &Session, name: &str, live: &Live) -> Result<(), PortError> {
    let Body::Role(role) = &live.body else { return Ok(()) };
    if rules::is_protected(&role.path) {
        let message = format!("UnmodifiableEntity: role {name} belongs to a service of AWS");
        return Err(PortError::new(Class::Denied, Call::DeleteRole.name(), message));
    }
    for policy in role.inline.keys() {
        delete_policy(session, name, policy).await?;
    }
    for arn in &role.attached {
        detach(session, name, arn).await?;
    }
    let asked = session.iam.delete_role().role_name(name).send();
    gone(call(session, Call::DeleteRole, asked).await)
}

/// What is gone already is gone.
fn gone<T>(answer: Result<T, PortError>) -> Result<(), PortError> {
    match answer {
        Err(error) if error.class == Class::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}

async fn put_policy(session: &Session, name: &str, policy: &str, content: &Value) -> Result<(), PortError> {
    let asked = session.iam.put_role_policy().role_name(name).policy_name(policy).policy_document(content.to_string());
    call(session, Call::PutRolePolicy, asked.send()).await.map(|_| ())
}

async fn delete_policy(session: &Session, name: &str, policy: &str) -> Result<(), PortError> {
    let asked = session.iam.delete_role_policy().role_name(name).policy_name(policy).send();
    gone(call(session, Call::DeleteRolePolicy, asked).await)
}

async fn attach(session: &Session, name: &str, arn: &str) -> Result<(), PortError> {
    let asked = session.iam.attach_role_policy().role_name(name).policy_arn(arn).send();
    call(session, Call::AttachRolePolicy, asked).await.map(|_| ())
}

async fn detach(session: &Session, name: &str, arn: &str) -> Result<(), PortError> {
    let asked = session.iam.detach_role_policy().role_name(name).policy_arn(arn).send();
    gone(call(session, Call::DetachRolePolicy, asked).await)
}

fn seconds(role: &Role) -> i32 {
    i32::try_from(role.max_session_seconds).unwrap_or(i32::MAX)
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(name, value): (&String, &String)| Tag::builder().key(name).value(value).build().ok();
    tags.iter().filter_map(tag).collect()
}
