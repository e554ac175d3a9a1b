//! Where to listen, and why that can fail.

use std::{fmt, io, ops::RangeInclusive, path::PathBuf};

/// `sun_path` holds 104 bytes on macOS and the BSDs (108 on Linux), with the closing NUL.
#[cfg(unix)]
pub(super) const LONGEST_PATH: usize = 103;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    #[cfg(unix)]
    Unix,
    Tcp,
}

impl Default for Network {
    /// As Go plugins do: TCP on Windows only.
    fn default() -> Self {
        #[cfg(unix)]
        return Self::Unix;
        #[cfg(not(unix))]
        return Self::Tcp;
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(unix)]
            Self::Unix => "unix",
            Self::Tcp => "tcp",
        })
    }
}

/// Where to listen. The default is any unix socket in the temporary folder.
#[derive(Clone, Debug)]
pub struct ListenAddress {
    pub network: Network,
    /// For TCP, the first free one; `0..=0` is any.
    pub ports: RangeInclusive<u16>,
    /// For a unix socket, its parent's parent.
    pub directory: Option<PathBuf>,
    /// The socket itself, where clients know its place beforehand.
    pub socket: Option<PathBuf>,
    /// For a unix socket, a group (name or number) that may connect too.
    pub group: Option<String>,
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self { network: Network::default(), ports: 0..=0, directory: None, socket: None, group: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("no free port in {0:?} on 127.0.0.1")]
    NoFreePort(RangeInclusive<u16>),
    #[error("socket path {0} is longer than the {LONGEST} bytes that a unix socket may have; choose a shorter folder, by --socket, PLUGIN_UNIX_SOCKET_DIR or TMPDIR", LONGEST = LONGEST_PATH)]
    #[cfg(unix)]
    LongPath(PathBuf),
    #[error("{process} serves {path} already; stop it, or choose another socket")]
    Served { path: PathBuf, process: String },
    #[error("{0} exists and is not a socket; remove it, or choose another path")]
    NoSocket(PathBuf),
    #[error("no group {0} on this machine; PLUGIN_UNIX_SOCKET_GROUP takes a name or a number")]
    UnknownGroup(String),
    #[error(
        "can't create a folder in {path}; set PLUGIN_UNIX_SOCKET_DIR or TMPDIR to one that exists and can be written"
    )]
    Folder { path: PathBuf, source: io::Error },
    #[error("{what} {path}")]
    File { what: &'static str, path: PathBuf, source: io::Error },
    // Without its std feature, which nothing else needs, getrandom's error is no `Error`.
    #[error("no randomness for a socket's name: {0}")]
    Random(getrandom::Error),
}

#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) network: Network,
    pub(super) address: String,
}
