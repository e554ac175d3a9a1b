//! What a daemon holds of memory and descriptors, as its system says it.

use crate::{daemon::Daemon, until::until};
use anyhow::{Context as _, Result};
use std::fs;

#[derive(Debug)]
pub struct Footprint {
    descriptors: usize,
    pub kilobytes: u64,
}

// === impl Footprint ===

impl Footprint {
    pub fn of(id: u32) -> Result<Self> {
        let descriptors = fs::read_dir(format!("/proc/{id}/fd"))?.count();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(Self { descriptors, kilobytes: kilobytes.context("no VmRSS")?.trim().parse()? })
    }

    pub fn comes_back(&self, daemon: &Daemon) -> Result<()> {
        until(&format!("no more than {self:?}"), || {
            let after = Self::of(daemon.id())?;
            Ok(after.descriptors <= self.descriptors + 8 && after.kilobytes <= self.kilobytes + 8 * 1024)
        })
    }
}
