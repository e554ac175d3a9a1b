//! The file: its schema, its transactions, and the few facts that every call needs.
//!
//! WAL and `synchronous=NORMAL`: a killed process loses nothing, a power cut may lose the last calls of a rehearsal.

use super::{
    error::{SandboxError, refused},
    options::{ClusterOptions, SandboxOptions},
    seed,
};
use goldenpath_core::domain::{Class, ClusterArn, ClusterRef};
use rusqlite::{Connection, OptionalExtension, params};
use std::{path::Path, time::Duration};

/// Raised when the tables change; a file of an older one is migrated here, one of a newer one is refused.
const SCHEMA: u32 = 1;

/// A writer waits this long for other processes: longer than any call's own work by far.
const BUSY: Duration = Duration::from_secs(30);

const TABLES: &str = "
CREATE TABLE schema (version INTEGER NOT NULL);
-- One row: the sandbox's own name and the counters that every process shares.
CREATE TABLE target (uuid TEXT NOT NULL, calls INTEGER NOT NULL, revision INTEGER NOT NULL);
CREATE TABLE cluster (arn TEXT PRIMARY KEY, name TEXT NOT NULL, options TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE account (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE permission_set (account TEXT, name TEXT, arn TEXT NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE policy (arn TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE user (arn TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE object (
    id INTEGER PRIMARY KEY,
    home TEXT NOT NULL,          -- the account of a role, the cluster of anything else
    fold TEXT NOT NULL,          -- the key, a role's without regard to case
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT,
    marked TEXT,                 -- the cluster whose mark it carries
    environment TEXT,
    slot TEXT,
    version INTEGER NOT NULL,
    uid TEXT NOT NULL,
    external_id TEXT,
    created_at TEXT NOT NULL,
    visible_at INTEGER NOT NULL,
    deleted_at TEXT,
    body TEXT NOT NULL,
    managers TEXT NOT NULL,
    UNIQUE (home, fold)
);
CREATE INDEX object_marked ON object (marked, environment) WHERE marked IS NOT NULL;
CREATE INDEX object_inside ON object (home, namespace, kind) WHERE namespace IS NOT NULL;
CREATE INDEX object_deleted ON object (home, kind) WHERE deleted_at IS NOT NULL;
CREATE TABLE fault (
    id INTEGER PRIMARY KEY, action TEXT NOT NULL, at_call INTEGER, verb TEXT, kind TEXT, key TEXT,
    skip INTEGER NOT NULL, times INTEGER, matched INTEGER NOT NULL DEFAULT 0, fired INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE call (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, verb TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    outcome TEXT NOT NULL, throttled INTEGER NOT NULL
);
";

pub(super) struct Store {
    connection: Connection,
    visibility_delay: u64,
    calls_per_second: u32,
    /// How long what this call makes stays unseen, where a fault says so.
    pub hide: Option<u64>,
}

// === impl Store ===

impl Store {
    pub fn open(path: &Path, options: &SandboxOptions) -> Result<Self, SandboxError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| SandboxError::Folder { path: path.to_owned(), source })?;
        }
        let connection = connect(path).map_err(|source| SandboxError::Open { path: path.to_owned(), source })?;
        let mut store = Self {
            connection,
            visibility_delay: options.visibility_delay_ms,
            calls_per_second: options.calls_per_second,
            hide: None,
        };
        store.transaction(|store| {
            match store.schema()? {
                SCHEMA => {}
                0 => {
                    store.connection.execute_batch(TABLES)?;
                    store.connection.execute("INSERT INTO schema (version) VALUES (?1)", [SCHEMA])?;
                    seed::new_target(store)?;
                }
                found => {
                    return Err(SandboxError::Newer { path: path.to_owned(), found, known: SCHEMA });
                }
            }
            seed::declare(store, options)
        })?;
        Ok(store)
    }

    /// 0: a new file.
    fn schema(&self) -> Result<u32, SandboxError> {
        let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema'";
        let exists: bool = self.connection.query_row(table, [], |row| row.get(0))?;
        if !exists {
            return Ok(0);
        }
        Ok(self.connection.query_row("SELECT version FROM schema", [], |row| row.get(0))?)
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn calls_per_second(&self) -> u32 {
        self.calls_per_second
    }

    pub fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let result = work(self).and_then(|value| {
            self.connection.execute_batch("COMMIT")?;
            Ok(value)
        });
        if result.is_err() {
            self.roll_back();
        }
        result
    }

    /// After an error: SQLite may have rolled back by itself already, which is not another error.
    pub fn roll_back(&self) {
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::debug!(%error, "the transaction of the sandbox was over already");
        }
    }

    // --- counters and time

    pub fn next_call(&self) -> Result<u32, SandboxError> {
        self.count("UPDATE target SET calls = calls + 1", "SELECT calls FROM target")
    }

    pub fn next_revision(&self) -> Result<i64, SandboxError> {
        self.count("UPDATE target SET revision = revision + 1", "SELECT revision FROM target")
    }

    /// Two statements, for RETURNING gathers its rows in a table of its own: a new page cache for each number.
    fn count<T: rusqlite::types::FromSql>(&self, up: &str, read: &str) -> Result<T, SandboxError> {
        self.connection.prepare_cached(up)?.execute([])?;
        Ok(self.connection.prepare_cached(read)?.query_row([], |row| row.get(0))?)
    }

    #[expect(clippy::unused_self, reason = "time belongs to the target")]
    pub fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    /// When something made now may be seen: what is told late after the usual delay, anything after a fault's.
    pub fn visible_at(&self, is_late: bool) -> i64 {
        let usual = if is_late { self.visibility_delay } else { 0 };
        let delay = self.hide.unwrap_or(usual);
        if delay == 0 { 0 } else { self.now_ms().saturating_add(i64::try_from(delay).unwrap_or(i64::MAX)) }
    }

    // --- what the target is

    pub fn target(&self) -> Result<String, SandboxError> {
        Ok(self.connection.query_row("SELECT uuid FROM target", [], |row| row.get(0))?)
    }

    /// EKS knows clusters of one account and region; here an ARN names any, a name the only one that has it.
    pub fn cluster(&self, cluster: &ClusterRef) -> Result<ClusterOptions, SandboxError> {
        let mut statement = self.connection.prepare_cached("SELECT arn, options FROM cluster WHERE name = ?1")?;
        let rows = statement.query_map([cluster.name()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut found: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
        if cluster.arn().is_some() {
            found.retain(|(arn, _)| arn == cluster.as_str());
        }
        match found.as_slice() {
            [(_, options)] => Ok(serde_json::from_str(options)?),
            [] => Err(no_cluster(cluster.as_str())),
            _ => Err(refused(
                Class::Invalid,
                "eks:DescribeCluster",
                format!("several clusters of this sandbox are named {}: write the ARN", cluster.name()),
            )),
        }
    }

    pub fn known(&self, cluster: &ClusterArn) -> Result<ClusterOptions, SandboxError> {
        let mut statement = self.connection.prepare_cached("SELECT options FROM cluster WHERE arn = ?1")?;
        let options: Option<String> = statement.query_row([cluster.as_str()], |row| row.get(0)).optional()?;
        Ok(serde_json::from_str(&options.ok_or_else(|| no_cluster(cluster.as_str()))?)?)
    }

    pub fn only_cluster(&self) -> Result<Option<ClusterRef>, SandboxError> {
        let mut statement = self.connection.prepare_cached("SELECT arn FROM cluster LIMIT 2")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let found: Vec<String> = rows.collect::<Result<_, _>>()?;
        Ok(match found.as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        })
    }

    pub fn has_account(&self, account: &str) -> Result<bool, SandboxError> {
        self.exists("SELECT 1 FROM account WHERE id = ?1", account)
    }

    pub fn has_user(&self, arn: &str) -> Result<bool, SandboxError> {
        self.exists("SELECT 1 FROM user WHERE arn = ?1", arn)
    }

    /// AWS's own policies exist in every account.
    pub fn has_policy(&self, arn: &str) -> Result<bool, SandboxError> {
        Ok(arn.contains(":iam::aws:policy/") || self.exists("SELECT 1 FROM policy WHERE arn = ?1", arn)?)
    }

    fn exists(&self, query: &str, value: &str) -> Result<bool, SandboxError> {
        Ok(self.connection.prepare_cached(query)?.exists(params![value])?)
    }
}

fn no_cluster(cluster: &str) -> SandboxError {
    let name = cluster.rsplit('/').next().unwrap_or(cluster);
    refused(
        Class::NotFound,
        "eks:DescribeCluster",
        format!("ResourceNotFoundException: No cluster found for name: {name}. (looked for {cluster} in this sandbox)"),
    )
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Several processes may make the file at once, and the change to WAL does not wait by itself.
    let mut tries = 0;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) && tries < 500 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Only a checkpoint waits for the disk: let one come for each 16 MB of changes, not for each four.
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(connection)
}
