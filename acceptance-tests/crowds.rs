//! Many at once: what ten thousand clients leave behind in a daemon's process.

use crate::daemon::Daemon;
use acceptance_tests::{block_on, load::Load};
use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

const MANY: usize = 10_000;
/// Every so many of them says who it is, and asks.
const SPEAKS: usize = 100;
const LONG: Duration = Duration::from_secs(60);

pub fn leave_nothing_behind() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let daemon = Daemon::start(&folder.path().join("sandbox.db"))?;
    connect(&daemon, MANY / 5)?;
    let before = Process::of(daemon.id())?;
    connect(&daemon, MANY)?;
    let begun = Instant::now();
    loop {
        let after = Process::of(daemon.id())?;
        if after.descriptors <= before.descriptors + 8 && after.kilobytes <= before.kilobytes + 8 * 1024 {
            return Ok(());
        }
        ensure!(begun.elapsed() < LONG, "after {before:?} there is {after:?}");
        thread::sleep(Duration::from_millis(100));
    }
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
}
