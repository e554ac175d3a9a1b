//! What EKS keeps for an access entry: one association for each policy, with a list of namespaces that AssociateAccessPolicy
//! replaces whole.

use super::{live::Live, propagation, tags::Tags};
use crate::{
    aws::{
        call::{EksCluster, each_page},
        calls::Call,
    },
    errors::not_found_as_none,
};
use aws_sdk_eks::types::{AccessScope, AccessScopeType};
use goldenpath_core::{
    domain::{AccessPolicy, Body, ObjectKey},
    kinds::aws::access_policy::{PolicyScopes, scopes_elsewhere},
    ports::PortError,
};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};
use tokio::sync::{Mutex, MutexGuard};

/// In place of namespaces: a policy over the whole cluster, which no key can express.
pub(super) const WHOLE_CLUSTER: &str = "*";

pub(super) type Grants = PolicyScopes;

/// Few of a process's principals share one.
static ONE_AT_A_TIME: [Mutex<()>; 64] = [const { Mutex::const_new(()) }; 64];

/// Held while the grants of a principal are read, changed and written in this process.
pub(super) async fn lock(principal: &str) -> MutexGuard<'static, ()> {
    let mut hasher = DefaultHasher::new();
    principal.hash(&mut hasher);
    ONE_AT_A_TIME[(hasher.finish() % ONE_AT_A_TIME.len() as u64) as usize].lock().await
}

/// `None`: the principal has no access entry, or its entry was deleted in between, and its policies with it.
pub(super) async fn read(cluster: EksCluster<'_>, principal: &str) -> Result<Option<Grants>, PortError> {
    not_found_as_none(list(cluster, principal).await)
}

/// Of an entry that was made or read a moment ago.
pub(super) async fn read_new(cluster: EksCluster<'_>, principal: &str) -> Result<Option<Grants>, PortError> {
    let attempt = || list(cluster, principal);
    not_found_as_none(propagation::retry_new(&the_entry(principal), attempt).await)
}

async fn list(cluster: EksCluster<'_>, principal: &str) -> Result<Grants, PortError> {
    let mut found = Grants::new();
    let listing = cluster.eks().list_associated_access_policies().cluster_name(cluster.name()).principal_arn(principal);
    let pages = listing.into_paginator().send();
    each_page(cluster.clients, Call::ListAssociatedAccessPolicies, pages, |page| {
        for associated in page.associated_access_policies.unwrap_or_default() {
            let name = associated.policy_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
            let scope = associated.access_scope();
            let namespaces = found.entry(name.to_owned()).or_default();
            if scope.and_then(AccessScope::r#type) == Some(&AccessScopeType::Cluster) {
                namespaces.insert(WHOLE_CLUSTER.to_owned());
            } else {
                namespaces.extend(scope.map(AccessScope::namespaces).unwrap_or_default().iter().cloned());
            }
        }
        page.next_token
    })
    .await?;
    Ok(found)
}

fn the_entry(principal: &str) -> String {
    format!("the access entry of {principal}")
}

/// With an empty set of namespaces EKS would refuse.
pub(super) async fn associate(
    cluster: EksCluster<'_>,
    (policy, principal): (&str, &str),
    namespaces: BTreeSet<String>,
) -> Result<(), PortError> {
    let scope = match namespaces.contains(WHOLE_CLUSTER) {
        true => AccessScope::builder().r#type(AccessScopeType::Cluster),
        false => AccessScope::builder()
            .r#type(AccessScopeType::Namespace)
            .set_namespaces(Some(namespaces.into_iter().collect())),
    };
    let request = cluster
        .eks()
        .associate_access_policy()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .policy_arn(policy_arn(cluster, policy))
        .access_scope(scope.build());
    // Its entry has just been read.
    let attempt = || cluster.call(Call::AssociateAccessPolicy, request.clone().send());
    propagation::retry_new(&the_entry(principal), attempt).await.map(|_| ())
}

pub(super) async fn disassociate(cluster: EksCluster<'_>, (policy, principal): (&str, &str)) -> Result<(), PortError> {
    let request = cluster
        .eks()
        .disassociate_access_policy()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .policy_arn(policy_arn(cluster, policy));
    not_found_as_none(cluster.call(Call::DisassociateAccessPolicy, request.send()).await).map(|_| ())
}

pub(super) fn policy_arn(cluster: EksCluster<'_>, policy: &str) -> String {
    format!("arn:{}:eks::aws:cluster-access-policy/{policy}", cluster.arn.partition())
}

/// What is left of each policy without these, where something goes.
pub(super) fn without(grants: &Grants, elsewhere: &Grants) -> Grants {
    let rest = |(policy, gone): (&String, &BTreeSet<String>)| {
        let all = grants.get(policy).cloned().unwrap_or_default();
        (policy.clone(), all.difference(gone).cloned().collect())
    };
    elsewhere.iter().map(rest).collect()
}

/// All grants of one entry in namespaces, each an object whose owner is the entry's. What lies elsewhere is a defect of the entry.
pub(super) fn objects(principal: &str, grants: Grants, tags: &Tags) -> Vec<Live> {
    let elsewhere = scopes_elsewhere(&grants);
    let mut objects = vec![];
    for (policy, namespaces) in grants {
        let is_here = |namespace: &String| !elsewhere.get(&policy).is_some_and(|found| found.contains(namespace));
        for namespace in namespaces.into_iter().filter(is_here) {
            let key = ObjectKey::AccessPolicy { policy: policy.clone(), namespace, principal: principal.to_owned() };
            objects.push(object(key, tags));
        }
    }
    objects
}

pub(super) fn object(key: ObjectKey, tags: &Tags) -> Live {
    Live::new(key, Body::AccessPolicy(AccessPolicy {}), tags.clone())
}
