//! Access policies: one object for each (policy, namespace, principal).
//!
//! EKS keeps the namespaces of a policy as one list, so a change is read, change, write, and those of one principal are changed together.
//! In this process one change of a principal at a time; between processes the target that joins AWS with the cluster takes a Lease as a
//! lock. A Lease may be lost: then that target looks again, and a change that was overwritten is made again.

use super::{
    entries,
    grants::{self, Grants, WHOLE_CLUSTER},
    kind_calls::{KindCalls, Listed, mismatch},
    live::{Live, check, check_deletion},
    propagation,
    selection::Selection,
    tags::Tags,
};
use crate::{
    aws::{call::EksCluster, calls::Call},
    errors::{conflict, invalid, not_found_as_none},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Ownership},
    kinds::{Kind, aws::access_policy},
    ports::{Expect, PortError, Revoked},
};
use std::collections::BTreeSet;

pub(super) struct AccessPolicies;

#[async_trait]
impl KindCalls for AccessPolicies {
    fn kind(&self) -> &'static Kind {
        &access_policy::KIND
    }

    async fn get(&self, cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
        get(cluster, key).await
    }

    /// They are read with their entry.
    async fn list(&self, _: EksCluster<'_>, _: &Selection<'_>) -> Result<Listed, PortError> {
        Ok(Listed::default())
    }

    /// All of it is in the key.
    async fn apply(
        &self,
        cluster: EksCluster<'_>,
        key: &ObjectKey,
        body: &Body,
        expect: &Expect,
    ) -> Result<Live, PortError> {
        let Body::AccessPolicy(_) = body else { return Err(mismatch(key)) };
        let made = apply(cluster, &[(key, expect)]).await.pop();
        made.unwrap_or_else(|| Err(invalid("apply", format!("{key}: nothing was returned"))))
    }

    async fn delete(&self, cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
        delete(cluster, key, expect).await
    }

    async fn make(&self, cluster: EksCluster<'_>, key: &ObjectKey, _: &Body) -> Result<(), PortError> {
        let Parts { policy, namespace, principal } = parts(key)?;
        grants::associate(cluster, (policy, principal), [namespace.to_owned()].into()).await
    }
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    policy: &'a str,
    namespace: &'a str,
    principal: &'a str,
}

fn parts(key: &ObjectKey) -> Result<Parts<'_>, PortError> {
    match key {
        ObjectKey::AccessPolicy { policy, namespace, principal } => Ok(Parts { policy, namespace, principal }),
        _ => Err(invalid(Call::AssociateAccessPolicy.name(), format!("{key} is not an access policy"))),
    }
}

/// All of one principal, in one AssociateAccessPolicy for each policy.
pub(super) async fn apply(cluster: EksCluster<'_>, wanted: &[(&ObjectKey, &Expect)]) -> Vec<Result<Live, PortError>> {
    let Some((first, _)) = wanted.first() else { return vec![] };
    match together(cluster, first, wanted).await {
        Ok(results) => results,
        Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn together(
    cluster: EksCluster<'_>,
    first: &ObjectKey,
    wanted: &[(&ObjectKey, &Expect)],
) -> Result<Vec<Result<Live, PortError>>, PortError> {
    let call_name = Call::AssociateAccessPolicy.name();
    let Parts { policy, principal, .. } = parts(first)?;
    let _lock = grants::lock(principal).await;
    let tags = entries::tags(cluster, principal).await?.ok_or_else(|| no_entry(principal))?;
    if !entries::is_ours(cluster, principal, &tags) {
        return Err(invalid(call_name, access_policy::not_our_entry(principal, policy)));
    }
    // That its policies are not found clears by waiting: an entry that this operation made is not seen by every call yet.
    let Some(now) = grants::read_new(cluster, principal).await? else {
        entries::forget(cluster, principal);
        return Err(no_entry(principal));
    };
    let mut added = Grants::new();
    let mut results = vec![];
    for (key, expect) in wanted {
        let Parts { policy, namespace, .. } = parts(key)?;
        let checked = access_policy::check(policy).map_err(|message| invalid(call_name, message));
        let checked = checked.and_then(|()| check(call_name, key, expect, live(key, &now, &tags)?.as_ref()));
        results.push(checked.map(|()| {
            added.entry(policy.to_owned()).or_default().insert(namespace.to_owned());
            grants::object((*key).clone(), &tags)
        }));
    }
    for (policy, added) in added {
        let namespaces = now.get(&policy).cloned().unwrap_or_default();
        if added.is_subset(&namespaces) {
            continue;
        }
        if namespaces.contains(WHOLE_CLUSTER) {
            let message = format!(
                "{principal} has {policy} over the whole cluster, which is more than a namespace: remove that association first"
            );
            return Err(conflict(call_name, message));
        }
        grants::associate(cluster, (&policy, principal), &namespaces | &added).await?;
    }
    Ok(results)
}

async fn delete(cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
    let Parts { policy, namespace, principal } = parts(key)?;
    let _lock = grants::lock(principal).await;
    let Some((tags, now)) = read(cluster, principal).await? else { return Ok(()) };
    let Some(live) = live(key, &now, &tags)? else { return Ok(()) };
    check_deletion(cluster.arn, key, expect, &live)?;
    let namespaces = [namespace.to_owned()].into();
    take(cluster, (policy, principal), now.get(policy), &namespaces).await
}

/// Of an entry of ours: whoever added what it grants there. DeleteAccessEntry needs none of it.
pub(super) async fn revoke(cluster: EksCluster<'_>, revoked: &Revoked) -> Result<(), PortError> {
    let Revoked { principal, namespaces } = revoked;
    let _lock = grants::lock(principal).await;
    let recorded = Expect::Owned(Ownership::Cluster);
    let found = propagation::look(&recorded, || read(cluster, principal)).await?;
    let Some((tags, now)) = found else { return Ok(()) };
    if !entries::is_ours(cluster, principal, &tags) {
        return Ok(());
    }
    for (policy, granted) in &now {
        take(cluster, (policy, principal), Some(granted), namespaces).await?;
    }
    Ok(())
}

async fn take(
    cluster: EksCluster<'_>,
    (policy, principal): (&str, &str),
    granted: Option<&BTreeSet<String>>,
    gone: &BTreeSet<String>,
) -> Result<(), PortError> {
    let Some(granted) = granted.filter(|granted| !granted.is_disjoint(gone)) else { return Ok(()) };
    let left = granted - gone;
    match left.is_empty() {
        true => grants::disassociate(cluster, (policy, principal)).await,
        // Without an entry there is nothing left to take.
        false => not_found_as_none(grants::associate(cluster, (policy, principal), left).await).map(|_| ()),
    }
}

/// `None`: the entry is gone, and its policies with it.
async fn read(cluster: EksCluster<'_>, principal: &str) -> Result<Option<(Tags, Grants)>, PortError> {
    let Some(tags) = entries::tags(cluster, principal).await? else { return Ok(None) };
    let now = grants::read(cluster, principal).await?;
    if now.is_none() {
        entries::forget(cluster, principal);
    }
    Ok(now.map(|now| (tags, now)))
}

async fn get(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    let principal = parts(key)?.principal;
    let Some(entry) = entries::get(cluster, principal).await? else {
        return Ok(None);
    };
    match grants::read(cluster, principal).await? {
        Some(now) => live(key, &now, &entry.tags),
        None => Ok(None),
    }
}

fn live(key: &ObjectKey, grants: &Grants, tags: &Tags) -> Result<Option<Live>, PortError> {
    let Parts { policy, namespace, .. } = parts(key)?;
    let is_granted = grants.get(policy).is_some_and(|namespaces| namespaces.contains(namespace));
    Ok(is_granted.then(|| grants::object(key.clone(), tags)))
}

fn no_entry(principal: &str) -> PortError {
    let message = format!("ResourceNotFoundException: {principal} has no access entry");
    PortError::new(Class::NotFound, Call::AssociateAccessPolicy.name(), message)
}
