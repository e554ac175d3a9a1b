//! The journal: every operation before it begins, with its request, and how it ended. One SQLite file of one daemon.
//!
//! `synchronous=FULL`: what was accepted survives a power cut as well as a kill. The lock on the file is kept for as long as the
//! daemon lives, so that two can't run the same operations.

use crate::{contract::Verb, error::JournalError, outcome::Ending, socket::make_private};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use std::{
    fs,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Mutex;

/// Raised when the table changes; a file of an older one is migrated here, one of a newer one is refused.
const SCHEMA: u32 = 1;

/// The lock of a daemon that was killed is gone with it; one that is just ending needs a moment.
const BUSY: Duration = Duration::from_secs(2);

const TABLE: &str = "
CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    verb TEXT NOT NULL,
    about TEXT NOT NULL,
    digest TEXT NOT NULL,        -- of verb, bounds and request: equal ones are the same wish
    allow TEXT NOT NULL,         -- the client's bounds, which hold when it is run again
    request BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    outcome BLOB
) WITHOUT ROWID;
CREATE INDEX operation_ended ON operation (ended_at);
";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub verb: Verb,
    pub about: String,
    pub digest: String,
    pub allow: String,
    pub request: Vec<u8>,
    pub cancelled: bool,
    /// `None`: it has not ended.
    pub outcome: Option<Vec<u8>>,
}

/// What is shown of an operation.
pub struct Kept {
    pub id: String,
    pub verb: String,
    pub about: String,
    /// Milliseconds since 1970.
    pub accepted_at: i64,
    pub ended_at: Option<i64>,
    pub ending: Option<Ending>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    connection: Arc<Mutex<Connection>>,
    path: Arc<Path>,
    inode: u64,
    retention: Duration,
}

// === impl Journal ===

impl Journal {
    pub fn open(path: &Path, retention: Duration) -> Result<Self, JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        make_private(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        // Requests name people and what they may do. SQLite gives its own files beside it the same mode.
        let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
        let inode = file.metadata().map_err(failed)?.ino();
        let connection = open(path)?;
        let journal = Self { connection: Arc::new(Mutex::new(connection)), path: path.into(), inode, retention };
        Ok(journal)
    }

    /// What has not ended, in the order in which it was accepted.
    pub async fn unfinished(&self) -> Result<Vec<Entry>, JournalError> {
        self.run(|connection| {
            let mut found =
                connection.prepare("SELECT * FROM operation WHERE ended_at IS NULL ORDER BY accepted_at, id")?;
            let entries = found.query_map([], entry)?.collect::<Result<_, _>>()?;
            Ok(entries)
        })
        .await
    }

    /// The latest first.
    pub async fn recent(&self, most: u32) -> Result<Vec<Kept>, JournalError> {
        self.run(move |connection| {
            let columns = "id, verb, about, accepted_at, ended_at, outcome";
            let latest = format!("SELECT {columns} FROM operation ORDER BY accepted_at DESC, id LIMIT ?1");
            let mut found = connection.prepare(&latest)?;
            let kept = found.query_map([most], |row| {
                // The documents of outcomes are large: one at a time.
                let outcome: Option<Vec<u8>> = row.get("outcome")?;
                Ok(Kept {
                    id: row.get("id")?,
                    verb: row.get("verb")?,
                    about: row.get("about")?,
                    accepted_at: row.get("accepted_at")?,
                    ended_at: row.get("ended_at")?,
                    ending: outcome.as_deref().map(Ending::read),
                })
            })?;
            Ok(kept.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub async fn find(&self, id: &str) -> Result<Option<Entry>, JournalError> {
        let id = id.to_owned();
        self.run(move |connection| {
            let found = connection.query_row("SELECT * FROM operation WHERE id = ?1", [id], entry);
            Ok(found.optional()?)
        })
        .await
    }

    /// Before anything of it is done. An error means that nothing may be done.
    pub async fn begin(&self, entry: &Entry) -> Result<(), JournalError> {
        // SQLite would go on with a file that was deleted under it, and all of it would be lost with the process.
        if !fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            return Err(JournalError::Gone { path: self.path.to_path_buf() });
        }
        let Entry { id, verb, about, digest, allow, request, .. } = entry.clone();
        self.run(move |connection| {
            connection.execute(
                "INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![id, verb.as_str(), about, digest, allow, request, now_ms()],
            )?;
            Ok(())
        })
        .await
    }

    /// The client has no more need of it: run again, it would begin nothing.
    pub async fn cancel(&self, id: &str) -> Result<(), JournalError> {
        let id = id.to_owned();
        self.run(move |connection| {
            connection.execute("UPDATE operation SET cancelled = 1 WHERE id = ?1", [id])?;
            Ok(())
        })
        .await
    }

    pub async fn end(&self, id: &str, outcome: &[u8]) -> Result<(), JournalError> {
        let (id, outcome) = (id.to_owned(), outcome.to_owned());
        let oldest = now_ms() - i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        self.run(move |connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE operation SET ended_at = ?2, outcome = ?3 WHERE id = ?1",
                params![id, now_ms(), outcome],
            )?;
            transaction.execute("DELETE FROM operation WHERE ended_at < ?1", [oldest])?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// On a thread that may wait for the disk, one piece of work at a time. It is done even when nobody waits any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let mut connection = self.connection.clone().lock_owned().await;
        tokio::task::spawn_blocking(move || work(&mut connection)).await.map_err(|_| JournalError::Ended)?
    }
}

fn open(path: &Path) -> Result<Connection, JournalError> {
    let owned = || PathBuf::from(path);
    let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::InUse { path: owned() },
        _ => JournalError::Open { path: owned(), source },
    };
    let connection = Connection::open(path).map_err(failed)?;
    let prepare = || -> rusqlite::Result<u32> {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found == 0 {
            connection.execute_batch(TABLE)?;
            connection.pragma_update(None, "user_version", SCHEMA)?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(found.max(SCHEMA))
    };
    let found = prepare().map_err(failed)?;
    if found > SCHEMA {
        return Err(JournalError::Newer { path: owned(), found, known: SCHEMA });
    }
    Ok(connection)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let verb: String = row.get("verb")?;
    Ok(Entry {
        id: row.get("id")?,
        verb: Verb::parse(&verb).ok_or(rusqlite::Error::InvalidQuery)?,
        about: row.get("about")?,
        digest: row.get("digest")?,
        allow: row.get("allow")?,
        request: row.get("request")?,
        cancelled: row.get("cancelled")?,
        outcome: row.get("outcome")?,
    })
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn entry(id: &str) -> Entry {
        Entry {
            id: id.into(),
            verb: Verb::Ensure,
            about: "demo/pay".into(),
            digest: "d".into(),
            allow: "[]".into(),
            request: b"{}".to_vec(),
            cancelled: false,
            outcome: None,
        }
    }

    #[tokio::test]
    async fn what_was_accepted_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inside").join("journal.db");
        let journal = Journal::open(&path, DAY).unwrap();
        for id in ["one", "two", "three"] {
            journal.begin(&entry(id)).await.unwrap();
        }
        assert!(journal.begin(&entry("one")).await.is_err(), "an operation begins once");
        journal.end("two", b"done").await.unwrap();
        journal.cancel("three").await.unwrap();
        assert!(matches!(Journal::open(&path, DAY), Err(JournalError::InUse { .. })), "one daemon has it");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        drop(journal);

        let journal = Journal::open(&path, Duration::ZERO).unwrap();
        let mut left = journal.unfinished().await.unwrap();
        left.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(left, [entry("one"), Entry { cancelled: true, ..entry("three") }]);
        assert_eq!(journal.find("two").await.unwrap().unwrap().outcome.as_deref(), Some(&b"done"[..]));
        std::thread::sleep(Duration::from_millis(5));
        journal.end("one", b"done").await.unwrap();
        assert_eq!(journal.find("two").await.unwrap(), None, "what has ended is kept for so long and no longer");
        assert!(journal.find("three").await.unwrap().is_some(), "what has not ended is kept");
    }

    #[tokio::test]
    async fn a_store_that_is_gone_or_full_is_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let journal = Journal::open(&path, DAY).unwrap();
        let full = |connection: &mut Connection| {
            let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        };
        journal.run(full).await.unwrap();
        let large = Entry { request: vec![b'x'; 1 << 20], ..entry("large") };
        assert!(matches!(journal.begin(&large).await, Err(JournalError::Storage(_))), "the disk is full");
        assert_eq!(journal.unfinished().await.unwrap(), [], "nothing of it was kept");
        fs::remove_file(&path).unwrap();
        assert!(matches!(journal.begin(&entry("one")).await, Err(JournalError::Gone { .. })));
    }

    #[test]
    fn a_newer_journal_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", SCHEMA + 1).unwrap();
        assert!(matches!(Journal::open(&path, DAY), Err(JournalError::Newer { .. })));
    }
}
