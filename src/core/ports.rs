//! The outside as traits. The contract stands in the comments here; one suite of tests holds every target to it.
//!
//! - A call never blocks for longer than its own timeout and never retries what the engine must see.
//! - Observing never writes. Applying is idempotent by key. Deleting what is gone is a success.
//! - Errors carry a [`Class`]; a `Denied` or `Unavailable` is never reported as absence.
//! - After an error of class `Unavailable` a change may or may not have been made: the engine observes again.

pub mod aws_errors;
pub mod calls;
mod error;
pub mod operation;
pub mod ownership;
pub mod progress;
pub mod trace;

pub use error::PortError;

use crate::domain::{
    Body, Class, ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed, Ownership, RoleQuotas,
};
use async_trait::async_trait;
use std::{collections::BTreeSet, fmt};

/// What to look for. Besides what carries our mark, a listing (`Everything`, `Environment`) holds three kinds in the namespaces
/// that carry it, whoever made them and mostly as `Ownership::Foreign`: RoleBindings, since they grant power,
/// PodDisruptionBudgets, since two of them on one pod stop its eviction, and the ServiceAccount `default`, of which we own one
/// field and no label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    pub scope: Scope,
    /// Besides the scope: these keys whoever owns them, so that foreign objects with our names, shared entries and objects
    /// without our labels are seen too.
    pub keys: Vec<ObjectKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All that carries our mark on this cluster.
    Everything,
    /// The one listing of a refresh: as above, but of access entries (with their policies) and associations only those that the keys
    /// name. EKS lists names and describes each by itself, and most of a cluster's are not ours.
    Refresh,
    /// Everything marked as this environment's, slots included.
    Environment(String),
    /// As above, of what is in the cluster: of AWS only what the keys name. For whoever knows all of its own that is there by its record.
    InCluster(String),
    /// The records of this cluster and nothing else: who else names a shared object.
    Records,
    /// The record of one environment and those of its slots.
    RecordsOf(String),
    /// Only what the keys name.
    Keys,
    /// As above, and with each entry of ours among them all its access policies, whatever namespaces they are for.
    Granted,
}

impl Selector {
    pub fn is_nothing(&self) -> bool {
        matches!(self.scope, Scope::Keys | Scope::Granted) && self.keys.is_empty()
    }
}

/// What must hold for a change to be made; otherwise a `Conflict`, and nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    Any,
    Absent,
    Version(String),
    /// For a deletion of what is known by a record and was not read: it belongs to this owner, whatever else has changed.
    Owned(Ownership),
}

pub struct Apply<'a> {
    pub cluster: &'a ClusterArn,
    pub key: &'a ObjectKey,
    pub body: &'a Body,
    /// The field manager.
    pub manager: &'a str,
    pub expect: Expect,
    /// JSON pointers of fields that may be taken from managers that *edited* them, and of those that adoption names.
    /// A conflict over any other field is an error that names the manager and the field.
    pub take: &'a [String],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    Gone,
    /// Deletion has begun (finalisers, namespace contents): observe until it is gone.
    Terminating,
}

#[async_trait]
pub trait Objects: Send + Sync {
    /// All objects that match, each once, sorted by key. `fields` are those under the roots that a kind's renderer may own.
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError>;
    /// As [`Objects::observe`], for plans that come often: of what the target reports by itself (a watch of the API server) the last
    /// moments may be missing.
    async fn observe_recent(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        self.observe(cluster, selector).await
    }
    /// Another number after each change of what lasts that the target has reported by itself.
    fn revision(&self, _cluster: &ClusterArn) -> u64 {
        0
    }
    /// Makes the object's declared fields so, and nothing else; fields that this manager declared before and no longer
    /// does are removed. Returns what is now there.
    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError>;
    /// Access policies of one principal, each as [`Objects::apply`] does it: together where the target takes them in one request. The
    /// results are in the order of the requests.
    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let mut results = vec![];
        for apply in applies {
            results.push(self.apply(apply).await);
        }
        results
    }
    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError>;
    /// The entry of this principal, if it is ours, grants nothing in these namespaces any more, whoever associated what it granted.
    async fn revoke(&self, _cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        Err(PortError::new(Class::Invalid, format!("revoke {revoked}"), "there are no access entries here"))
    }
}

/// What an access entry loses when namespaces go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revoked {
    pub principal: String,
    pub namespaces: BTreeSet<String>,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespaces = self.namespaces.iter().map(String::as_str).collect::<Vec<_>>();
        write!(f, "access policies of {} in {}", self.principal, namespaces.join(", "))
    }
}

#[async_trait]
pub trait Clusters: Send + Sync {
    /// Where objects live: a cluster's ARN, or the sandbox's UUID. State remembers it; another one is an error, never "gone".
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError>;
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError>;
    /// The one cluster of this target, if it has just one: what a short reference means.
    async fn only(&self) -> Result<Option<ClusterRef>, PortError>;
    /// Whether the cluster's account has a managed policy with this ARN; for permissions boundaries.
    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError>;
    /// What the cluster's account has of the quotas of roles that it may raise.
    async fn role_quotas(&self, _cluster: &ClusterArn) -> Result<RoleQuotas, PortError> {
        Ok(RoleQuotas::default())
    }
    /// Whether IAM knows this OIDC issuer, so that roles may trust its tokens.
    async fn oidc_provider_exists(&self, cluster: &ClusterArn, issuer: &str) -> Result<bool, PortError>;
    /// The cluster's OIDC providers of people.
    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError>;
}

/// What a pod that came now would get of its Pod Identity association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Credentials.
    Ready,
    /// None: what gives them to pods has not heard of the association yet.
    NotReady,
    /// It cannot be known here, now or ever: nothing gives credentials, or the look itself was refused.
    Inconclusive,
}

#[async_trait]
pub trait Probe: Send + Sync {
    /// One look, which leaves nothing behind. Several servers may respond, each with a memory of its own, so that a single
    /// `Ready` proves little. The account itself is there; whether it has an association is not read from AWS.
    async fn identity(
        &self,
        cluster: &ClusterArn,
        namespace: &str,
        service_account: &str,
    ) -> Result<Readiness, PortError>;
}

/// Time as the engine sees it; tests set it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// RFC 3339, UTC, seconds.
    fn now(&self) -> String;
    fn elapsed(&self) -> std::time::Duration;
    async fn sleep(&self, duration: std::time::Duration);
}
