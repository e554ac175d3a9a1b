//! Roles as they are: one by itself, or all of the account in two listings.
//!
//! A [`RoleDetail`] has neither description nor session length, and ListRoles neither policies nor tags: a listing needs both.

use super::as_made;
use crate::aws::{
    call::call,
    calls::Call,
    objects::{Live, document},
    session::Session,
};
use aws_sdk_iam::types::{RoleDetail, Tag};
use futures_util::future::{try_join, try_join_all};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Role},
    ports::PortError,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One role: what GetRole says, and its policies.
pub(in crate::aws::objects) async fn get(session: &Session, name: &str) -> Result<Option<Live>, PortError> {
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
    let boundary = found.permissions_boundary.as_ref().and_then(|boundary| boundary.permissions_boundary_arn());
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
        let asked = session.iam.list_role_policies().role_name(name).set_marker(marker).send();
        let answer = call(session, Call::ListRolePolicies, asked).await?;
        names.extend(answer.policy_names);
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            break;
        }
    }
    let read = names.into_iter().map(|policy| async move {
        let asked = session.iam.get_role_policy().role_name(name).policy_name(&policy).send();
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
        let asked = session.iam.list_attached_role_policies().role_name(name).set_marker(marker).send();
        let answer = call(session, Call::ListAttachedRolePolicies, asked).await?;
        let policies = answer.attached_policies.unwrap_or_default();
        arns.extend(policies.into_iter().filter_map(|policy| policy.policy_arn));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

/// What ListRoles adds.
struct Rest {
    max_session_seconds: u32,
    description: String,
}

/// What one look at all roles of the account gives.
pub(in crate::aws::objects) struct Listed {
    pub wanted: Vec<Live>,
    /// When each role of the account was made, by its ARN; in seconds of the epoch.
    pub born: HashMap<String, i64>,
}

/// All roles that `is_wanted` by their tags, in one page for a thousand of each of two listings.
pub(in crate::aws::objects) async fn list(
    session: &Session,
    is_wanted: impl Fn(&BTreeMap<String, String>) -> bool,
) -> Result<Listed, PortError> {
    let ((details, born), rests) = try_join(details(session, is_wanted), rests(session)).await?;
    let live = |(detail, tags): (RoleDetail, BTreeMap<String, String>)| {
        let name = detail.role_name.clone()?;
        let rest = rests.get(&name);
        let policies = detail.role_policy_list.unwrap_or_default();
        let inline = policies.into_iter().filter_map(|policy| {
            Some((policy.policy_name?, document(policy.policy_document.as_deref().unwrap_or_default())))
        });
        let attached = detail.attached_managed_policies.unwrap_or_default();
        let boundary = detail.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
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
    role.boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn).unwrap_or_default();
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

fn tag_map(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}
