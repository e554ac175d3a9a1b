//! Why a daemon can't start, or ends.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("cannot use the folder {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "the folder {} can be changed by others than its owner, or belongs to another user: whoever may change it could put \
         another socket in the daemon's place. Use a folder of this user with mode 0755 or stricter", path.display()
    )]
    OpenFolder { path: PathBuf },
    #[error("the path {} of the socket is longer than the {longest} bytes that a unix socket may have: use a shorter one", path.display())]
    LongPath { path: PathBuf, longest: usize },
    #[error("a daemon listens on {} already: stop it first, or set another `listen`", path.display())]
    Live { path: PathBuf },
    #[error("{} exists and is no socket: remove it, or set another `listen`", path.display())]
    NoSocket { path: PathBuf },
    #[error("cannot listen on {}", path.display())]
    Listen { path: PathBuf, source: io::Error },
    #[error("cannot tell which user this process runs as")]
    User(#[source] io::Error),
    #[error("cannot listen on {address}")]
    Address { address: std::net::SocketAddr, source: io::Error },
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot use the file {} as the journal", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot open the journal {}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("the journal {} is in use: another daemon has it open. Stop that one, or set another `journal`", path.display())]
    InUse { path: PathBuf },
    #[error("the journal {} was made by a newer release (its schema is {found}, this one knows {known}): use that release, or another path", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("the journal {} is no longer there, or is another file", path.display())]
    Gone { path: PathBuf },
    #[error("cannot read or write the journal")]
    Storage(#[from] rusqlite::Error),
    #[error("the thread of the journal ended")]
    Ended,
}

/// With its causes, in one line.
pub fn in_one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
