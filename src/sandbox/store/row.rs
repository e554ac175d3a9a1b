//! One object as it lies in the file: its document, who owns which field of it, and columns for finding it.

use super::{file::Store, generated};
use crate::error::SandboxError;
use goldenpath_core::{
    domain::{ClusterArn, KeyError, ObjectKey},
    kinds,
    ports::ownership::{self, Mark},
};
use rusqlite::{OptionalExtension, ToSql, named_params, params, types::Type};
use serde_json::Value;

pub struct Row {
    /// `None`: not in the file yet.
    pub id: Option<i64>,
    /// See [`home`].
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
    /// Who manages which fields, as `kubernetes::managed` writes it.
    pub managers: String,
}

const COLUMNS: &str = "id, home, key, version, uid, external_id, created_at, visible_at, deleted_at, marked, environment, slot, body, managers";

/// Where an object lives: what is IAM's belongs to the account, everything else to the cluster.
pub fn home<'a>(cluster: &'a ClusterArn, key: &ObjectKey) -> &'a str {
    if key.is_iam() { cluster.account() } else { cluster.as_str() }
}

/// Names of IAM are unique without regard to case.
fn fold(key: &ObjectKey) -> String {
    let text = key.to_string();
    match text.rsplit_once('/') {
        Some((kind, name)) if key.is_iam() => format!("{kind}/{}", name.to_lowercase()),
        _ => text,
    }
}

pub fn namespace_of(key: &ObjectKey) -> Option<&str> {
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
        let is_late = kinds::of(key).is_some_and(|kind| kind.is_seen_late);
        Ok(Self {
            uid: generated::id(key)?,
            created_at: store.now(),
            visible_at: store.visible_at(is_late),
            id: None,
            mark: ownership::mark(key, home, &body),
            home: home.to_owned(),
            key: key.clone(),
            version: 0,
            external_id: None,
            deleted_at: None,
            body,
            managers: String::new(),
        })
    }

    pub fn load(store: &Store, home: &str, key: &ObjectKey) -> Result<Option<Self>, SandboxError> {
        let query = format!("SELECT {COLUMNS} FROM object WHERE home = ?1 AND fold = ?2");
        let mut statement = store.connection().prepare_cached(&query)?;
        Ok(statement.query_row(params![home, fold(key)], Self::read).optional()?)
    }

    /// Rows are streamed: each is dropped before the next is read, unless `with` keeps it.
    pub fn each(
        store: &Store,
        condition: &str,
        values: &[&dyn ToSql],
        mut with: impl FnMut(Self) -> Result<(), SandboxError>,
    ) -> Result<(), SandboxError> {
        let query = format!("SELECT {COLUMNS} FROM object WHERE {condition}");
        let mut statement = store.connection().prepare_cached(&query)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            with(Self::read(row)?)?;
        }
        Ok(())
    }

    pub fn all(store: &Store, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<Self>, SandboxError> {
        let mut found = vec![];
        Self::each(store, condition, values, |row| {
            found.push(row);
            Ok(())
        })?;
        Ok(found)
    }

    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let key: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            home: row.get(1)?,
            key: key.parse().map_err(|error: KeyError| unreadable(2, error))?,
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

    /// What others have with the same name: not the request that `desired` comes from. Nothing is ever adopted by name alone.
    pub fn is_another(&self, desired: &Value) -> bool {
        self.mark != ownership::mark(&self.key, &self.home, desired)
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
        let namespace = namespace_of(&self.key);
        store
            .connection()
            .prepare_cached(
                "INSERT INTO object (home, fold, key, kind, namespace, marked, environment, slot, version, uid, \
                 external_id, created_at, visible_at, deleted_at, body, managers) \
                 VALUES (:home, :fold, :key, :kind, :namespace, :marked, :environment, :slot, :version, :uid, \
                 :external_id, :created_at, :visible_at, :deleted_at, :body, :managers) \
                 ON CONFLICT (home, fold) DO UPDATE SET marked = :marked, environment = :environment, slot = :slot, \
                 version = :version, uid = :uid, external_id = :external_id, visible_at = :visible_at, \
                 deleted_at = :deleted_at, body = :body, managers = :managers",
            )?
            .execute(named_params! {
                ":home": self.home, ":fold": fold(&self.key), ":key": self.key.to_string(),
                ":kind": self.key.kind(), ":namespace": namespace, ":marked": cluster, ":environment": environment,
                ":slot": slot, ":version": self.version, ":uid": self.uid, ":external_id": self.external_id,
                ":created_at": self.created_at, ":visible_at": self.visible_at, ":deleted_at": self.deleted_at,
                ":body": body, ":managers": self.managers,
            })?;
        self.id.get_or_insert_with(|| store.connection().last_insert_rowid());
        Ok(())
    }

    /// Writes the row under a new version if this is another body.
    pub fn save_body(&mut self, store: &Store, body: Value) -> Result<(), SandboxError> {
        if self.id.is_some() && self.body == body {
            return Ok(());
        }
        self.body = body;
        self.save(store)
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

    pub fn generated_id(&self) -> Option<String> {
        (!self.uid.is_empty()).then(|| self.uid.clone())
    }

    pub fn finalizers(&self) -> Vec<&str> {
        let list = self.body.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
