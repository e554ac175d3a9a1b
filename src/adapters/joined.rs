//! AWS and Kubernetes as one target: each half handles its own kinds of object.
//!
//! A listing reads both at the same time and fails when either does: half a listing would read as absence.
//!
//! EKS holds what a principal is granted as a list that a change replaces whole (AssociateAccessPolicy): processes that change it
//! take a lock, a Lease in the cluster. For as long as it is kept nobody else writes the list, so that what was written needs no
//! second look; whoever lost it does the work once more, which changes only what was overwritten.

use crate::{
    errors::invalid,
    kube::{Kube, Lock},
};
use async_trait::async_trait;
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed, RoleQuotas, short_hash},
    ports::{Apply, Clusters, Deleted, Expect, Objects, PortError, Revoked, Scope, Selector},
};
use std::sync::Arc;

pub struct Joined {
    pub aws: Arc<dyn Objects>,
    pub kubernetes: Arc<Kube>,
}

impl Joined {
    fn half(&self, key: &ObjectKey) -> &dyn Objects {
        if key.is_aws() { &*self.aws } else { &*self.kubernetes }
    }

    async fn with_aws(
        &self,
        cluster: &ClusterArn,
        aws: Option<Selector>,
        kubernetes: impl Future<Output = Result<Vec<Observed>, PortError>> + Send,
    ) -> Result<Vec<Observed>, PortError> {
        let aws = async {
            match &aws {
                Some(aws) => self.aws.observe(cluster, aws).await,
                None => Ok(vec![]),
            }
        };
        let (mut all, rest) = try_join(aws, kubernetes).await?;
        all.extend(rest);
        all.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }
}

/// What to look for in AWS and in Kubernetes. AWS is not read where it holds nothing of the kind: a lease is renewed without a request
/// to it.
fn halves(selector: &Selector) -> (Option<Selector>, Selector) {
    let (aws, kubernetes) = selector.keys.iter().cloned().partition(ObjectKey::is_aws);
    let [aws, kubernetes] = [aws, kubernetes].map(|keys| Selector { scope: selector.scope.clone(), keys });
    let is_of_kubernetes = matches!(selector.scope, Scope::InCluster(_) | Scope::Records | Scope::RecordsOf(_));
    let holds_none = aws.is_nothing() || aws.keys.is_empty() && is_of_kubernetes;
    ((!holds_none).then_some(aws), kubernetes)
}

/// The Lease that locks this change. An entry that exists may be recreated, with all that its principal is granted.
fn lock_of(key: &ObjectKey, is_new: bool) -> Option<String> {
    match key {
        ObjectKey::AccessPolicy { principal, .. } => Some(principal),
        ObjectKey::AccessEntry { principal } if !is_new => Some(principal),
        _ => None,
    }
    .map(|principal| lock_name(principal))
}

fn lock_name(principal: &str) -> String {
    format!("gp-access-{}", short_hash([principal], 16))
}

#[async_trait]
impl Objects for Joined {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        let (aws, kubernetes) = halves(selector);
        self.with_aws(cluster, aws, self.kubernetes.observe(cluster, &kubernetes)).await
    }

    /// AWS reports no changes.
    async fn observe_recent(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        let (aws, kubernetes) = halves(selector);
        self.with_aws(cluster, aws, self.kubernetes.observe_recent(cluster, &kubernetes)).await
    }

    fn revision(&self, cluster: &ClusterArn) -> u64 {
        self.kubernetes.revision(cluster)
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let half = self.half(apply.key);
        let Some(lock) = lock_of(apply.key, apply.expect == Expect::Absent) else { return half.apply(apply).await };
        let again = once_more(&apply);
        let made = self.kubernetes.with_lock(apply.cluster, &lock, half.apply(apply)).await?;
        match made {
            (_, Lock::Lost) => half.apply(again).await,
            (made, Lock::Kept) => Ok(made),
        }
    }

    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let Some(first) = applies.first() else { return vec![] };
        let (count, cluster, lock) = (applies.len(), first.cluster, lock_of(first.key, false));
        let again: Vec<Apply<'_>> = applies.iter().map(once_more).collect();
        let work = async { Ok(self.aws.apply_policies(applies).await) };
        let made = match lock {
            Some(lock) => self.kubernetes.with_lock(cluster, &lock, work).await,
            None => work.await.map(|results| (results, Lock::Kept)),
        };
        match made {
            Ok((results, Lock::Kept)) => results,
            // What was refused stays so.
            Ok((results, Lock::Lost)) => {
                let again = self.aws.apply_policies(again).await;
                results.into_iter().zip(again).map(|(first, again)| first.and(again)).collect()
            }
            Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
        }
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let half = self.half(key);
        let Some(lock) = lock_of(key, false) else { return half.delete(cluster, key, expect).await };
        match self.kubernetes.with_lock(cluster, &lock, half.delete(cluster, key, expect)).await? {
            (_, Lock::Lost) if matches!(key, ObjectKey::AccessPolicy { .. }) => {
                half.delete(cluster, key, &Expect::Any).await
            }
            (deleted, _) => Ok(deleted),
        }
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        let work = || self.aws.revoke(cluster, revoked);
        match self.kubernetes.with_lock(cluster, &lock_name(&revoked.principal), work()).await? {
            ((), Lock::Lost) => work().await,
            ((), Lock::Kept) => Ok(()),
        }
    }
}

/// After it was made: it is there already, or was overwritten.
fn once_more<'a>(apply: &Apply<'a>) -> Apply<'a> {
    let Apply { cluster, key, body, manager, expect: _, take } = *apply;
    Apply { cluster, key, body, manager, expect: Expect::Any, take }
}

/// What a cluster is: AWS knows everything but what its API serves and what runs in it.
pub struct JoinedClusters {
    pub aws: Arc<dyn Clusters>,
    pub kubernetes: Arc<Kube>,
}

#[async_trait]
impl Clusters for JoinedClusters {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        self.aws.target(cluster).await
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        // The ARN alone is enough to reach the API server, so both are read at the same time.
        let arn = self.aws.target(cluster).await?;
        let arn = arn.parse().map_err(|_| invalid("facts", format!("{arn} is not the ARN of a cluster")))?;
        let (facts, crds) = try_join(self.aws.facts(cluster), self.kubernetes.crds(&arn)).await?;
        self.kubernetes.complete(Facts { crds, ..facts }).await
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        self.aws.only().await
    }

    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        self.aws.policy_exists(cluster, policy_arn).await
    }

    async fn role_quotas(&self, cluster: &ClusterArn) -> Result<RoleQuotas, PortError> {
        self.aws.role_quotas(cluster).await
    }

    async fn oidc_provider_exists(&self, cluster: &ClusterArn, issuer: &str) -> Result<bool, PortError> {
        self.aws.oidc_provider_exists(cluster, issuer).await
    }

    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        self.aws.identity_providers(cluster).await
    }
}
