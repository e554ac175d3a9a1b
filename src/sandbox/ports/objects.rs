//! `Objects`: what every kind has in common, and which room each belongs to.

use super::{listing, view};
use crate::{
    Sandbox,
    eks::{access_entries, access_policies, associations, clusters},
    error::{SandboxError, refusal},
    iam,
    kubernetes::server,
    store::{PendingCall, Row, Store, Verb, home},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Observed},
    ports::{Apply, Deleted, Expect, Objects, PortError, Revoked, Selector},
};

#[async_trait]
impl Objects for Sandbox {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        let (cluster, selector) = (cluster.clone(), selector.clone());
        let call = PendingCall::observe(&selector);
        self.call(call, move |store| listing::observe(store, &cluster, &selector)).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let order = OwnedApply::of(apply);
        let call = PendingCall::of_object(Verb::Apply, &order.key);
        self.call(call, move |store| {
            let row = self::apply(store, &order)?;
            view::observation(store, &order.cluster, row)
        })
        .await
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let (cluster, key, expect) = (cluster.clone(), key.clone(), expect.clone());
        let call = PendingCall::of_object(Verb::Delete, &key);
        self.call(call, move |store| delete(store, &cluster, &key, &expect)).await
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        let (cluster, revoked) = (cluster.clone(), revoked.clone());
        let call = PendingCall::revoke(&revoked);
        self.call(call, move |store| {
            clusters::get(store, &cluster)?;
            access_policies::revoke(store, &cluster, &revoked)
        })
        .await
    }
}

/// [`Apply`] with its own memory, on its way to the thread of the file.
pub struct OwnedApply {
    pub cluster: ClusterArn,
    pub key: ObjectKey,
    pub body: Body,
    pub manager: String,
    pub expect: Expect,
    pub take: Vec<String>,
}

impl OwnedApply {
    fn of(apply: Apply<'_>) -> Self {
        let Apply { cluster, key, body, manager, expect, take } = apply;
        Self {
            cluster: cluster.clone(),
            key: key.clone(),
            body: body.clone(),
            manager: manager.to_owned(),
            expect,
            take: take.to_vec(),
        }
    }
}

pub fn apply(store: &mut Store, apply: &OwnedApply) -> Result<Row, SandboxError> {
    let OwnedApply { cluster, key, body, manager, expect, take } = apply;
    let cluster = clusters::get(store, cluster)?;
    let found = Row::load(store, home(&cluster.arn, key), key)?;
    check(expect, found.as_ref(), key)?;
    match (key, body) {
        (ObjectKey::Role { name }, Body::Role(role)) => iam::apply_role(store, &cluster, name, role, found),
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
            access_policies::delete_elsewhere(store, &cluster.arn, principal)?;
            access_entries::apply(store, &cluster, principal, entry, found)
        }
        (ObjectKey::AccessPolicy { policy, principal, .. }, Body::AccessPolicy(_)) => {
            access_policies::apply(store, &cluster, key, (policy, principal), found)
        }
        (ObjectKey::PodIdentityAssociation { .. }, Body::PodIdentityAssociation(association)) => {
            associations::apply(store, &cluster, key, association, found)
        }
        (ObjectKey::Kube { .. }, Body::Kube(document)) => {
            server::apply(store, &cluster, key, (document, manager, take), found)
        }
        (key, _) => Err(refusal(Class::Invalid, &format!("apply {key}"), "the body is of another kind than the key")),
    }
}

/// What is gone is gone, whatever was expected of it.
fn delete(store: &mut Store, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, SandboxError> {
    if !matches!(key, ObjectKey::Role { .. }) {
        clusters::get(store, cluster)?;
    }
    let Some(found) = Row::load(store, home(cluster, key), key)? else {
        return Ok(Deleted::Gone);
    };
    match expect {
        Expect::Owned(owner) if view::ownership(cluster, &found) == *owner => {}
        _ => check(expect, Some(&found), key)?,
    }
    remove(store, cluster, found)
}

pub fn remove(store: &mut Store, cluster: &ClusterArn, row: Row) -> Result<Deleted, SandboxError> {
    match &row.key {
        ObjectKey::Kube { .. } => return server::delete(store, cluster, row),
        ObjectKey::Role { .. } => iam::check_deletable(&row)?,
        ObjectKey::AccessEntry { principal } => access_policies::delete_all(store, cluster, principal)?,
        ObjectKey::AccessPolicy { .. } | ObjectKey::PodIdentityAssociation { .. } => {}
    }
    row.remove(store)?;
    Ok(Deleted::Gone)
}

fn check(expect: &Expect, found: Option<&Row>, key: &ObjectKey) -> Result<(), SandboxError> {
    let message = match (expect, found) {
        (Expect::Any, _) | (Expect::Absent, None) => return Ok(()),
        (Expect::Absent, Some(_)) => format!("{key} already exists"),
        (Expect::Version(version), Some(row)) if *version == row.version.to_string() => return Ok(()),
        (Expect::Owned(_), _) => format!("{key} belongs to somebody else"),
        (Expect::Version(_), _) => format!(
            "Operation cannot be fulfilled on {key}: the object has been modified; please apply your changes to the \
             latest version and try again"
        ),
    };
    Err(refusal(Class::Conflict, &format!("write {key}"), message))
}
