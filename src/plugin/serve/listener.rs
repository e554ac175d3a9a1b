//! Where the client dials: a unix socket in a folder of our own, or a TCP port on the loopback interface.

use super::wire::Io;
use std::{
    fmt, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;

/// `sun_path` holds 104 bytes on macOS and the BSDs (108 on Linux), with the closing NUL.
#[cfg(unix)]
const LONGEST_PATH: usize = 103;

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
pub struct Place {
    pub network: Network,
    /// For TCP, the first free one; `0..=0` is any.
    pub ports: RangeInclusive<u16>,
    /// For a unix socket, its parent's parent.
    pub directory: Option<PathBuf>,
    /// For a unix socket, a group (name or number) that may connect too.
    pub group: Option<String>,
}

impl Default for Place {
    fn default() -> Self {
        Self { network: Network::default(), ports: 0..=0, directory: None, group: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("no free port in {0:?} on 127.0.0.1")]
    NoFreePort(RangeInclusive<u16>),
    #[error("socket path {0} is longer than the {LONGEST} bytes that a unix socket may have; set PLUGIN_UNIX_SOCKET_DIR or TMPDIR to a shorter one", LONGEST = LONGEST_PATH)]
    #[cfg(unix)]
    LongPath(PathBuf),
    #[error("no group {0} on this machine; PLUGIN_UNIX_SOCKET_GROUP takes a name or a number")]
    UnknownGroup(String),
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

pub(super) enum Listener {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, unix::Folder),
    Tcp(TcpListener, String),
}

impl Listener {
    /// Bound when this returns: a client may dial as soon as it has read the line.
    pub(super) fn bind(place: &Place) -> Result<Self, ListenError> {
        match place.network {
            #[cfg(unix)]
            Network::Unix => unix::bind(place),
            Network::Tcp => bind_tcp(&place.ports),
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            #[cfg(unix)]
            Self::Unix(_, folder) => {
                Endpoint { network: Network::Unix, address: folder.socket().display().to_string() }
            }
            Self::Tcp(_, address) => Endpoint { network: Network::Tcp, address: address.clone() },
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Box::new(listener.accept().await?.0)),
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // Messages are small and the peer waits for each: Nagle's delay would be most of a call's time.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

fn bind_tcp(ports: &RangeInclusive<u16>) -> Result<Listener, ListenError> {
    for port in ports.clone() {
        let bound = std::net::TcpListener::bind(("127.0.0.1", port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?.to_string();
            Ok(Listener::Tcp(TcpListener::from_std(listener)?, address))
        });
        if let Ok(listener) = bound {
            return Ok(listener);
        }
    }
    Err(ListenError::NoFreePort(ports.clone()))
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ListenError {
    move |source| ListenError::File { what, path: path.to_owned(), source }
}

#[cfg(unix)]
mod unix {
    use super::{LONGEST_PATH, ListenError, Listener, Place, failed};
    use std::{
        fs::{self, DirBuilder, Permissions},
        os::unix::fs::{DirBuilderExt, PermissionsExt, chown},
        path::{Path, PathBuf},
    };
    use tokio::net::UnixListener;

    /// A folder with one socket in it. Dropped, both are gone.
    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        /// Random in name, so that nobody can have made it before us; closed from the moment it exists.
        fn create(parent: &Path) -> Result<Self, ListenError> {
            let path = parent.join(format!("plugin-{:08x}", getrandom::u32().map_err(ListenError::Random)?));
            DirBuilder::new().mode(0o700).create(&path).map_err(failed("can't create the folder", &path))?;
            Ok(Self(path))
        }

        pub(in super::super) fn socket(&self) -> PathBuf {
            self.0.join("socket")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // Best effort: the process is about to end, and there is nobody to tell.
            let _ = fs::remove_file(self.socket());
            let _ = fs::remove_dir(&self.0);
        }
    }

    pub(super) fn bind(place: &Place) -> Result<Listener, ListenError> {
        let folder = Folder::create(&place.directory.clone().unwrap_or_else(std::env::temp_dir))?;
        let socket = folder.socket();
        if socket.as_os_str().len() > LONGEST_PATH {
            return Err(ListenError::LongPath(socket));
        }
        let listener = UnixListener::bind(&socket).map_err(failed("can't bind", &socket))?;
        if let Some(group) = &place.group {
            // The group may pass through the folder and use the socket, but not list or change the folder.
            let gid = group_id(group)?;
            for (path, mode) in [(&socket, 0o660), (&folder.0, 0o710)] {
                chown(path, None, Some(gid)).map_err(failed("can't give to the group", path))?;
                fs::set_permissions(path, Permissions::from_mode(mode))
                    .map_err(failed("can't open to the group", path))?;
            }
        }
        Ok(Listener::Unix(listener, folder))
    }

    /// The file only: a directory service would need libc's resolver, and a number always works.
    fn group_id(group: &str) -> Result<u32, ListenError> {
        if let Ok(gid) = group.parse() {
            return Ok(gid);
        }
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        let found = groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(group)).then(|| fields.nth(1)?.parse().ok()).flatten()
        });
        found.ok_or_else(|| ListenError::UnknownGroup(group.to_owned()))
    }
}
