//! Access policies: one object for each (policy, namespace, principal).
//!
//! EKS holds one association for each policy of an entry, with a list of namespaces that AssociateAccessPolicy replaces whole. So a
//! change is read, merge, write, look again. In this process one change at a time; between processes the target that joins AWS with
//! the cluster takes turns by a Lease. A Lease may be lost, so the look stays: who finds his namespace missing does it again.

use super::{Live, check, conflict, entries, invalid};
use crate::{
    aws::{call::call, calls::Call, session::Session},
    rules,
};
use aws_sdk_eks::types::{AccessScope, AccessScopeType};
use goldenpath_core::{
    domain::{AccessPolicy, Body, Class, ClusterArn, ObjectKey},
    ports::{Expect, PortError},
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::{Mutex, MutexGuard};

/// How often a write that another one overtook is made again.
const TRIES: usize = 4;
/// In place of namespaces: a policy over the whole cluster. Nobody of ours grants it, and no key can say it: it is told of its entry.
pub(super) const WHOLE_CLUSTER: &str = "*";

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Policy's short name -> namespaces, of one principal.
pub(super) type Granted = BTreeMap<String, BTreeSet<String>>;

struct Parts<'a> {
    policy: &'a str,
    namespace: &'a str,
    principal: &'a str,
}

fn parts(key: &ObjectKey) -> Result<Parts<'_>, PortError> {
    match key {
        ObjectKey::AccessPolicy { policy, namespace, principal } => Ok(Parts { policy, namespace, principal }),
        _ => Err(invalid(Call::AssociateAccessPolicy.name(), format!("{key} is no access policy"))),
    }
}

pub(super) async fn apply(
    session: &Session,
    cluster: &ClusterArn,
    key: &ObjectKey,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::AssociateAccessPolicy.name();
    let Parts { policy, namespace, principal } = parts(key)?;
    rules::check_access_policy(policy).map_err(|message| invalid(call_name, message))?;
    let _turn = turn().await;
    let entry = entries::get(session, cluster, principal).await?.ok_or_else(|| {
        let message = format!("ResourceNotFoundException: {principal} has no access entry");
        PortError::new(Class::NotFound, call_name, message)
    })?;
    let mut now = granted(session, cluster, principal).await?;
    check(call_name, key, expect, live(key, &now, &entry.tags)?.as_ref())?;
    if entry.mark(cluster).cluster.is_none() {
        return Err(invalid(call_name, rules::not_our_entry(principal, policy)));
    }
    for _ in 0..TRIES {
        if let Some(live) = live(key, &now, &entry.tags)? {
            return Ok(live);
        }
        let mut namespaces = now.remove(policy).unwrap_or_default();
        if namespaces.contains(WHOLE_CLUSTER) {
            let message = format!(
                "{principal} has {policy} over the whole cluster: remove that first, it is more than {namespace}"
            );
            return Err(conflict(call_name, message));
        }
        namespaces.insert(namespace.to_owned());
        associate(session, cluster, (policy, principal), namespaces).await?;
        now = granted(session, cluster, principal).await?;
    }
    if let Some(live) = live(key, &now, &entry.tags)? {
        return Ok(live);
    }
    Err(conflict(call_name, format!("{key}: somebody else changes the same policy again and again")))
}

pub(super) async fn delete(session: &Session, cluster: &ClusterArn, key: &ObjectKey) -> Result<(), PortError> {
    let Parts { policy, namespace, principal } = parts(key)?;
    let _turn = turn().await;
    for _ in 0..TRIES {
        let mut namespaces = match granted(session, cluster, principal).await {
            Ok(mut granted) => granted.remove(policy).unwrap_or_default(),
            // It went with its entry.
            Err(error) if error.class == Class::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !namespaces.remove(namespace) {
            return Ok(());
        }
        if !namespaces.is_empty() {
            associate(session, cluster, (policy, principal), namespaces).await?;
            continue;
        }
        disassociate(session, cluster, (policy, principal)).await?;
    }
    Err(conflict(Call::DisassociateAccessPolicy.name(), format!("{key}: somebody else grants it again and again")))
}

pub(super) async fn turn() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().await
}

/// What is gone already is gone.
pub(super) async fn disassociate(
    session: &Session,
    cluster: &ClusterArn,
    (policy, principal): (&str, &str),
) -> Result<(), PortError> {
    let asked = session
        .eks
        .disassociate_access_policy()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .policy_arn(arn(cluster, policy))
        .send();
    match call(session, Call::DisassociateAccessPolicy, asked).await {
        Err(error) if error.class == Class::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}

/// With an empty set of namespaces EKS would refuse.
pub(super) async fn associate(
    session: &Session,
    cluster: &ClusterArn,
    (policy, principal): (&str, &str),
    namespaces: BTreeSet<String>,
) -> Result<(), PortError> {
    let scope = if namespaces.contains(WHOLE_CLUSTER) {
        AccessScope::builder().r#type(AccessScopeType::Cluster).build()
    } else {
        AccessScope::builder()
            .r#type(AccessScopeType::Namespace)
            .set_namespaces(Some(namespaces.into_iter().collect()))
            .build()
    };
    let asked = session
        .eks
        .associate_access_policy()
        .cluster_name(cluster.name())
        .principal_arn(principal)
        .policy_arn(arn(cluster, policy))
        .access_scope(scope)
        .send();
    call(session, Call::AssociateAccessPolicy, asked).await.map(|_| ())
}

pub(super) fn arn(cluster: &ClusterArn, policy: &str) -> String {
    format!("arn:{}:eks::aws:cluster-access-policy/{policy}", cluster.partition())
}

// === Looking ===

pub(super) async fn granted(session: &Session, cluster: &ClusterArn, principal: &str) -> Result<Granted, PortError> {
    let (mut found, mut token) = (Granted::new(), None);
    loop {
        let asked = session
            .eks
            .list_associated_access_policies()
            .cluster_name(cluster.name())
            .principal_arn(principal)
            .set_next_token(token)
            .send();
        let answer = call(session, Call::ListAssociatedAccessPolicies, asked).await?;
        for associated in answer.associated_access_policies.unwrap_or_default() {
            let name = associated.policy_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
            let scope = associated.access_scope();
            let is_whole = scope.and_then(|scope| scope.r#type()) == Some(&AccessScopeType::Cluster);
            let namespaces = found.entry(name.to_owned()).or_default();
            if is_whole {
                namespaces.insert(WHOLE_CLUSTER.to_owned());
            } else {
                namespaces.extend(scope.map(AccessScope::namespaces).unwrap_or_default().iter().cloned());
            }
        }
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Policies over the whole cluster.
pub(super) fn over_all(granted: &Granted) -> BTreeSet<String> {
    let whole = granted.iter().filter(|(_, namespaces)| namespaces.contains(WHOLE_CLUSTER));
    whole.map(|(policy, _)| policy.clone()).collect()
}

/// All that one entry has in namespaces, each an object whose owner is the entry's.
pub(super) fn objects(principal: &str, granted: Granted, tags: &BTreeMap<String, String>) -> Vec<Live> {
    let mut objects = vec![];
    for (policy, namespaces) in granted {
        for namespace in namespaces.into_iter().filter(|name| name != WHOLE_CLUSTER) {
            let key = ObjectKey::AccessPolicy { policy: policy.clone(), namespace, principal: principal.to_owned() };
            objects.push(Live::new(key, Body::AccessPolicy(AccessPolicy {}), tags.clone()));
        }
    }
    objects
}

fn live(key: &ObjectKey, granted: &Granted, tags: &BTreeMap<String, String>) -> Result<Option<Live>, PortError> {
    let Parts { policy, namespace, .. } = parts(key)?;
    let is_there = granted.get(policy).is_some_and(|namespaces| namespaces.contains(namespace));
    Ok(is_there.then(|| Live::new(key.clone(), Body::AccessPolicy(AccessPolicy {}), tags.clone())))
}

pub(super) async fn get(session: &Session, cluster: &ClusterArn, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    let principal = parts(key)?.principal;
    let Some(entry) = entries::get(session, cluster, principal).await? else {
        return Ok(None);
    };
    match granted(session, cluster, principal).await {
        Err(error) if error.class == Class::NotFound => Ok(None),
        other => live(key, &other?, &entry.tags),
    }
}
