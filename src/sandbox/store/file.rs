//! The file: its schema, its transactions, and the few facts that every call needs.
//!
//! WAL and `synchronous=NORMAL`: a killed process loses nothing, a power cut may lose the last calls of a rehearsal.

use crate::{error::SandboxError, options::SandboxOptions};
use rusqlite::Connection;
use std::{
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// The sandbox's time; tests have one of their own.
pub type TimeSource = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

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

/// A folder that is there keeps its mode.
fn make_private(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() { Ok(()) } else { std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder) }
}

pub struct Store {
    connection: Connection,
    time: TimeSource,
    visibility_delay: u64,
    calls_per_second: u32,
    /// How long what this call makes stays unseen, where a fault says so.
    pub hide: Option<u64>,
}

// === impl Store ===

impl Store {
    /// `new` fills a file that is new.
    pub fn open(
        path: &Path,
        options: &SandboxOptions,
        time: TimeSource,
        new: impl FnOnce(&mut Self) -> Result<(), SandboxError>,
    ) -> Result<Self, SandboxError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private(folder).map_err(|source| SandboxError::Folder { path: path.to_owned(), source })?;
        }
        // Records name people and what they may do. SQLite gives its own files beside it the same mode.
        let opened = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        opened.map_err(|source| SandboxError::Folder { path: path.to_owned(), source })?;
        let connection = connect(path).map_err(|source| SandboxError::Open { path: path.to_owned(), source })?;
        let mut store = Self {
            connection,
            time,
            visibility_delay: options.visibility_delay_ms,
            calls_per_second: options.calls_per_second,
            hide: None,
        };
        store.transaction(|store| match store.schema()? {
            SCHEMA => Ok(()),
            0 => {
                store.connection.execute_batch(TABLES)?;
                store.connection.execute("INSERT INTO schema (version) VALUES (?1)", [SCHEMA])?;
                new(store)
            }
            found => Err(SandboxError::Newer { path: path.to_owned(), found, known: SCHEMA }),
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
    fn roll_back(&self) {
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::debug!(%error, "the transaction of the sandbox was over already");
        }
    }

    /// What the sandbox is called: another file is another target.
    pub fn target(&self) -> Result<String, SandboxError> {
        Ok(self.connection.query_row("SELECT uuid FROM target", [], |row| row.get(0))?)
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

    pub fn now_ms(&self) -> i64 {
        (self.time)().as_millisecond()
    }

    /// RFC 3339, in seconds, as Kubernetes writes times.
    pub fn now(&self) -> String {
        let now = (self.time)();
        now.round(jiff::Unit::Second).unwrap_or(now).to_string()
    }

    /// When something made now may be seen: what others see late after the usual delay, anything after a fault's.
    pub fn visible_at(&self, is_late: bool) -> i64 {
        let usual = if is_late { self.visibility_delay } else { 0 };
        let delay = self.hide.unwrap_or(usual);
        if delay == 0 { 0 } else { self.now_ms().saturating_add(i64::try_from(delay).unwrap_or(i64::MAX)) }
    }
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
