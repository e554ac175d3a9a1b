//! Why a daemon can't start, or ends; what keeps its journal and its ledger from being written, and what is wrong with a ledger.

use crate::forms::FormError;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("can't use the folder {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "the folder {} can be changed by others than its owner, or belongs to another user: whoever may change it could put \
         another socket in the daemon's place; use a folder of this user with mode 0755 or stricter", path.display()
    )]
    OpenFolder { path: PathBuf },
    #[error("the path {} of the socket is longer than the {longest} bytes that a unix socket may have: use a shorter one", path.display())]
    LongPath { path: PathBuf, longest: usize },
    #[error("a daemon listens on {} already: stop it first, or set another `listen`", path.display())]
    Live { path: PathBuf },
    #[error("{} exists and is not a socket: remove it, or set another `listen`", path.display())]
    NoSocket { path: PathBuf },
    #[error("can't listen on {}", path.display())]
    Listen { path: PathBuf, source: io::Error },
    #[error("can't tell which user this process runs as")]
    User(#[source] io::Error),
    #[error("can't listen on {address}")]
    Address { address: std::net::SocketAddr, source: io::Error },
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    #[error("traces can't be sent: {why}")]
    Traces { why: String },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("can't use the file {} as the journal", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("can't open the journal {}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("the journal {} is in use: another daemon has it open; stop that one, or set another `journal`", path.display())]
    InUse { path: PathBuf },
    #[error(
        "the journal {} was made by a newer release (its schema is {found}, this one knows {known} and works with the next one): use \
         that release, or another path", path.display()
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("the journal {} is no longer there, or is another file", path.display())]
    Gone { path: PathBuf },
    #[error("can't read or write the journal")]
    Storage(#[from] rusqlite::Error),
    #[error("the thread of the journal ended")]
    Ended,
    #[error("the address of PostgreSQL can't be used: {why}")]
    Address { why: String },
    #[error("can't read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("can't use the certificates for PostgreSQL: {0}")]
    Tls(String),
    #[error("PostgreSQL at {place} can't be reached")]
    Away { place: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("PostgreSQL at {place} does not respond within {longest:?}")]
    Silent { place: String, longest: Duration },
    #[error(
        "PostgreSQL at {place} takes no changes of the journal: it is a standby, or the database or its user may only read"
    )]
    ReadOnly { place: String },
    #[error("PostgreSQL can't read or write the journal")]
    Postgres(#[from] tokio_postgres::Error),
    #[error(
        "the journal in PostgreSQL was made by a newer release (its schema is {found}, this one knows {known} and works with the \
         next one): use that release, or another database"
    )]
    NewerSchema { found: usize, known: usize },
    #[error("the journal holds an operation of an unknown kind, {verb}")]
    Verb { verb: String },
    #[error("the journal holds an operation of an unknown caller, {identity}")]
    Identity { identity: String },
    #[error("the caller can't be written")]
    Form(#[from] FormError),
}

impl JournalError {
    /// It may be back in a moment, with all that it held.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Silent { .. } => true,
            // Without a code the connection was lost. `57P` is a server that is shutting down or starting, `08` a lost connection; `57014` and
            // `25P03` is what took too long, there or here.
            Self::Postgres(error) => {
                let is_away = |code: &str| ["57P", "08", "57014", "25P03"].iter().any(|class| code.starts_with(class));
                error.code().is_none_or(|code| is_away(code.code()))
            }
            _ => false,
        }
    }

    pub fn is_of_postgres(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Silent { .. } | Self::ReadOnly { .. } | Self::Postgres(_))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("can't use the file {} for the audit ledger", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the audit ledger {} is in use: a daemon has it open; stop that one first", path.display())]
    InUse { path: PathBuf },
    #[error("the audit ledger {} is no longer there, or is another file", path.display())]
    Gone { path: PathBuf },
    #[error("can't write the audit ledger {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("an earlier entry could not be written in full to the audit ledger {}", path.display())]
    Torn { path: PathBuf },
    #[error(
        "the audit ledger {} is not as it was written: {found}; keep it and its key for whoever looks into that, and start the daemon \
         with another `audit`", path.display()
    )]
    Damaged { path: PathBuf, found: BadEntry },
    #[error(
        "the audit ledger {} has entry {sequence} in a form that this release does not know, as a newer one writes it; use that release, or \
         start the daemon with another `audit`", path.display()
    )]
    Newer { path: PathBuf, sequence: u64 },
    #[error("the file {} holds no signing key of a ledger", path.display())]
    Key { path: PathBuf },
    #[error("can't make a signing key")]
    NoKey,
    #[error("can't write an entry as JSON")]
    Entry(#[from] serde_json::Error),
    #[error("the thread of the audit ledger ended")]
    Ended,
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence} {fault}")]
pub struct BadEntry {
    pub sequence: u64,
    pub fault: EntryFault,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    #[error("is not an entry of a ledger")]
    NoEntry,
    #[error("has a form that this release does not know, as a newer one writes it")]
    Newer,
    #[error("was changed: its hash differs")]
    Changed,
    #[error("has the number {found}: entries were removed, added or reordered")]
    Misplaced { found: u64 },
    #[error("does not follow the one before it: entries were removed, added or reordered")]
    Unchained,
    #[error("comes before the first key")]
    NoKey,
    #[error("has a signature that is not of the ledger's key")]
    Signature,
    #[error("is not the one that was last signed there: the ledger was replaced or rewritten")]
    OtherHead,
    #[error("is missing: the end was cut off, entry {head} was the last signed one")]
    CutOff { head: u64 },
    #[error("can't be checked: {file}, which holds the hash of the last signed entry, is missing")]
    NoHead { file: String },
    #[error("was signed with another key than that of this daemon: it is another daemon's ledger")]
    OtherKey,
    #[error("ends in the middle of its line: the daemon was killed as it wrote, and its next start repairs it")]
    Unfinished,
}

// === impl LedgerError ===

impl LedgerError {
    /// What is wrong with a ledger. One that a newer release goes on with is not damaged.
    pub fn of_entry(path: &Path, found: BadEntry) -> Self {
        let path = path.to_owned();
        match found {
            BadEntry { sequence, fault: EntryFault::Newer } => Self::Newer { path, sequence },
            found => Self::Damaged { path, found },
        }
    }
}

/// With its causes, in one line.
pub fn in_one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
