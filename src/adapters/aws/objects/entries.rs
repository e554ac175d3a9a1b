//! Access entries: of type STANDARD, with the one group that stands for the principal.
//!
//! An entry belongs to the principal behind the name, as it was when the entry was made: a role that was made anew under its name
//! is another one, and the entry is dead though it looks alive (aws/containers-roadmap#185). An entry that is older than its role
//! is told as a difference, and made anew by an apply.

use super::{Live, check, conflict, invalid, tag_changes, wait};
use crate::{
    aws::{call::call, calls::Call, session::Session},
    rules,
};
use aws_sdk_eks::types::AccessEntry as Found;
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ClusterArn, ObjectKey},
    ports::{Expect, PortError},
};
use std::collections::BTreeMap;

pub(super) const DEAD: &str = "of a role that was made anew since";
const STANDARD: &str = "STANDARD";

pub(super) async fn apply(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
    entry: &AccessEntry,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::CreateAccessEntry.name();
    rules::check_entry(entry).map_err(|message| invalid(call_name, message))?;
    let live = get(session, cluster, principal).await?;
    check(call_name, &key(principal), expect, live.as_ref())?;
    let Some(live) = live else {
        rules::check_principal(principal).map_err(|message| invalid(call_name, message))?;
        return create(session, cluster, principal, entry).await;
    };
    if live.is_another(cluster, &entry.tags) {
        return Err(conflict(
            call_name,
            format!(
                "ResourceInUseException: {principal} has an access entry on this cluster that is not marked as ours. Its owner can \
                 add the group {} to it",
                entry.group
            ),
        ));
    }
    let Body::AccessEntry(before) = &live.body else {
        return Err(invalid(call_name, "not an access entry"));
    };
    let wanted = AccessEntry {
        group: entry.group.clone(),
        tags: rules::merged_tags(&live.tags, &entry.tags),
    };
    if is_older_than_its_role(session, principal, &live).await? {
        tracing::info!(principal, "the access entry is {DEAD}: it is made anew");
        delete(session, cluster, principal).await?;
        return create(session, cluster, principal, &wanted).await;
    }
    change(session, cluster, principal, (before, &live), &wanted).await?;
    get(session, cluster, principal).await?.ok_or_else(|| {
        PortError::new(
            Class::Unavailable,
            call_name,
            format!("the access entry of {principal} is not there after its change"),
        )
    })
}

pub(super) async fn create(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
    entry: &AccessEntry,
) -> Result<Live, PortError> {
    let attempt = || {
        let asked = session
            .eks
            .create_access_entry()
            .cluster_name(cluster.name())
            .principal_arn(principal)
            .r#type(STANDARD)
            .kubernetes_groups(&entry.group)
            .set_tags(Some(entry.tags.clone().into_iter().collect()));
        async { call(session, Call::CreateAccessEntry, asked.send()).await }
    };
    let made = wait::propagated(
        session,
        &format!("the access entry of {principal}"),
        &[principal],
        attempt,
    )
    .await?;
    let made = made
        .access_entry
        .ok_or_else(|| invalid(Call::CreateAccessEntry.name(), "no entry in the answer"))?;
    Ok(live(principal, &made))
}

/// `wanted` holds all tags that shall be there.
pub(super) async fn change(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
    (before, live): (&AccessEntry, &Live),
    wanted: &AccessEntry,
) -> Result<(), PortError> {
    if before.group != wanted.group {
        let asked = session
            .eks
            .update_access_entry()
            .cluster_name(cluster.name())
            .principal_arn(principal)
            .kubernetes_groups(&wanted.group);
        call(session, Call::UpdateAccessEntry, asked.send()).await?;
    }
    if let Some(arn) = &live.id {
        retag(session, arn, &live.tags, &wanted.tags).await?;
    }
    Ok(())
}

/// Of an entry or an association.
pub(super) async fn retag(
    session: &Session,
    arn: &str,
    live: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Result<(), PortError> {
    let (set, gone) = tag_changes(live, wanted);
    if !set.is_empty() {
        let asked = session
            .eks
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(set.into_iter().collect()));
        call(session, Call::TagResource, asked.send()).await?;
    }
    if !gone.is_empty() {
        let asked = session.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(gone));
        call(session, Call::UntagResource, asked.send()).await?;
    }
    Ok(())
}

pub(super) async fn delete(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<(), PortError> {
    let asked = session
        .eks
        .delete_access_entry()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .send();
    match call(session, Call::DeleteAccessEntry, asked).await {
        Err(error) if error.class == Class::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}

// === Looking ===

fn key(principal: &str) -> ObjectKey {
    ObjectKey::AccessEntry {
        principal: principal.to_owned(),
    }
}

pub(super) async fn get(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<Option<Live>, PortError> {
    let asked = session
        .eks
        .describe_access_entry()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .send();
    match call(session, Call::DescribeAccessEntry, asked).await {
        Ok(answer) => Ok(answer.access_entry.map(|found| live(principal, &found))),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// ARNs of all principals with an entry; with `policy`, of those that it is associated with.
pub(super) async fn principals(
    session: &Session,
    cluster: &ClusterArn,
    policy: Option<String>,
) -> Result<Vec<String>, PortError> {
    let (mut found, mut token) = (vec![], None);
    loop {
        let asked = session
            .eks
            .list_access_entries()
            .cluster_name(cluster.name())
            .set_associated_policy_arn(policy.clone())
            .set_next_token(token)
            .send();
        let answer = call(session, Call::ListAccessEntries, asked).await?;
        found.extend(answer.access_entries.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn live(principal: &str, found: &Found) -> Live {
    let tags: BTreeMap<String, String> = found
        .tags()
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let mut groups: Vec<&str> = found.kubernetes_groups().iter().map(String::as_str).collect();
    groups.sort_unstable();
    let body = Body::AccessEntry(AccessEntry {
        group: groups.join(","),
        tags: tags.clone(),
    });
    let kind = found.r#type().unwrap_or(STANDARD);
    Live {
        id: found.access_entry_arn().map(str::to_owned),
        made_at: found.created_at().map(aws_sdk_eks::primitives::DateTime::secs),
        defect: (kind != STANDARD).then(|| format!("of type {kind}")),
        ..Live::new(key(principal), body, tags)
    }
}

async fn is_older_than_its_role(session: &Session, principal: &str, live: &Live) -> Result<bool, PortError> {
    let (Some(name), Some(_)) = (wait::role_name(principal), &live.id) else {
        return Ok(false);
    };
    let asked = session.iam.get_role().role_name(name).send();
    match call(session, Call::GetRole, asked).await {
        Ok(answer) => Ok(answer
            .role
            .is_some_and(|role| role.arn == principal && live.made_at.is_some_and(|at| role.create_date.secs() > at))),
        Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(false),
        Err(error) => Err(error),
    }
}
