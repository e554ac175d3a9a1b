//! One object as it lies in the file: its document, who owns which field of it, and columns for finding it.

use super::{
    bodies,
    error::SandboxError,
    managed::{self, Conflicts, Force},
    store::Store,
};
use crate::ownership::{self, Mark};
use goldenpath_core::domain::{ClusterArn, ObjectKey};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

pub(super) struct Row {
    /// `None`: not in the file yet.
    pub id: Option<i64>,
    /// The account of a role, the cluster of anything else.
    pub home: String,
    pub key: ObjectKey,
    /// What Kubernetes calls resourceVersion: new with every change, never used twice in a file.
    pub version: i64,
    /// A role's RoleId, an association's id, the RoleId behind an access entry, a Kubernetes uid.
    pub uid: String,
    pub external_id: Option<String>,
    pub created_at: String,
    /// Milliseconds since 1970; unseen by others before.
    pub visible_at: i64,
    /// `metadata.deletionTimestamp`
    pub deleted_at: Option<String>,
    /// Whose mark the document carries: the columns by which a listing finds it.
    pub mark: Mark,
    pub body: Value,
    /// As [`managed::encode`](super::managed::encode) writes them.
    pub managers: String,
}

pub(super) const COLUMNS: &str = "id, home, key, version, uid, external_id, created_at, visible_at, deleted_at, marked, environment, slot, body, managers";

/// Where an object lives: roles belong to the account, everything else to the cluster.
pub(super) fn home<'a>(cluster: &'a ClusterArn, key: &ObjectKey) -> &'a str {
    match key {
        ObjectKey::Role { .. } => cluster.account(),
        _ => cluster.as_str(),
    }
}

/// Role names are unique without regard to case.
fn fold(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Role { name } => ObjectKey::role(name.to_lowercase()).to_string(),
        _ => key.to_string(),
    }
}

pub(super) fn namespace_of(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Kube { namespace, .. } => namespace.as_deref(),
        _ => None,
    }
}

impl Row {
    pub fn new(store: &Store, cluster: &ClusterArn, key: &ObjectKey, body: Value) -> Result<Self, SandboxError> {
        Self::in_account(store, home(cluster, key), key, body)
    }

    pub fn in_account(store: &Store, home: &str, key: &ObjectKey, body: Value) -> Result<Self, SandboxError> {
        // IAM and EKS answer at once and tell others later.
        let is_late = matches!(key, ObjectKey::Role { .. } | ObjectKey::PodIdentityAssociation { .. });
        Ok(Self {
            uid: bodies::generated_id(key)?,
            created_at: bodies::now(),
            visible_at: store.visible_at(is_late),
            ..Self::of(key.clone(), home, body)
        })
    }

    /// A document at its place, with nothing generated.
    pub fn of(key: ObjectKey, home: &str, body: Value) -> Self {
        Self {
            id: None,
            mark: ownership::mark(&key, home, &body),
            home: home.to_owned(),
            key,
            version: 0,
            uid: String::new(),
            external_id: None,
            created_at: String::new(),
            visible_at: 0,
            deleted_at: None,
            body,
            managers: String::new(),
        }
    }

    pub fn load(store: &Store, home: &str, key: &ObjectKey) -> Result<Option<Self>, SandboxError> {
        let query = format!("SELECT {COLUMNS} FROM object WHERE home = ?1 AND fold = ?2");
        let mut statement = store.connection().prepare_cached(&query)?;
        Ok(statement.query_row(params![home, fold(key)], Self::read).optional()?)
    }

    pub fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let key: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            home: row.get(1)?,
            key: key.parse().map_err(|error: goldenpath_core::domain::KeyError| unreadable(2, error))?,
            version: row.get(3)?,
            uid: row.get(4)?,
            external_id: row.get(5)?,
            created_at: row.get(6)?,
            visible_at: row.get(7)?,
            deleted_at: row.get(8)?,
            mark: Mark { cluster: row.get(9)?, environment: row.get(10)?, slot: row.get(11)? },
            body: serde_json::from_str(row.get_ref(12)?.as_str()?).map_err(|error| unreadable(12, error))?,
            managers: row.get(13)?,
        })
    }

    /// Server-side apply.
    pub fn apply(&mut self, declared: &Value, manager: &str, force: Force<'_>) -> Result<(), Conflicts> {
        let mut managers = managed::decode(&self.managers);
        managed::apply(&mut self.body, &mut managers, declared, manager, force)?;
        self.managers = managed::encode(&managers);
        Ok(())
    }

    /// An update or a patch that makes this document of it.
    pub fn update(&mut self, new: Value, manager: &str) {
        let mut managers = managed::decode(&self.managers);
        managed::update(&mut self.body, &mut managers, new, manager);
        self.managers = managed::encode(&managers);
    }

    /// Writes the row under a new version.
    pub fn save(&mut self, store: &Store) -> Result<(), SandboxError> {
        self.version = store.next_revision()?;
        if let Some(hide) = store.hide.and(Some(store.visible_at(false))) {
            self.visible_at = hide;
        }
        self.mark = ownership::mark(&self.key, &self.home, &self.body);
        let Mark { cluster, environment, slot } = &self.mark;
        let body = serde_json::to_string(&self.body)?;
        match self.id {
            Some(id) => {
                store
                    .connection()
                    .prepare_cached(
                        "UPDATE object SET marked = ?2, environment = ?3, slot = ?4, version = ?5, uid = ?6, \
                         external_id = ?7, visible_at = ?8, deleted_at = ?9, body = ?10, managers = ?11 WHERE id = ?1",
                    )?
                    .execute(params![
                        id,
                        cluster,
                        environment,
                        slot,
                        self.version,
                        self.uid,
                        self.external_id,
                        self.visible_at,
                        self.deleted_at,
                        body,
                        self.managers
                    ])?;
            }
            None => {
                store
                    .connection()
                    .prepare_cached(
                        "INSERT INTO object (home, fold, key, kind, namespace, marked, environment, slot, version, uid, \
                         external_id, created_at, visible_at, deleted_at, body, managers) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                    )?
                    .execute(params![
                        self.home,
                        fold(&self.key),
                        self.key.to_string(),
                        self.key.kind(),
                        namespace_of(&self.key),
                        cluster,
                        environment,
                        slot,
                        self.version,
                        self.uid,
                        self.external_id,
                        self.created_at,
                        self.visible_at,
                        self.deleted_at,
                        body,
                        self.managers
                    ])?;
                self.id = Some(store.connection().last_insert_rowid());
            }
        }
        Ok(())
    }

    pub fn remove(self, store: &Store) -> Result<(), SandboxError> {
        if let Some(id) = self.id {
            store.connection().prepare_cached("DELETE FROM object WHERE id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    pub fn is_visible(&self, store: &Store) -> bool {
        self.visible_at == 0 || self.visible_at <= store.now_ms()
    }

    pub fn finalizers(&self) -> Vec<&str> {
        let list = self.body.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
