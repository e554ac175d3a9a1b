//! Access entries: of type STANDARD, with the one group that stands for the principal.
//!
//! An entry belongs to the principal behind the name, as it was when the entry was made: a role or user that was recreated under its
//! name is another one, and the entry is dead though it looks alive (aws/containers-roadmap#185). An entry that is older than its
//! principal is reported as a difference, and recreated by an apply, with the policies that it had.
//!
//! What an entry of ours grants is for us alone to decide: a policy over the whole cluster, in a wildcard or in a namespace of the
//! cluster's own, which we never associate, is reported as a difference of the entry, and an apply removes it.

use super::{
    entry_defects::EntryDefects,
    grants::{self, Grants},
    kind_calls::{KindCalls, Listed, mismatch},
    live::{Live, check, check_deletion},
    propagation,
    selection::Selection,
    tags::{self, Tags},
};
use crate::{
    aws::{
        call::{EksCluster, list},
        calls::Call,
        iam,
    },
    errors::{conflict, invalid, not_found_as_none},
};
use async_trait::async_trait;
use aws_sdk_eks::types::AccessEntry as Found;
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ObjectKey},
    kinds::{
        Kind,
        aws::{access_entry, tags::merged_tags},
    },
    ports::{Expect, PortError, ownership::mark},
};
use serde_json::json;

const STANDARD: &str = "STANDARD";

pub(super) struct AccessEntries;

#[async_trait]
impl KindCalls for AccessEntries {
    fn kind(&self) -> &'static Kind {
        &access_entry::KIND
    }

    async fn get(&self, cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
        Ok(observe(cluster, key.name()).await?.map(|found| found.live))
    }

    /// Those that are named, and all, have files of their own: with each its policies are read.
    async fn list(&self, _: EksCluster<'_>, _: &Selection<'_>) -> Result<Listed, PortError> {
        Ok(Listed::default())
    }

    async fn apply(
        &self,
        cluster: EksCluster<'_>,
        key: &ObjectKey,
        body: &Body,
        expect: &Expect,
    ) -> Result<Live, PortError> {
        match body {
            Body::AccessEntry(entry) => apply(cluster, key.name(), entry, expect).await,
            _ => Err(mismatch(key)),
        }
    }

    async fn delete(&self, cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
        check_and_delete(cluster, key.name(), expect).await
    }

    async fn make(&self, cluster: EksCluster<'_>, key: &ObjectKey, body: &Body) -> Result<(), PortError> {
        match body {
            Body::AccessEntry(entry) => create(cluster, key.name(), entry).await.map(|_| ()),
            _ => Err(mismatch(key)),
        }
    }

    async fn change(&self, cluster: EksCluster<'_>, live: &Live, edited: &Body) -> Result<(), PortError> {
        match (&live.body, edited) {
            (Body::AccessEntry(before), Body::AccessEntry(after)) => {
                change(cluster, live.key.name(), (before, live), after).await
            }
            _ => Err(mismatch(&live.key)),
        }
    }
}

async fn apply(
    cluster: EksCluster<'_>,
    principal: &str,
    entry: &AccessEntry,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::CreateAccessEntry.name();
    access_entry::check(entry).map_err(|message| invalid(call_name, message))?;
    let new = async || {
        access_entry::check_principal(principal).map_err(|message| invalid(call_name, message))?;
        create(cluster, principal, entry).await
    };
    // EKS itself refuses a second one.
    if *expect == Expect::Absent {
        return new().await;
    }
    let found = observe(cluster, principal).await?;
    check(call_name, &ObjectKey::access_entry(principal), expect, found.as_ref().map(|found| &found.live))?;
    let Some(ObservedEntry { live, defects, grants }) = found else {
        return new().await;
    };
    if live.is_another(cluster.arn, &entry.tags) {
        let message = format!(
            "ResourceInUseException: {principal} has an access entry on this cluster that does not carry our tags. Ask its owner to \
             add the group {} to it",
            entry.group
        );
        return Err(conflict(call_name, message));
    }
    let Body::AccessEntry(before) = &live.body else {
        return Err(invalid(call_name, format!("{} is not an access entry", live.key)));
    };
    let wanted = AccessEntry { tags: merged_tags(&live.tags, &entry.tags), ..entry.clone() };
    if defects.must_recreate() {
        return recreate(cluster, principal, &wanted, (&defects, grants)).await;
    }
    for (policy, namespaces) in grants::without(&grants, &defects.elsewhere) {
        let _lock = grants::lock(principal).await;
        tracing::info!(principal, policy, "removing an access policy that is not ours");
        match namespaces.is_empty() {
            true => grants::disassociate(cluster, (&policy, principal)).await?,
            false => grants::associate(cluster, (&policy, principal), namespaces).await?,
        }
    }
    change(cluster, principal, (before, &live), &wanted).await?;
    observe(cluster, principal).await?.map(|found| found.live).ok_or_else(|| {
        let message = format!("the access entry of {principal} is missing right after its change: try again");
        PortError::new(Class::Unavailable, call_name, message)
    })
}

/// Other environments of the cluster count on the policies, which are deleted with their entry.
async fn recreate(
    cluster: EksCluster<'_>,
    principal: &str,
    wanted: &AccessEntry,
    (defects, mut grants): (&EntryDefects, Grants),
) -> Result<Live, PortError> {
    let _lock = grants::lock(principal).await;
    tracing::info!(principal, "the access entry is {defects}: recreating it");
    grants.extend(grants::without(&grants, &defects.elsewhere));
    grants.retain(|_, namespaces| !namespaces.is_empty());
    delete(cluster, principal).await?;
    let made = create(cluster, principal, wanted).await?;
    for (policy, namespaces) in grants {
        grants::associate(cluster, (&policy, principal), namespaces).await?;
    }
    Ok(made)
}

async fn create(cluster: EksCluster<'_>, principal: &str, entry: &AccessEntry) -> Result<Live, PortError> {
    let attempt = || {
        let request = cluster
            .eks()
            .create_access_entry()
            .cluster_name(cluster.name())
            .principal_arn(principal)
            .r#type(STANDARD)
            .kubernetes_groups(&entry.group)
            .set_username(entry.username.clone())
            .set_tags(Some(entry.tags.clone().into_iter().collect()));
        cluster.call(Call::CreateAccessEntry, request.send())
    };
    let what = format!("the access entry of {principal}");
    let made = propagation::retry(cluster.clients, &what, &[principal], attempt).await?;
    let made = made.access_entry;
    let made = made.ok_or_else(|| invalid(Call::CreateAccessEntry.name(), "the response holds no access entry"))?;
    let made = live(principal, &made);
    remember(cluster, &made);
    Ok(made)
}

/// `wanted` holds all tags that the entry is to have.
async fn change(
    cluster: EksCluster<'_>,
    principal: &str,
    (before, live): (&AccessEntry, &Live),
    wanted: &AccessEntry,
) -> Result<(), PortError> {
    forget(cluster, principal);
    if let Some((group, username)) = access_entry::update(principal, before, wanted) {
        let request = cluster
            .eks()
            .update_access_entry()
            .cluster_name(cluster.name())
            .principal_arn(principal)
            .kubernetes_groups(group)
            .username(username);
        cluster.call(Call::UpdateAccessEntry, request.send()).await?;
    }
    match &live.id {
        Some(arn) => tags::change(cluster, arn, &live.tags, &wanted.tags).await,
        None => Ok(()),
    }
}

/// What hangs on an entry goes with it. So its policies and the age of its principal are read only if it is not as expected without them.
async fn check_and_delete(cluster: EksCluster<'_>, principal: &str, expect: &Expect) -> Result<(), PortError> {
    let Some(live) = propagation::look(expect, || get(cluster, principal)).await? else { return Ok(()) };
    if check_deletion(cluster.arn, &live.key, expect, &live).is_err() {
        let Some(found) = observe(cluster, principal).await? else { return Ok(()) };
        check_deletion(cluster.arn, &live.key, expect, &found.live)?;
    }
    delete(cluster, principal).await
}

async fn delete(cluster: EksCluster<'_>, principal: &str) -> Result<(), PortError> {
    forget(cluster, principal);
    let request = cluster.eks().delete_access_entry().cluster_name(cluster.name()).principal_arn(principal);
    not_found_as_none(cluster.call(Call::DeleteAccessEntry, request.send()).await).map(|_| ())
}

// === Reading ===

pub(super) async fn get(cluster: EksCluster<'_>, principal: &str) -> Result<Option<Live>, PortError> {
    let request = cluster.eks().describe_access_entry().cluster_name(cluster.name()).principal_arn(principal);
    let response = not_found_as_none(cluster.call(Call::DescribeAccessEntry, request.send()).await)?;
    let found = response.and_then(|response| response.access_entry).map(|found| live(principal, &found));
    match &found {
        Some(live) => remember(cluster, live),
        None => forget(cluster, principal),
    }
    Ok(found)
}

// === Whose it is ===

/// Of an entry that this process has just made or looked at, from memory.
pub(super) async fn tags(cluster: EksCluster<'_>, principal: &str) -> Result<Option<Tags>, PortError> {
    if let Some(tags) = cluster.clients.entries.get(&memory_key(cluster, principal)) {
        return Ok(Some(tags));
    }
    Ok(get(cluster, principal).await?.map(|live| live.tags))
}

pub(super) fn is_ours(cluster: EksCluster<'_>, principal: &str, tags: &Tags) -> bool {
    mark(&ObjectKey::access_entry(principal), cluster.arn.as_str(), &json!({ "tags": tags })).cluster.is_some()
}

/// One of ours: that of somebody else may become ours at any time.
fn remember(cluster: EksCluster<'_>, live: &Live) {
    if let ObjectKey::AccessEntry { principal } = &live.key
        && is_ours(cluster, principal, &live.tags)
    {
        cluster.clients.entries.add(&memory_key(cluster, principal), live.tags.clone());
    }
}

pub(super) fn forget(cluster: EksCluster<'_>, principal: &str) {
    let key = memory_key(cluster, principal);
    cluster.clients.entries.forget(|known| known == key);
}

fn memory_key(cluster: EksCluster<'_>, principal: &str) -> String {
    format!("{} {principal}", cluster.arn)
}

/// One entry; of our own also its grants and what is wrong with it.
pub(super) struct ObservedEntry {
    pub live: Live,
    defects: EntryDefects,
    grants: Grants,
}

impl ObservedEntry {
    /// `made_at`: of its principal, see [`principal_made_at`].
    pub fn judge(mut live: Live, grants: Grants, made_at: Option<i64>) -> Self {
        let wrong_type = live.defect.take();
        let defects = EntryDefects::find(live.made_at, wrong_type, made_at, &grants);
        live.defect = defects.describe();
        Self { live, defects, grants }
    }
}

async fn observe(cluster: EksCluster<'_>, principal: &str) -> Result<Option<ObservedEntry>, PortError> {
    let Some(live) = get(cluster, principal).await? else {
        return Ok(None);
    };
    if live.mark(cluster.arn).cluster.is_none() {
        return Ok(Some(ObservedEntry { live, defects: EntryDefects::default(), grants: Grants::new() }));
    }
    let (made_at, grants) = try_join(principal_made_at(cluster, principal), grants::read(cluster, principal)).await?;
    Ok(grants.map(|grants| ObservedEntry::judge(live, grants, made_at)))
}

/// ARNs of all principals with an entry; with `policy`, of those that it is associated with.
pub(super) async fn principals(cluster: EksCluster<'_>, policy: Option<String>) -> Result<Vec<String>, PortError> {
    let listing = cluster.eks().list_access_entries().cluster_name(cluster.name()).set_associated_policy_arn(policy);
    let pages = listing.into_paginator().send();
    list(cluster.clients, Call::ListAccessEntries, pages, |page| {
        (page.access_entries.unwrap_or_default(), page.next_token)
    })
    .await
}

fn live(principal: &str, found: &Found) -> Live {
    let tags = tags::of(found.tags());
    let mut groups: Vec<&str> = found.kubernetes_groups().iter().map(String::as_str).collect();
    groups.sort_unstable();
    let username = access_entry::custom_username(principal, found.username());
    let body = Body::AccessEntry(AccessEntry { group: groups.join(","), username, tags: tags.clone() });
    let entry_type = found.r#type().unwrap_or(STANDARD);
    Live {
        id: found.access_entry_arn().map(str::to_owned),
        made_at: found.created_at().map(aws_sdk_eks::primitives::DateTime::secs),
        defect: (entry_type != STANDARD).then(|| entry_type.to_owned()),
        ..Live::new(ObjectKey::access_entry(principal), body, tags)
    }
}

/// `None` for a principal that is not of this account, and for one that we may not read.
pub(super) async fn principal_made_at(cluster: EksCluster<'_>, principal: &str) -> Result<Option<i64>, PortError> {
    match iam::principal_made_at(cluster.clients, principal).await {
        Err(error) if error.class == Class::Denied => Ok(None),
        made_at => made_at,
    }
}
