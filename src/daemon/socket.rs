//! The socket: only its own user can open it, and only that user's processes are served.
//!
//! The mode of the file keeps others out; the folder keeps them from putting another file in its place; and the peer's user is
//! asked of the kernel for each connection, since a mode may be changed by mistake.

use crate::error::DaemonError;
use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tokio::net::{UnixListener, UnixStream};

/// `sun_path` holds 104 bytes on macOS and the BSDs (108 on Linux), with the closing NUL.
const LONGEST_PATH: usize = 103;

/// Listening. Dropped, the file is gone.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    own_user: u32,
}

/// The user that this process runs as, as the kernel tells it to peers.
pub fn own_user() -> io::Result<u32> {
    Ok(UnixStream::pair()?.0.peer_cred()?.uid())
}

/// Root is no exception: whoever is root can become the daemon's user first, and then stands in the log as that.
pub fn may_talk(peer: u32, own: u32) -> bool {
    peer == own
}

/// Whether a socket could be there. Makes its folder, and nothing else.
pub fn check(path: &Path) -> Result<(), DaemonError> {
    if path.as_os_str().len() > LONGEST_PATH {
        return Err(DaemonError::LongPath { path: path.to_owned(), longest: LONGEST_PATH });
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let failed = |source| DaemonError::Folder { path: folder.to_owned(), source };
    make_private(folder).map_err(failed)?;
    let found = fs::metadata(folder).map_err(failed)?;
    let own = own_user().map_err(DaemonError::User)?;
    if is_safe(found.uid(), found.mode(), own) {
        Ok(())
    } else {
        Err(DaemonError::OpenFolder { path: folder.to_owned() })
    }
}

/// A folder in which nobody else can put anything in place of ours.
fn is_safe(owner: u32, mode: u32, own: u32) -> bool {
    owner == own && mode & 0o022 == 0
}

/// A folder that is there keeps its mode.
pub fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() { Ok(()) } else { DirBuilder::new().recursive(true).mode(0o700).create(folder) }
}

// === impl Socket ===

impl Socket {
    /// A file that a daemon left behind when it was killed is replaced; one that somebody listens on is not.
    pub async fn bind(path: &Path) -> Result<Self, DaemonError> {
        check(path)?;
        let failed = |source| DaemonError::Listen { path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(found) if !found.file_type().is_socket() => {
                return Err(DaemonError::NoSocket { path: path.to_owned() });
            }
            Ok(_) => match UnixStream::connect(path).await {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed)?,
                _ => return Err(DaemonError::Live { path: path.to_owned() }),
            },
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        let own_user = own_user().map_err(DaemonError::User)?;
        Ok(Self { listener, path: path.to_owned(), own_user })
    }

    /// The next connection of the same user; those of others are closed.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?;
            if may_talk(peer.uid(), self.own_user) {
                return Ok(stream);
            }
            tracing::warn!(user = peer.uid(), process = peer.pid(), "A connection of another user was refused");
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Best effort: the next daemon replaces what is left.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_talk_or_take_its_place() {
        for (peer, expected, reason) in
            [(1000, true, "the same user"), (1001, false, "another user"), (0, false, "root becomes the user first")]
        {
            assert_eq!(may_talk(peer, 1000), expected, "{reason}");
        }
        for (owner, mode, expected, reason) in [
            (1000, 0o40_700, true, "closed"),
            (1000, 0o40_755, true, "others may look"),
            (1000, 0o40_775, false, "a group may put files there"),
            (1000, 0o41_777, false, "the temporary folder of all"),
            (1001, 0o40_700, false, "somebody else's"),
        ] {
            assert_eq!(is_safe(owner, mode, 1000), expected, "{reason}");
        }
    }

    #[tokio::test]
    async fn a_file_left_behind_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inside").join("daemon.sock");
        let first = Socket::bind(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700, "its folder is made closed");
        assert!(matches!(Socket::bind(&path).await, Err(DaemonError::Live { .. })), "somebody listens");
        let (accepted, connected) = tokio::join!(first.accept(), UnixStream::connect(&path));
        assert!(accepted.is_ok() && connected.is_ok(), "our own processes are served");
        drop(first);
        assert!(!path.exists(), "a daemon that ends takes its file along");
        // As a kill leaves it: nobody listens, and the file is there.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        Socket::bind(&path).await.unwrap();
        fs::write(&path, "x").unwrap();
        assert!(matches!(Socket::bind(&path).await, Err(DaemonError::NoSocket { .. })), "a file is not taken away");
    }
}
