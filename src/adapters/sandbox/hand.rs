//! What is done by hand, behind everybody's back: the command line's `sandbox` commands and the tests' foreign hand.
//!
//! No fault meets it and no log names it. The cluster is the one of [`Sandbox::at`], else the only one, else `demo`.

use super::{
    Sandbox, bodies,
    call::{self, Call},
    error::{SandboxError, refused},
    fault::{self, Fault, FaultRow},
    kubernetes,
    managed::{self, Force, Manager, Operation},
    ownership, pointer,
    row::{self, COLUMNS, Row},
    store::Store,
};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ClusterRef, ObjectKey, Ownership},
    ports::Deleted,
};
use serde_json::{Value, json};

const CALL: &str = "by hand";

/// One line of `sandbox list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: ObjectKey,
    pub ownership: Ownership,
    pub deleting: bool,
}

// === impl Sandbox ===

impl Sandbox {
    /// Everything in the cluster and its account, by key.
    pub async fn list(&self) -> Result<Vec<Listed>, SandboxError> {
        self.hand(|store, cluster| {
            let query = format!("SELECT {COLUMNS} FROM object WHERE home IN (?1, ?2)");
            let mut statement = store.connection().prepare_cached(&query)?;
            let mut rows = statement.query([cluster.as_str(), cluster.account()])?;
            let mut listed = vec![];
            while let Some(row) = rows.next()? {
                let row = Row::read(row)?;
                let ownership = ownership::ownership(cluster.as_str(), &row);
                listed.push(Listed { ownership, deleting: row.deleted_at.is_some(), key: row.key });
            }
            listed.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            Ok(listed)
        })
        .await
    }

    /// The whole document, with what the server keeps of it: who manages which fields, ids, versions.
    pub async fn show(&self, key: &ObjectKey) -> Result<Value, SandboxError> {
        let key = key.clone();
        self.hand(move |store, cluster| Ok(document(cluster, load(store, cluster, &key)?))).await
    }

    /// Makes a whole object as another manager, by apply.
    pub async fn create(&self, key: &ObjectKey, body: &Body, manager: &str) -> Result<(), SandboxError> {
        let (key, body, manager) = (key.clone(), body.clone(), manager.to_owned());
        self.hand(move |store, cluster| create(store, cluster, &key, &body, &manager)).await
    }

    /// Sets the value at a JSON pointer, or takes it away with `None`. As an applier the manager declares the field (a
    /// taking away is always an update).
    pub async fn edit(
        &self,
        key: &ObjectKey,
        pointer: &str,
        value: Option<Value>,
        manager: &str,
        as_applier: bool,
    ) -> Result<(), SandboxError> {
        let (key, pointer, manager) = (key.clone(), pointer.to_owned(), manager.to_owned());
        self.hand(move |store, cluster| {
            let row = load(store, cluster, &key)?;
            edit(store, cluster, row, &pointer, value, &manager, as_applier)
        })
        .await
    }

    /// Deletes as anyone with the right would: a namespace terminates, finalisers hold.
    pub async fn remove(&self, key: &ObjectKey) -> Result<Deleted, SandboxError> {
        let key = key.clone();
        self.hand(move |store, cluster| {
            let row = load(store, cluster, &key)?;
            bodies::remove(store, cluster, row)
        })
        .await
    }

    pub async fn add_finalizer(&self, key: &ObjectKey, finalizer: &str) -> Result<(), SandboxError> {
        let (key, finalizer) = (key.clone(), finalizer.to_owned());
        self.hand(move |store, cluster| {
            let mut row = kubernetes(load(store, cluster, &key)?)?;
            if !row.finalizers().contains(&finalizer.as_str()) {
                let all: Vec<&str> = row.finalizers().into_iter().chain([finalizer.as_str()]).collect();
                row.body["metadata"]["finalizers"] = json!(all);
                row.save(store)?;
            }
            Ok(())
        })
        .await
    }

    /// The last finaliser of an object that is being deleted lets it go.
    pub async fn remove_finalizer(&self, key: &ObjectKey, finalizer: &str) -> Result<(), SandboxError> {
        let (key, finalizer) = (key.clone(), finalizer.to_owned());
        self.hand(move |store, cluster| {
            let mut row = kubernetes(load(store, cluster, &key)?)?;
            let left: Vec<&str> = row.finalizers().into_iter().filter(|other| *other != finalizer).collect();
            let is_free = left.is_empty();
            row.body["metadata"]["finalizers"] = json!(left);
            if is_free {
                pointer::remove(&mut row.body, "/metadata/finalizers");
            }
            if is_free && row.deleted_at.is_some() && row.key.kind() != "Namespace" {
                return kubernetes::remove(store, cluster, row);
            }
            row.save(store)
        })
        .await
    }

    pub async fn add_fault(&self, fault: Fault) -> Result<i64, SandboxError> {
        self.worker.by_hand(move |store| fault::add(store, &fault)).await
    }

    pub async fn faults(&self) -> Result<Vec<FaultRow>, SandboxError> {
        self.worker.by_hand(|store| fault::list(store)).await
    }

    pub async fn clear_faults(&self) -> Result<(), SandboxError> {
        self.worker.by_hand(fault::clear).await
    }

    /// The log of calls, oldest first; the last 65,536 are kept.
    pub async fn calls(&self) -> Result<Vec<Call>, SandboxError> {
        self.worker.by_hand(|store| call::all(store)).await
    }

    async fn hand<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store, &ClusterArn) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let cluster = self.cluster.clone();
        self.worker
            .by_hand(move |store| {
                let cluster = meant(store, cluster)?;
                work(store, &cluster)
            })
            .await
    }
}

fn meant(store: &Store, cluster: Option<ClusterRef>) -> Result<ClusterArn, SandboxError> {
    let cluster = match cluster.or(store.only_cluster()?) {
        Some(cluster) => cluster,
        None => "demo".parse().map_err(|_| SandboxError::Ended)?,
    };
    Ok(store.cluster(&cluster)?.arn)
}

fn load(store: &Store, cluster: &ClusterArn, key: &ObjectKey) -> Result<Row, SandboxError> {
    Row::load(store, row::home(cluster, key), key)?
        .ok_or_else(|| refused(Class::NotFound, CALL, format!("the sandbox has no {key}")))
}

fn kubernetes(row: Row) -> Result<Row, SandboxError> {
    if row.key.is_aws() {
        return Err(refused(Class::Invalid, CALL, format!("{} is in AWS, where nothing has finalizers", row.key)));
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

fn create(
    store: &mut Store,
    cluster: &ClusterArn,
    key: &ObjectKey,
    body: &Body,
    manager: &str,
) -> Result<(), SandboxError> {
    let order = bodies::Order {
        cluster: cluster.clone(),
        key: key.clone(),
        body: body.clone(),
        manager: manager.to_owned(),
        expect: goldenpath_core::ports::Expect::Absent,
        take: vec![],
    };
    bodies::apply(store, &order).map(|_| ())
}

fn edit(
    store: &mut Store,
    cluster: &ClusterArn,
    mut row: Row,
    pointer: &str,
    value: Option<Value>,
    manager: &str,
    as_applier: bool,
) -> Result<(), SandboxError> {
    let before = (row.body.clone(), row.managers.clone());
    let invalid = |message: String| refused(Class::Invalid, CALL, message);
    let Some(value) = value else {
        let mut new = row.body.clone();
        if !pointer::remove(&mut new, pointer) {
            return Err(refused(Class::NotFound, CALL, format!("{} has no {pointer}", row.key)));
        }
        row.update(new, manager);
        return save_edited(store, cluster, row, before);
    };
    if as_applier {
        // What it declared before it declares still: an apply without it would take it away.
        let mut declared = declared_by(&row, manager);
        if !pointer::set(&mut declared, pointer, value) {
            return Err(invalid(format!("{pointer} does not lead to a field of {}", row.key)));
        }
        row.apply(&declared, manager, Force::All).map_err(|held| kubernetes::conflict(CALL, held))?;
    } else {
        let mut new = row.body.clone();
        if !pointer::set(&mut new, pointer, value) {
            return Err(invalid(format!("{pointer} does not lead to a field of {}", row.key)));
        }
        row.update(new, manager);
    }
    save_edited(store, cluster, row, before)
}

fn declared_by(row: &Row, manager: &str) -> Value {
    let mut declared = json!({});
    let is_own = |other: &Manager| other.manager == manager && other.operation == Operation::Apply;
    let own = managed::decode(&row.managers).into_iter().filter(is_own);
    for field in own.flat_map(|own| own.fields) {
        if let Some(value) = row.body.pointer(&field) {
            pointer::set(&mut declared, &field, value.clone());
        }
    }
    declared
}

fn save_edited(
    store: &mut Store,
    cluster: &ClusterArn,
    mut row: Row,
    before: (Value, String),
) -> Result<(), SandboxError> {
    let wrong = |error: String| refused(Class::Invalid, CALL, error);
    if row.key.is_aws() {
        bodies::typed(&row.key, row.body.clone())
            .map_err(|error| wrong(format!("not a {}: {error}", row.key.kind())))?;
        return row.save(store);
    }
    kubernetes::admit(store, &store.known(cluster)?, &row.key, &row.body, true, CALL)?;
    kubernetes::finish(store, cluster, row, before, CALL).map(|_| ())
}
