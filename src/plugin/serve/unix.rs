//! A unix socket: in a folder of our own, or at a place that clients know beforehand.

use super::address::{LONGEST_PATH, ListenAddress, ListenError};
use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};
use tokio::net::UnixListener;

/// Where the socket is. Dropped, it is gone, and so is a folder of our own.
pub(super) enum SocketFile {
    Own(Folder),
    /// By its inode: a successor may have taken the path meanwhile.
    Known(PathBuf, u64),
}

/// A folder with one socket in it. Dropped, both are gone.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Random in name, so that nobody can have made it before us; closed from the moment it exists.
    fn create(parent: &Path) -> Result<Self, ListenError> {
        let path = parent.join(format!("plugin-{:08x}", getrandom::u32().map_err(ListenError::Random)?));
        let created = DirBuilder::new().mode(0o700).create(&path);
        created.map_err(|source| ListenError::Folder { path: parent.to_owned(), source })?;
        Ok(Self(path))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn bind(&self) -> Result<UnixListener, ListenError> {
        let socket = self.socket();
        if socket.as_os_str().len() > LONGEST_PATH {
            return Err(ListenError::LongPath(socket));
        }
        UnixListener::bind(&socket).map_err(file_error("can't bind", &socket))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: the process is about to end, and nobody is left to hear of it.
        let _ = fs::remove_file(self.socket());
        let _ = fs::remove_dir(&self.0);
    }
}

impl SocketFile {
    pub(super) fn socket(&self) -> PathBuf {
        match self {
            Self::Own(folder) => folder.socket(),
            Self::Known(socket, _) => socket.clone(),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Self::Known(socket, inode) = self
            && fs::symlink_metadata(&*socket).is_ok_and(|there| there.ino() == *inode)
        {
            let _ = fs::remove_file(socket);
        }
    }
}

pub(super) fn bind(address: &ListenAddress) -> Result<(UnixListener, SocketFile), ListenError> {
    if let Some(socket) = &address.socket {
        return bind_known(socket);
    }
    let folder = Folder::create(&address.directory.clone().unwrap_or_else(std::env::temp_dir))?;
    let (listener, socket) = (folder.bind()?, folder.socket());
    if let Some(group) = &address.group {
        // The group may pass through the folder and use the socket, but not list or change the folder.
        let gid = group_id(group)?;
        for (path, mode) in [(&socket, 0o660), (&folder.0, 0o710)] {
            chown(path, None, Some(gid)).map_err(file_error("can't give the group", path))?;
            fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(file_error("can't open to the group", path))?;
        }
    }
    Ok((listener, SocketFile::Own(folder)))
}

/// Bound in a closed folder beside its place and then moved there: nobody else can connect before its mode is set, and clients
/// never find the place empty.
fn bind_known(socket: &Path) -> Result<(UnixListener, SocketFile), ListenError> {
    // Clients have other working folders.
    let socket = std::path::absolute(socket).map_err(file_error("can't find", socket))?;
    let parent = socket.parent().unwrap_or(&socket).to_owned();
    DirBuilder::new().recursive(true).mode(0o700).create(&parent).map_err(file_error("can't create", &parent))?;
    check_free(&socket)?;
    let folder = Folder::create(&parent)?;
    let (listener, bound) = (folder.bind()?, folder.socket());
    fs::set_permissions(&bound, Permissions::from_mode(0o600)).map_err(file_error("can't close", &bound))?;
    let inode = fs::symlink_metadata(&bound).map_err(file_error("can't read", &bound))?.ino();
    fs::rename(&bound, &socket).map_err(file_error("can't make", &socket))?;
    Ok((listener, SocketFile::Known(socket, inode)))
}

/// What a process that was killed left behind may be replaced; what somebody serves, or is no socket, may not.
fn check_free(socket: &Path) -> Result<(), ListenError> {
    let there = match fs::symlink_metadata(socket) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error("can't read", socket)(error)),
    };
    if !there.file_type().is_socket() {
        return Err(ListenError::NoSocket(socket.to_owned()));
    }
    match std::os::unix::net::UnixStream::connect(socket) {
        Ok(stream) => Err(ListenError::Served { path: socket.to_owned(), process: peer(stream) }),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(file_error("can't connect to", socket)(error)),
    }
}

fn peer(stream: std::os::unix::net::UnixStream) -> String {
    let process = || {
        stream.set_nonblocking(true).ok()?;
        tokio::net::UnixStream::from_std(stream).ok()?.peer_cred().ok()?.pid()
    };
    process().map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
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

fn file_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ListenError {
    move |source| ListenError::File { what, path: path.to_owned(), source }
}
