//! Signals to processes: by the shell's own `kill`, since not every system has a program of that name.

use anyhow::{Result, ensure};
use std::process::Command;

/// `signal` without SIG; `process` by its id, or with a minus before it a whole group.
pub fn send(signal: &str, process: &str) -> Result<()> {
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", signal, process]).status()?;
    ensure!(sent.success(), "{signal} could not be sent to {process}");
    Ok(())
}
