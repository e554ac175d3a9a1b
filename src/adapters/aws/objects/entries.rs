//! Access entries: of type STANDARD, with the one group that stands for the principal.
//!
//! An entry belongs to the principal behind the name, as it was when the entry was made: a role that was made anew under its name
//! is another one, and the entry is dead though it looks alive (aws/containers-roadmap#185). An entry that is older than its role
//! is told as a difference, and made anew by an apply, with the policies that it had.
//!
//! What an entry of ours may do is ours alone to say (`security.md` 6): a policy over the whole cluster, which we never associate,
//! is told as a difference of the entry, and an apply takes it away.

use super::{
    Live,
    access_policies::{self, Granted},
    check, conflict,
    faults::Faults,
    invalid, tag_changes, wait,
};
use crate::{
    aws::{call::call, calls::Call, session::Session},
    rules,
};
use aws_sdk_eks::types::AccessEntry as Found;
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ClusterArn, ObjectKey},
    ports::{Expect, PortError},
};
use std::collections::BTreeMap;

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
    let seen = look(session, cluster, principal).await?;
    check(call_name, &key(principal), expect, seen.as_ref().map(|seen| &seen.live))?;
    let Some(Seen { live, faults, granted }) = seen else {
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
    let wanted = AccessEntry { group: entry.group.clone(), tags: rules::merged_tags(&live.tags, &entry.tags) };
    if faults.want_another() {
        return make_anew(session, cluster, principal, &wanted, (&faults, granted)).await;
    }
    for policy in &faults.over_all {
        let _turn = access_policies::turn().await;
        tracing::info!(principal, policy, "an access policy over the whole cluster is taken away");
        access_policies::disassociate(session, cluster, (policy, principal)).await?;
    }
    change(session, cluster, principal, (before, &live), &wanted).await?;
    let now = look(session, cluster, principal).await?;
    now.map(|seen| seen.live).ok_or_else(|| {
        PortError::new(
            Class::Unavailable,
            call_name,
            format!("the access entry of {principal} is not there after its change"),
        )
    })
}

/// Other environments of the cluster count on the policies, which go with their entry.
async fn make_anew(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
    wanted: &AccessEntry,
    (faults, mut granted): (&Faults, Granted),
) -> Result<Live, PortError> {
    let _turn = access_policies::turn().await;
    tracing::info!(principal, "the access entry is {faults}: it is made anew");
    granted.retain(|policy, _| !faults.over_all.contains(policy));
    delete(session, cluster, principal).await?;
    let made = create(session, cluster, principal, wanted).await?;
    for (policy, namespaces) in granted {
        access_policies::associate(session, cluster, (&policy, principal), namespaces).await?;
    }
    Ok(made)
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
    let made = wait::propagated(session, &format!("the access entry of {principal}"), &[principal], attempt).await?;
    let made = made.access_entry.ok_or_else(|| invalid(Call::CreateAccessEntry.name(), "no entry in the answer"))?;
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
        let asked = session.eks.tag_resource().resource_arn(arn).set_tags(Some(set.into_iter().collect()));
        call(session, Call::TagResource, asked.send()).await?;
    }
    if !gone.is_empty() {
        let asked = session.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(gone));
        call(session, Call::UntagResource, asked.send()).await?;
    }
    Ok(())
}

pub(super) async fn delete(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<(), PortError> {
    let asked = session.eks.delete_access_entry().cluster_name(cluster.name()).principal_arn(principal).send();
    match call(session, Call::DeleteAccessEntry, asked).await {
        Err(error) if error.class == Class::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}

// === Looking ===

fn key(principal: &str) -> ObjectKey {
    ObjectKey::AccessEntry { principal: principal.to_owned() }
}

pub(super) async fn get(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<Option<Live>, PortError> {
    let asked = session.eks.describe_access_entry().cluster_name(cluster.name()).principal_arn(principal).send();
    match call(session, Call::DescribeAccessEntry, asked).await {
        Ok(answer) => Ok(answer.access_entry.map(|found| live(principal, &found))),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// One entry, and of our own what else there is to know of it.
pub(super) struct Seen {
    pub live: Live,
    faults: Faults,
    granted: Granted,
}

impl Seen {
    /// `role_made_at`: `None` of what is no role of this account, and of one that we may not read.
    pub(super) fn judged(mut live: Live, granted: Granted, role_made_at: Option<i64>) -> Self {
        let kind = live.defect.take();
        let faults = Faults::of(live.made_at, kind, role_made_at, &granted);
        live.defect = faults.words();
        Self { live, faults, granted }
    }

    fn of_others(live: Live) -> Self {
        Self { live, faults: Faults::default(), granted: Granted::new() }
    }
}

pub(super) async fn look(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<Option<Seen>, PortError> {
    let Some(live) = get(session, cluster, principal).await? else {
        return Ok(None);
    };
    if live.mark(cluster).cluster.is_none() {
        return Ok(Some(Seen::of_others(live)));
    }
    let (role_made_at, granted) =
        try_join(role_made_at(session, principal), granted_if_there(session, cluster, principal)).await?;
    Ok(granted.map(|granted| Seen::judged(live, granted, role_made_at)))
}

/// What [`look`] sees, to be judged when it is known how old the role is: `Some` policies of our own entries.
pub(super) async fn unjudged(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
) -> Result<Option<(Live, Option<Granted>)>, PortError> {
    let Some(live) = get(session, cluster, principal).await? else {
        return Ok(None);
    };
    if live.mark(cluster).cluster.is_none() {
        return Ok(Some((live, None)));
    }
    let granted = granted_if_there(session, cluster, principal).await?;
    Ok(granted.map(|granted| (live, Some(granted))))
}

/// `None`: the entry went in between, and its policies with it.
async fn granted_if_there(
    session: &Session,
    cluster: &ClusterArn,
    principal: &str,
) -> Result<Option<Granted>, PortError> {
    match access_policies::granted(session, cluster, principal).await {
        Err(error) if error.class == Class::NotFound => Ok(None),
        other => other.map(Some),
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
    let tags: BTreeMap<String, String> =
        found.tags().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut groups: Vec<&str> = found.kubernetes_groups().iter().map(String::as_str).collect();
    groups.sort_unstable();
    let body = Body::AccessEntry(AccessEntry { group: groups.join(","), tags: tags.clone() });
    let kind = found.r#type().unwrap_or(STANDARD);
    Live {
        id: found.access_entry_arn().map(str::to_owned),
        made_at: found.created_at().map(aws_sdk_eks::primitives::DateTime::secs),
        defect: (kind != STANDARD).then(|| kind.to_owned()),
        ..Live::new(key(principal), body, tags)
    }
}

/// `None` of what is no role of this account, and of one that we may not read.
async fn role_made_at(session: &Session, principal: &str) -> Result<Option<i64>, PortError> {
    let Some(name) = wait::role_name(principal) else {
        return Ok(None);
    };
    let asked = session.iam.get_role().role_name(name).send();
    match call(session, Call::GetRole, asked).await {
        Ok(answer) => {
            let role = answer.role.filter(|role| role.arn == principal);
            Ok(role.map(|role| role.create_date.secs()))
        }
        Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(None),
        Err(error) => Err(error),
    }
}
