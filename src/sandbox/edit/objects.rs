//! Whole objects: listed, shown, made, removed, and held by finalizers.

use super::cluster::{CALL, load};
use crate::{
    Sandbox,
    error::{SandboxError, refusal},
    kubernetes::{managed, server},
    ports::{self, OwnedApply},
    store::Row,
};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Ownership, pointer},
    ports::{Deleted, Expect},
};
use serde_json::{Value, json};

/// One line of `sandbox list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    pub key: ObjectKey,
    pub ownership: Ownership,
    pub deleting: bool,
}

impl Sandbox {
    /// Everything in the cluster and its account, by key.
    pub async fn list(&self) -> Result<Vec<ListedObject>, SandboxError> {
        self.in_cluster(|store, cluster| {
            let mut listed = vec![];
            Row::each(store, "home IN (?1, ?2)", &[&cluster.as_str(), &cluster.account()], |row| {
                let ownership = ports::ownership(cluster, &row);
                listed.push(ListedObject { ownership, deleting: row.deleted_at.is_some(), key: row.key });
                Ok(())
            })?;
            listed.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            Ok(listed)
        })
        .await
    }

    /// The whole document, with what the server keeps of it: who manages which fields, ids, versions.
    pub async fn show(&self, key: &ObjectKey) -> Result<Value, SandboxError> {
        let key = key.clone();
        self.in_cluster(move |store, cluster| Ok(document(cluster, load(store, cluster, &key)?))).await
    }

    /// Makes a whole object as another manager, by apply.
    pub async fn create(&self, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), SandboxError> {
        let (key, body, manager) = (key.clone(), body.clone(), manager.to_owned());
        self.in_cluster(move |store, cluster| {
            let (cluster, expect, take) = (cluster.clone(), Expect::Absent, vec![]);
            ports::apply(store, &OwnedApply { cluster, key, body, manager, expect, take }).map(drop)
        })
        .await
    }

    /// Deletes as anyone with the right would: a namespace terminates, finalizers hold.
    pub async fn remove(&self, key: &ObjectKey) -> Result<Deleted, SandboxError> {
        let key = key.clone();
        self.in_cluster(move |store, cluster| {
            let row = load(store, cluster, &key)?;
            ports::remove(store, cluster, row)
        })
        .await
    }

    pub async fn add_finalizer(&self, key: &ObjectKey, finalizer: &str) -> Result<(), SandboxError> {
        let (key, finalizer) = (key.clone(), finalizer.to_owned());
        self.in_cluster(move |store, cluster| {
            let mut row = in_kubernetes(load(store, cluster, &key)?)?;
            if !row.finalizers().contains(&finalizer.as_str()) {
                let all: Vec<&str> = row.finalizers().into_iter().chain([finalizer.as_str()]).collect();
                row.body["metadata"]["finalizers"] = json!(all);
                row.save(store)?;
            }
            Ok(())
        })
        .await
    }

    /// Without its last finalizer, an object that is being deleted is gone.
    pub async fn remove_finalizer(&self, key: &ObjectKey, finalizer: &str) -> Result<(), SandboxError> {
        let (key, finalizer) = (key.clone(), finalizer.to_owned());
        self.in_cluster(move |store, cluster| {
            let mut row = in_kubernetes(load(store, cluster, &key)?)?;
            let left: Vec<&str> = row.finalizers().into_iter().filter(|other| *other != finalizer).collect();
            let is_free = left.is_empty();
            row.body["metadata"]["finalizers"] = json!(left);
            if is_free {
                pointer::remove(&mut row.body, "/metadata/finalizers");
            }
            if is_free && row.deleted_at.is_some() && row.key.kind() != "Namespace" {
                return server::remove(store, cluster, row);
            }
            row.save(store)
        })
        .await
    }
}

fn in_kubernetes(row: Row) -> Result<Row, SandboxError> {
    if row.key.is_aws() {
        return Err(refusal(Class::Invalid, CALL, format!("{} is in AWS, where nothing has finalizers", row.key)));
    }
    Ok(row)
}
fn document(cluster: &ClusterArn, row: Row) -> Value {
    let Row { key, version, uid, external_id, created_at, deleted_at, mut body, managers, .. } = row;
    match &key {
        ObjectKey::Kube { .. } => {
            let metadata = &mut body["metadata"];
            metadata["uid"] = uid.into();
            metadata["resourceVersion"] = version.to_string().into();
            metadata["creationTimestamp"] = created_at.into();
            if let Some(deleted_at) = deleted_at {
                metadata["deletionTimestamp"] = deleted_at.into();
            }
            metadata["managedFields"] = json!(managed::decode(&managers));
        }
        ObjectKey::Role { name } => {
            let path = body["path"].as_str().unwrap_or("/");
            body["arn"] = format!("arn:{}:iam::{}:role{path}{name}", cluster.partition(), cluster.account()).into();
            body["role_id"] = uid.into();
        }
        ObjectKey::PodIdentityAssociation { .. } => {
            body["association_id"] = uid.into();
            body["external_id"] = external_id.into();
        }
        ObjectKey::AccessEntry { .. } => body["principal_id"] = uid.into(),
        ObjectKey::AccessPolicy { .. } => {}
    }
    body
}
