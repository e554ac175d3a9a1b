//! Roles as they are: one by itself, or all of the account in two listings.
//!
//! A [`RoleDetail`] has neither description nor session length, and ListRoles neither policies nor tags: a listing needs both, and a
//! role that is only in the first is read by itself.

use crate::{
    aws::{
        call::{call, each_page, list as list_all},
        calls::Call,
        clients::AwsClients,
        iam,
        objects::{
            kind_calls::Listed,
            live::{Live, document},
            tags::Tags,
        },
    },
    errors::not_found_as_none,
};
use aws_sdk_iam::types::{self, EntityType, RoleDetail, Tag};
use futures_util::future::{try_join, try_join_all};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Role},
    ports::PortError,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One role: what GetRole returns, and its policies.
pub(super) async fn get(clients: &AwsClients, name: &str) -> Result<Option<Live>, PortError> {
    read(clients, name, Inline::Whole).await
}

/// As above; of inline policies the names alone.
pub(super) async fn outline(clients: &AwsClients, name: &str) -> Result<Option<Live>, PortError> {
    read(clients, name, Inline::Names).await
}

#[derive(Clone, Copy)]
enum Inline {
    Whole,
    Names,
}

async fn read(clients: &AwsClients, name: &str, depth: Inline) -> Result<Option<Live>, PortError> {
    let Some(found) = iam::get_role(clients, name).await? else { return Ok(None) };
    let policies = try_join(inline(clients, name, depth), attached_policies(clients, name)).await;
    // The role itself may be deleted between the two reads.
    let Some((inline, attached)) = not_found_as_none(policies)? else { return Ok(None) };
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
    // The name as IAM has it: it may differ by case from the one that was requested.
    Ok(Some(live(&found.role_name, role, Some(found.role_id))))
}

fn session_seconds(found: Option<i32>) -> u32 {
    // IAM's default.
    found.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(3600)
}

async fn inline(clients: &AwsClients, name: &str, depth: Inline) -> Result<BTreeMap<String, Value>, PortError> {
    let pages = clients.iam.list_role_policies().role_name(name).into_paginator().send();
    let names = list_all(clients, Call::ListRolePolicies, pages, |page| (page.policy_names, page.marker)).await?;
    if let Inline::Names = depth {
        return Ok(names.into_iter().map(|name| (name, Value::Null)).collect());
    }
    let read = names.into_iter().map(|policy| async move {
        let request = clients.iam.get_role_policy().role_name(name).policy_name(&policy).send();
        // It may be removed since it was listed.
        let response = not_found_as_none(call(clients, Call::GetRolePolicy, request).await)?;
        Ok::<_, PortError>(response.map(|response| (policy, document(&response.policy_document))))
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}

async fn attached_policies(clients: &AwsClients, name: &str) -> Result<BTreeSet<String>, PortError> {
    let pages = clients.iam.list_attached_role_policies().role_name(name).into_paginator().send();
    let policies = list_all(clients, Call::ListAttachedRolePolicies, pages, |page| {
        (page.attached_policies.unwrap_or_default(), page.marker)
    });
    Ok(policies.await?.into_iter().filter_map(|policy| policy.policy_arn).collect())
}

pub(super) fn live(name: &str, role: Role, id: Option<String>) -> Live {
    let tags = role.tags.clone();
    Live { id, ..Live::new(ObjectKey::role(name), Body::Role(role), tags) }
}

/// What ListRoles adds.
struct Rest {
    max_session_seconds: u32,
    description: String,
}

/// All roles that `is_wanted` by their names and tags, in one page for a thousand of each of two listings.
pub(super) async fn list(clients: &AwsClients, is_wanted: impl Fn(&str, &Tags) -> bool) -> Result<Listed, PortError> {
    let ((details, born), rests) = try_join(details(clients, is_wanted), rests(clients)).await?;
    let to_live = |(detail, tags): (RoleDetail, Tags)| {
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
        let is_doubtful = is_doubtful(&role, rest);
        Some((live(&name, role, detail.role_id), is_doubtful))
    };
    let mut wanted: Vec<(Live, bool)> = details.into_iter().filter_map(to_live).collect();
    for (live, is_doubtful) in &mut wanted {
        if *is_doubtful {
            confirm(clients, live).await?;
        }
    }
    Ok(Listed { live: wanted.into_iter().map(|(live, _)| live).collect(), unsaid: vec![], born })
}

/// Every role of ours has a boundary, and is in both listings. What they leave out is a difference only if it is so in the role itself:
/// emulators leave boundaries out, and one listing may have a new role seconds before the other. In AWS it is worth one more call.
fn is_doubtful(role: &Role, rest: Option<&Rest>) -> bool {
    rest.is_none() || role.boundary.is_empty()
}

/// One that may not be read is as it was listed: another state's.
async fn confirm(clients: &AwsClients, live: &mut Live) -> Result<(), PortError> {
    let (ObjectKey::Role { name }, Body::Role(role)) = (&live.key, &mut live.body) else {
        return Ok(());
    };
    match iam::get_role(clients, name).await {
        Err(error) if error.class == Class::Denied => {}
        found => found?.into_iter().for_each(|found| complete(role, found)),
    }
    Ok(())
}

fn complete(role: &mut Role, found: types::Role) {
    let boundary = found.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
    role.boundary = boundary.unwrap_or_default();
    role.max_session_seconds = session_seconds(found.max_session_duration);
    role.description = found.description.unwrap_or_default();
}

/// The largest page that IAM gives.
const PAGE: i32 = 1000;

async fn details(
    clients: &AwsClients,
    is_wanted: impl Fn(&str, &Tags) -> bool,
) -> Result<(Vec<(RoleDetail, Tags)>, HashMap<String, i64>), PortError> {
    let (mut found, mut born) = (vec![], HashMap::new());
    let listing = clients.iam.get_account_authorization_details().filter(EntityType::Role).max_items(PAGE);
    let pages = listing.into_paginator().send();
    each_page(clients, Call::GetAccountAuthorizationDetails, pages, |page| {
        for detail in page.role_detail_list.unwrap_or_default() {
            if let (Some(arn), Some(at)) = (&detail.arn, &detail.create_date) {
                born.insert(arn.clone(), at.secs());
            }
            let tags = tag_map(detail.tags.as_deref().unwrap_or_default());
            if is_wanted(detail.role_name.as_deref().unwrap_or_default(), &tags) {
                found.push((detail, tags));
            }
        }
        page.marker
    })
    .await?;
    Ok((found, born))
}

async fn rests(clients: &AwsClients) -> Result<BTreeMap<String, Rest>, PortError> {
    let mut found = BTreeMap::new();
    let pages = clients.iam.list_roles().max_items(PAGE).into_paginator().send();
    each_page(clients, Call::ListRoles, pages, |page| {
        for role in page.roles {
            let rest = Rest {
                max_session_seconds: session_seconds(role.max_session_duration),
                description: role.description.unwrap_or_default(),
            };
            found.insert(role.role_name, rest);
        }
        page.marker
    })
    .await?;
    Ok(found)
}

fn tag_map(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_iam::{primitives::DateTime, types::AttachedPermissionsBoundary};
    use serde_json::json;

    fn listed(boundary: &str) -> Role {
        Role {
            path: "/goldenpath/pay/".to_owned(),
            trust: json!({}),
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: boundary.to_owned(),
            max_session_seconds: 3600,
            description: String::new(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn what_a_listing_leaves_out_is_read_before_it_is_believed() {
        let boundary = "arn:aws:iam::111122223333:policy/goldenpath/boundary";
        let rest = Rest { max_session_seconds: 7200, description: "viewer of pay".to_owned() };
        for (role, rest, expected, reason) in [
            (listed(boundary), Some(&rest), false, "both listings have it"),
            (listed(boundary), None, true, "ListRoles does not have it yet"),
            (listed(""), Some(&rest), true, "ours have a boundary"),
        ] {
            assert_eq!(is_doubtful(&role, rest), expected, "{reason}");
        }
        let found = types::Role::builder()
            .path("/goldenpath/pay/")
            .role_name("gp-pay-viewer")
            .role_id("AROAEXAMPLE")
            .arn("arn:aws:iam::111122223333:role/goldenpath/pay/gp-pay-viewer")
            .create_date(DateTime::from_secs(0))
            .description("viewer of pay")
            .max_session_duration(7200)
            .permissions_boundary(AttachedPermissionsBoundary::builder().permissions_boundary_arn(boundary).build());
        let mut role = listed("");
        complete(&mut role, found.build().expect("a role"));
        let expected = Role { max_session_seconds: 7200, description: "viewer of pay".to_owned(), ..listed(boundary) };
        assert_eq!(role, expected);
    }
}
