//! IAM roles, owned whole: trust, boundary, inline and attached policies; what others add goes.
//!
//! The order never widens before it narrows: the boundary first, then what goes, then the trust, then what comes. A role that was
//! left half made by a lost answer is completed by the same steps.

use super::{Live, check, conflict, document, invalid, tag_changes, wait};
use crate::{
    aws::{call::call, calls::Call, error, session::Session},
    policy_document, rules,
};
use aws_sdk_iam::types::{RoleDetail, Tag};
use futures_util::future::{try_join, try_join_all};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Role, projection::canonical_policy},
    ports::{Expect, PortError},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        return Err(invalid(
            call,
            format!("the path of role {name} is {} and cannot be changed", before.path),
        ));
    }
    let wanted = Role {
        tags: rules::merged_tags(&live.tags, &role.tags),
        ..role.clone()
    };
    change(session, name, before, &wanted).await?;
    Ok(as_made(name, wanted, live.id))
}

fn as_made(name: &str, role: Role, id: Option<String>) -> Live {
    let tags = role.tags.clone();
    Live {
        id,
        ..Live::new(ObjectKey::role(name), Body::Role(role), tags)
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
        let asked = iam
            .put_role_permissions_boundary()
            .role_name(name)
            .permissions_boundary(&wanted.boundary);
        call(session, Call::PutRolePermissionsBoundary, asked.send()).await?;
    }
    for policy in before
        .inline
        .keys()
        .filter(|policy| !wanted.inline.contains_key(*policy))
    {
        delete_policy(session, name, policy).await?;
    }
    for arn in before.attached.difference(&wanted.attached) {
        detach(session, name, arn).await?;
    }
    if canonical_policy(&before.trust) != canonical_policy(&wanted.trust) {
        let principals = policy_document::check_trust(&wanted.trust).unwrap_or_default();
        let attempt = || {
            let asked = iam
                .update_assume_role_policy()
                .role_name(name)
                .policy_document(wanted.trust.to_string());
            async { call(session, Call::UpdateAssumeRolePolicy, asked.send()).await }
        };
        wait::propagated(session, &format!("the trust of role {name}"), &principals, attempt).await?;
    }
    for (policy, content) in &wanted.inline {
        let is_same = before
            .inline
            .get(policy)
            .is_some_and(|live| canonical_policy(live) == canonical_policy(content));
        if !is_same {
            put_policy(session, name, policy, content).await?;
        }
    }
    for arn in wanted.attached.difference(&before.attached) {
        attach(session, name, arn).await?;
    }
    if before.description != wanted.description || before.max_session_seconds != wanted.max_session_seconds {
        let asked = iam
            .update_role()
            .role_name(name)
            .description(&wanted.description)
            .max_session_duration(seconds(wanted));
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
    let asked = session
        .iam
        .put_role_policy()
        .role_name(name)
        .policy_name(policy)
        .policy_document(content.to_string());
    call(session, Call::PutRolePolicy, asked.send()).await.map(|_| ())
}

async fn delete_policy(session: &Session, name: &str, policy: &str) -> Result<(), PortError> {
    let asked = session
        .iam
        .delete_role_policy()
        .role_name(name)
        .policy_name(policy)
        .send();
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

fn tag_map(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

// === Looking ===

/// One role: what GetRole says, and its policies.
pub(super) async fn get(session: &Session, name: &str) -> Result<Option<Live>, PortError> {
    let asked = session.iam.get_role().role_name(name).send();
    let found = match call(session, Call::GetRole, asked).await {
        Ok(answer) => answer.role,
        Err(error) if error.class == Class::NotFound => None,
        Err(error) => return Err(error),
    };
    let Some(found) = found else { return Ok(None) };
    let (inline, attached) = match try_join(inline(session, name), attached(session, name)).await {
        // The role itself went between two looks.
        Err(error) if error.class == Class::NotFound => return Ok(None),
        other => other?,
    };
    let boundary = found
        .permissions_boundary
        .as_ref()
        .and_then(|boundary| boundary.permissions_boundary_arn());
    let tags = tag_map(found.tags.as_deref().unwrap_or_default());
    let role = Role {
        trust: document(found.assume_role_policy_document.as_deref().unwrap_or_default()),
        inline,
        attached,
        boundary: boundary.unwrap_or_default().to_owned(),
        max_session_seconds: session_seconds(found.max_session_duration),
        description: found.description.clone().unwrap_or_default(),
        tags,
        path: found.path,
    };
    // The name as it is written there: it may differ by case from the one that was asked for.
    Ok(Some(as_made(&found.role_name, role, Some(found.role_id))))
}

fn session_seconds(found: Option<i32>) -> u32 {
    // IAM's default.
    found.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(3600)
}

async fn inline(session: &Session, name: &str) -> Result<BTreeMap<String, Value>, PortError> {
    let (mut names, mut marker) = (vec![], None);
    loop {
        let asked = session
            .iam
            .list_role_policies()
            .role_name(name)
            .set_marker(marker)
            .send();
        let answer = call(session, Call::ListRolePolicies, asked).await?;
        names.extend(answer.policy_names);
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    let read = names.into_iter().map(|policy| async move {
        let asked = session
            .iam
            .get_role_policy()
            .role_name(name)
            .policy_name(&policy)
            .send();
        match call(session, Call::GetRolePolicy, asked).await {
            Ok(answer) => Ok(Some((policy, document(&answer.policy_document)))),
            // Somebody took it away since it was listed.
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}

async fn attached(session: &Session, name: &str) -> Result<BTreeSet<String>, PortError> {
    let (mut arns, mut marker) = (BTreeSet::new(), None);
    loop {
        let asked = session
            .iam
            .list_attached_role_policies()
            .role_name(name)
            .set_marker(marker)
            .send();
        let answer = call(session, Call::ListAttachedRolePolicies, asked).await?;
        let policies = answer.attached_policies.unwrap_or_default();
        arns.extend(policies.into_iter().filter_map(|policy| policy.policy_arn));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

/// What ListRoles adds to a [`RoleDetail`], which has neither.
pub(super) struct Rest {
    pub max_session_seconds: u32,
    pub description: String,
}

/// What one look at all roles of the account gives.
pub(super) struct Listed {
    pub wanted: Vec<Live>,
    /// When each role of the account was made, by its ARN; in seconds of the epoch.
    pub born: HashMap<String, i64>,
}

/// All roles that `is_wanted` by their tags, in one page for a thousand of each of two listings.
pub(super) async fn list(
    session: &Session,
    is_wanted: impl Fn(&BTreeMap<String, String>) -> bool,
) -> Result<Listed, PortError> {
    let ((details, born), rests) = try_join(details(session, is_wanted), rests(session)).await?;
    let live = |(detail, tags): (RoleDetail, BTreeMap<String, String>)| {
        let name = detail.role_name.clone()?;
        let rest = rests.get(&name);
        let policies = detail.role_policy_list.unwrap_or_default();
        let inline = policies.into_iter().filter_map(|policy| {
            Some((
                policy.policy_name?,
                document(policy.policy_document.as_deref().unwrap_or_default()),
            ))
        });
        let attached = detail.attached_managed_policies.unwrap_or_default();
        let boundary = detail
            .permissions_boundary
            .and_then(|boundary| boundary.permissions_boundary_arn);
        let role = Role {
            path: detail.path.unwrap_or_default(),
            trust: document(detail.assume_role_policy_document.as_deref().unwrap_or_default()),
            inline: inline.collect(),
            attached: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
            boundary: boundary.unwrap_or_default(),
            max_session_seconds: rest.map_or(3600, |rest| rest.max_session_seconds),
            description: rest.map(|rest| rest.description.clone()).unwrap_or_default(),
            tags,
        };
        Some(as_made(&name, role, detail.role_id))
    };
    let mut wanted: Vec<Live> = details.into_iter().filter_map(live).collect();
    for live in &mut wanted {
        look_for_boundary(session, live).await?;
    }
    Ok(Listed { wanted, born })
}

/// Every role of ours has a boundary. One that is listed without it is asked for by itself before that is believed: emulators
/// leave it out of the listing, and in AWS it is worth one more call.
async fn look_for_boundary(session: &Session, live: &mut Live) -> Result<(), PortError> {
    let (ObjectKey::Role { name }, Body::Role(role)) = (&live.key, &mut live.body) else {
        return Ok(());
    };
    if !role.boundary.is_empty() {
        return Ok(());
    }
    let asked = session.iam.get_role().role_name(name).send();
    let found = match call(session, Call::GetRole, asked).await {
        Ok(answer) => answer.role,
        Err(error) if error.class == Class::NotFound => None,
        Err(error) => return Err(error),
    };
    let boundary = found.and_then(|role| role.permissions_boundary);
    role.boundary = boundary
        .and_then(|boundary| boundary.permissions_boundary_arn)
        .unwrap_or_default();
    Ok(())
}

/// The largest page that IAM gives.
const PAGE: i32 = 1000;

async fn details(
    session: &Session,
    is_wanted: impl Fn(&BTreeMap<String, String>) -> bool,
) -> Result<(Vec<(RoleDetail, BTreeMap<String, String>)>, HashMap<String, i64>), PortError> {
    let (mut found, mut born, mut marker) = (vec![], HashMap::new(), None);
    loop {
        let asked = session
            .iam
            .get_account_authorization_details()
            .filter(aws_sdk_iam::types::EntityType::Role)
            .max_items(PAGE)
            .set_marker(marker)
            .send();
        let answer = call(session, Call::GetAccountAuthorizationDetails, asked).await?;
        for detail in answer.role_detail_list.unwrap_or_default() {
            if let (Some(arn), Some(at)) = (&detail.arn, &detail.create_date) {
                born.insert(arn.clone(), at.secs());
            }
            let tags = tag_map(detail.tags.as_deref().unwrap_or_default());
            if is_wanted(&tags) {
                found.push((detail, tags));
            }
        }
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok((found, born));
        }
    }
}

async fn rests(session: &Session) -> Result<BTreeMap<String, Rest>, PortError> {
    let (mut found, mut marker) = (BTreeMap::new(), None);
    loop {
        let asked = session.iam.list_roles().max_items(PAGE).set_marker(marker).send();
        let answer = call(session, Call::ListRoles, asked).await?;
        for role in answer.roles {
            let rest = Rest {
                max_session_seconds: session_seconds(role.max_session_duration),
                description: role.description.unwrap_or_default(),
            };
            found.insert(role.role_name, rest);
        }
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(found);
        }
    }
}
