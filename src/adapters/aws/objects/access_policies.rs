//! Access policies: one object for each (policy, namespace, principal).
//!
//! EKS keeps the namespaces of a policy as one list, so a change is read, change, write, read again, and those of one principal are
//! changed together. In this process one change at a time; between processes the target that joins AWS with the cluster takes a Lease as
//! a lock. A Lease may be lost, so the second read stays: a change that was overwritten is made again.

use super::{
    entries,
    grants::{self, Grants, WHOLE_CLUSTER},
    live::{Live, check},
    tags::Tags,
};
use crate::{
    aws::{call::EksCluster, calls::Call},
    errors::{conflict, invalid},
};
use goldenpath_core::{
    domain::{Class, ObjectKey},
    ports::{Expect, PortError, rules},
};

/// How often a write that another one overtook is made again.
const TRIES: usize = 4;

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
    let _lock = grants::lock().await;
    let entry = entries::get(cluster, principal).await?.ok_or_else(|| no_entry(principal))?;
    let now = grants::read(cluster, principal).await?.ok_or_else(|| no_entry(principal))?;
    if entry.mark(cluster.arn).cluster.is_none() {
        return Err(invalid(call_name, rules::not_our_entry(principal, policy)));
    }
    let mut change = Grants::new();
    let mut results = vec![];
    for (key, expect) in wanted {
        let Parts { policy, namespace, .. } = parts(key)?;
        let checked = rules::check_access_policy(policy).map_err(|message| invalid(call_name, message));
        let checked = checked.and_then(|()| check(call_name, key, expect, live(key, &now, &entry.tags)?.as_ref()));
        results.push(checked.map(|()| {
            change.entry(policy.to_owned()).or_default().insert(namespace.to_owned());
            grants::object((*key).clone(), &entry.tags)
        }));
    }
    converge(cluster, principal, &change, now, true).await?;
    Ok(results)
}

pub(super) async fn delete(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<(), PortError> {
    let _lock = grants::lock().await;
    let Parts { policy, namespace, principal } = parts(key)?;
    let change = Grants::from([(policy.to_owned(), [namespace.to_owned()].into())]);
    match grants::read(cluster, principal).await? {
        Some(now) => converge(cluster, principal, &change, now, false).await,
        // Deleted with its entry.
        None => Ok(()),
    }
}

/// Changes the lists of namespaces until they hold these, or do not.
async fn converge(
    cluster: EksCluster<'_>,
    principal: &str,
    change: &Grants,
    mut now: Grants,
    is_wanted: bool,
) -> Result<(), PortError> {
    let call_name = if is_wanted { Call::AssociateAccessPolicy } else { Call::DisassociateAccessPolicy }.name();
    for tries in 0.. {
        let mut is_done = true;
        for (policy, changed) in change {
            let mut namespaces = now.remove(policy).unwrap_or_default();
            if changed.iter().all(|namespace| namespaces.contains(namespace) == is_wanted) {
                continue;
            }
            is_done = false;
            if tries == TRIES {
                let message = format!(
                    "{policy} of {principal}: someone else keeps changing this policy. Stop the other change and try again"
                );
                return Err(conflict(call_name, message));
            }
            if is_wanted && namespaces.contains(WHOLE_CLUSTER) {
                let message = format!(
                    "{principal} has {policy} over the whole cluster, which is more than a namespace: remove that association first"
                );
                return Err(conflict(call_name, message));
            }
            match is_wanted {
                true => namespaces.extend(changed.iter().cloned()),
                false => namespaces.retain(|namespace| !changed.contains(namespace)),
            }
            match namespaces.is_empty() {
                true => grants::disassociate(cluster, (policy, principal)).await?,
                false => grants::associate(cluster, (policy, principal), namespaces).await?,
            }
        }
        if is_done {
            break;
        }
        now = match grants::read(cluster, principal).await? {
            Some(now) => now,
            None if is_wanted => return Err(no_entry(principal)),
            None => break,
        };
    }
    Ok(())
}

pub(super) async fn get(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
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
