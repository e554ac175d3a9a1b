//! A unix socket in a folder of our own.

use super::address::{LONGEST_PATH, ListenAddress, ListenError};
use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};
use tokio::net::UnixListener;

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

    pub(super) fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: the process is about to end, and nobody is left to hear of it.
        let _ = fs::remove_file(self.socket());
        let _ = fs::remove_dir(&self.0);
    }
}

pub(super) fn bind(address: &ListenAddress) -> Result<(UnixListener, Folder), ListenError> {
    let folder = Folder::create(&address.directory.clone().unwrap_or_else(std::env::temp_dir))?;
    let socket = folder.socket();
    if socket.as_os_str().len() > LONGEST_PATH {
        return Err(ListenError::LongPath(socket));
    }
    let listener = UnixListener::bind(&socket).map_err(file_error("cannot bind", &socket))?;
    if let Some(group) = &address.group {
        // The group may pass through the folder and use the socket, but not list or change the folder.
        let gid = group_id(group)?;
        for (path, mode) in [(&socket, 0o660), (&folder.0, 0o710)] {
            chown(path, None, Some(gid)).map_err(file_error("cannot give the group", path))?;
            fs::set_permissions(path, Permissions::from_mode(mode))
                .map_err(file_error("cannot open to the group", path))?;
        }
    }
    Ok((listener, folder))
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
