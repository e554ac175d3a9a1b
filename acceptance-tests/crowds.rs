//! Clients that would exhaust a daemon: ten thousand that come and go, and one that watches and never reads.

mod over_tls;

use crate::{daemon::Daemon, until::until};
use acceptance_tests::{
    block_on,
    load::{Load, client_of},
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::provision::DaemonReports as _;
use std::{fs, os::unix::net::UnixStream, sync::mpsc, thread, time::Duration};
use tokio::time::timeout;

const MANY: usize = 10_000;
/// Every so many of them says who it is, and asks.
const SPEAKS: usize = 100;
/// Ensures by each of two clients. Each is two events, which are twice as many as a watcher's buffer and its connection's window hold.
const EVENTFUL: usize = 900;
/// Nobody waits longer for a watcher.
const LONG: Duration = Duration::from_secs(300);

type Run = fn() -> Result<()>;

pub const CHECKS: [(&str, Run); 3] = [
    ("ten thousand connections leave nothing behind", leave_nothing_behind),
    ("ten thousand connections over TLS leave nothing behind", over_tls::leave_nothing_behind),
    ("a watcher that never reads holds nobody up", one_that_never_reads),
];

fn leave_nothing_behind() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let daemon = Daemon::start(&folder.path().join("sandbox.db"))?;
    connect(&daemon, MANY / 5)?;
    let before = Process::of(daemon.id())?;
    connect(&daemon, MANY)?;
    before.comes_back(&daemon)
}

/// Nobody waits for it, and what it did not read is not kept for it. It hears that it was too slow.
fn one_that_never_reads() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let daemon = Daemon::start(&folder.path().join("sandbox.db"))?;
    let (go_on, wait) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let socket = daemon.socket();
    let watcher = thread::spawn(move || {
        let mut show = move |_| {
            let _ = begin.send(());
            // Until the other end is dropped.
            let _ = wait.recv_timeout(LONG);
            true
        };
        block_on(async { Ok(timeout(LONG, client_of(&socket).watch(None, &mut show)).await?) })
    });
    let socket = daemon.socket();
    let load = |team, times| block_on(async { Load::prepare(&socket, team, 2).await?.run(times).await });
    // With one of these events it is known to watch.
    load("pay", EVENTFUL / 10)?;
    begun.recv_timeout(LONG).context("it saw nothing")?;
    let before = Process::of(daemon.id())?;
    load("web", EVENTFUL)?;
    let after = Process::of(daemon.id())?;
    ensure!(after.kilobytes <= before.kilobytes + 8 * 1024, "after {before:?} there is {after:?}");
    drop(go_on);
    let ended = watcher.join().ok().context("the watcher panicked")??;
    let problem = ended.err().context("it watched to the end")?;
    ensure!(problem.code == "daemon.slow", "{problem:?}");
    Ok(())
}

fn connect(daemon: &Daemon, count: usize) -> Result<()> {
    for number in 0..count {
        match number % SPEAKS {
            0 => drop(block_on(Load::prepare(&daemon.socket(), "pay", 0))?),
            _ => drop(UnixStream::connect(daemon.socket())?),
        }
    }
    Ok(())
}

/// What a daemon holds.
#[derive(Debug)]
struct Process {
    descriptors: usize,
    kilobytes: u64,
}

// === impl Process ===

impl Process {
    fn of(id: u32) -> Result<Self> {
        let descriptors = fs::read_dir(format!("/proc/{id}/fd"))?.count();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(Self { descriptors, kilobytes: kilobytes.context("no VmRSS")?.trim().parse()? })
    }

    fn comes_back(&self, daemon: &Daemon) -> Result<()> {
        until(&format!("no more than {self:?}"), || {
            let after = Self::of(daemon.id())?;
            Ok(after.descriptors <= self.descriptors + 8 && after.kilobytes <= self.kilobytes + 8 * 1024)
        })
    }
}
