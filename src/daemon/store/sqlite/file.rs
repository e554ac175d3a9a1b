//! The file of the journal: private, held by one daemon, with its tables as this release has them.

use crate::{error::JournalError, socket::make_private};
use rusqlite::{Connection, ErrorCode};
use std::{
    fs,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// Raised when the tables change; a file of an older schema is migrated here. A migration only adds, and what it adds has a default: so a
/// daemon works with a schema that is one ahead of it, which is what an upgrade that was taken back leaves.
pub const SCHEMA: u32 = 7;

/// The lock of a daemon that was killed is gone with it; one that is just ending needs a moment.
const BUSY: Duration = Duration::from_secs(2);

pub const TABLE: &str = "
CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    verb TEXT NOT NULL,
    about TEXT NOT NULL,
    digest TEXT NOT NULL,
    allow TEXT NOT NULL,
    request BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    outcome BLOB
) WITHOUT ROWID;
CREATE INDEX operation_ended ON operation (ended_at);
";

/// Who asked: before there were others, it was always the daemon's own user.
const CALLER: &str = "
ALTER TABLE operation ADD COLUMN identity TEXT NOT NULL DEFAULT '\"own\"';
ALTER TABLE operation ADD COLUMN caller TEXT NOT NULL DEFAULT 'the daemon''s own user';
";

const PAUSE: &str = "CREATE TABLE pause (id TEXT PRIMARY KEY) WITHOUT ROWID;";

const ABOUT: &str = "CREATE INDEX operation_about ON operation (about, accepted_at DESC, id);";

/// Of one row: what is written to see whether anything can be.
const PROBE: &str = "CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL);";

/// Whoever knew of no forms wrote the first one.
const FORM: &str = "
ALTER TABLE operation ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
ALTER TABLE operation ADD COLUMN outcome_form INTEGER NOT NULL DEFAULT 1;
";

/// Under which other operation a client's own id of it is known. It may be asked for by that id after its end, and after a restart.
const JOINED: &str = "CREATE TABLE joined (client TEXT PRIMARY KEY, operation TEXT NOT NULL) WITHOUT ROWID;";

pub struct JournalFile {
    path: PathBuf,
    inode: u64,
}

// === impl JournalFile ===

impl JournalFile {
    pub fn open(path: &Path) -> Result<(Self, Connection), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        make_private(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        // Requests name people and what they may do. SQLite gives its own files beside it the same mode.
        let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
        let inode = file.metadata().map_err(failed)?.ino();
        let connection = open(path)?;
        Ok((Self { path: path.to_owned(), inode }, connection))
    }

    /// SQLite would go on with a file that was deleted under it, and all of it would be lost with the process.
    pub fn is_there(&self) -> Result<(), JournalError> {
        match fs::metadata(&self.path) {
            Ok(found) if found.ino() == self.inode => Ok(()),
            _ => Err(JournalError::Gone { path: self.path.clone() }),
        }
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
        }
        if found < 2 {
            connection.execute_batch(CALLER)?;
        }
        if found < 3 {
            connection.execute_batch(PAUSE)?;
        }
        if found < 4 {
            connection.execute_batch(ABOUT)?;
        }
        if found < 5 {
            connection.execute_batch(PROBE)?;
        }
        if found < 6 {
            connection.execute_batch(FORM)?;
        }
        if found < 7 {
            connection.execute_batch(JOINED)?;
        }
        if found < SCHEMA {
            connection.pragma_update(None, "user_version", SCHEMA)?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(found.max(SCHEMA))
    };
    let found = prepare().map_err(failed)?;
    if found > SCHEMA + 1 {
        return Err(JournalError::Newer { path: owned(), found, known: SCHEMA });
    }
    Ok(connection)
}
