//! Where we listen, and who may connect.

use crate::serve::{ListenAddress, ListenError, Network, listener::Listener};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("exists").permissions().mode() & 0o777
}

fn bind(address: &ListenAddress) -> (Listener, PathBuf) {
    let listener = Listener::bind(address).expect("binds");
    let address = listener.endpoint().address.into();
    (listener, address)
}

#[tokio::test]
async fn a_socket_lives_in_a_folder_of_its_own_and_dies_with_it() {
    let parent = tempfile::tempdir().expect("a folder");
    let address = ListenAddress { directory: Some(parent.path().to_owned()), ..ListenAddress::default() };
    let (listener, socket) = bind(&address);
    let folder = socket.parent().expect("a folder");
    assert_eq!(folder.parent(), Some(parent.path()), "PLUGIN_UNIX_SOCKET_DIR is honoured");
    assert_eq!(mode(folder), 0o700, "nobody else gets to the socket");
    drop(listener);
    assert_eq!(fs::read_dir(parent.path()).expect("a folder").count(), 0, "nothing stays behind");
}

#[tokio::test]
async fn a_group_may_use_the_socket_and_not_change_the_folder() {
    // Our own group: giving to another needs privileges.
    let parent = tempfile::tempdir().expect("a folder");
    let gid = fs::metadata(parent.path()).expect("exists").gid();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let name = groups.lines().find_map(|line| {
        let fields: Vec<_> = line.split(':').collect();
        (fields.get(2) == Some(&gid.to_string().as_str())).then(|| fields[0].to_owned())
    });
    for group in [Some(gid.to_string()), name].into_iter().flatten() {
        let (_listener, socket) = bind(&ListenAddress { group: Some(group.clone()), ..ListenAddress::default() });
        assert_eq!(fs::metadata(&socket).expect("exists").gid(), gid, "{group}");
        assert_eq!(mode(&socket), 0o660, "{group}");
        assert_eq!(mode(socket.parent().expect("a folder")), 0o710, "{group}");
    }
}

#[tokio::test]
async fn a_known_place_is_closed_and_outlives_whoever_served_there() {
    let parent = tempfile::tempdir().expect("a folder");
    let socket = parent.path().join("run").join("gp.sock");
    let at = |socket: &Path| ListenAddress { socket: Some(socket.to_owned()), ..ListenAddress::default() };
    let (first, address) = bind(&at(&socket));
    assert_eq!(address, socket);
    assert_eq!((mode(&socket), mode(&parent.path().join("run"))), (0o600, 0o700), "nobody else gets to it");
    assert_eq!(fs::read_dir(parent.path().join("run")).expect("a folder").count(), 1, "the socket alone");

    let taken = Listener::bind(&at(&socket)).err().expect("somebody serves it").to_string();
    let own = format!("process {}", std::process::id());
    assert!(taken.contains(&own) && taken.contains("gp.sock"), "who and where: {taken}");

    // As kill -9 leaves it: the file without a process.
    std::mem::forget(first);
    let stale = parent.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("binds"));
    let (second, _) = bind(&at(&stale));
    fs::remove_file(&stale).expect("there");
    let (third, _) = bind(&at(&stale));
    drop(second);
    assert!(stale.exists(), "who ends leaves the socket of a successor alone");
    drop(third);
    assert!(!stale.exists(), "and takes its own away");

    let text = parent.path().join("text");
    fs::write(&text, "precious").expect("writes");
    assert!(matches!(Listener::bind(&at(&text)), Err(ListenError::NoSocket(_))), "a file is no stale socket");
    assert_eq!(fs::read_to_string(&text).expect("there"), "precious");
}

#[tokio::test]
async fn what_cannot_be_is_said_plainly_and_leaves_nothing() {
    let parent = tempfile::tempdir().expect("a folder");
    let deep = parent.path().join("d".repeat(100));
    fs::create_dir(&deep).expect("a folder");
    let long = ListenAddress { directory: Some(deep.clone()), ..ListenAddress::default() };
    assert!(matches!(Listener::bind(&long), Err(ListenError::LongPath(_))), "longer than sun_path");
    assert_eq!(fs::read_dir(&deep).expect("a folder").count(), 0);

    let nobody = ListenAddress { group: Some("no such group".into()), ..ListenAddress::default() };
    assert!(matches!(Listener::bind(&nobody), Err(ListenError::UnknownGroup(_))));
}

#[tokio::test]
async fn tcp_takes_the_first_free_port_of_the_range() {
    let tcp = |ports| ListenAddress { network: Network::Tcp, ports, ..ListenAddress::default() };
    let (_taken, address) = bind(&tcp(0..=0));
    let port: u16 = address.to_str().and_then(|a| a.rsplit(':').next()).and_then(|p| p.parse().ok()).expect("a port");
    assert!(matches!(Listener::bind(&tcp(port..=port)), Err(ListenError::NoFreePort(_))), "it is taken");
    if port < u16::MAX - 20 {
        let (_next, address) = bind(&tcp(port..=port + 20));
        assert_ne!(address, Path::new(&format!("127.0.0.1:{port}")), "the taken one is passed over");
    }
}
