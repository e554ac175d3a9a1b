//! A server that ends with the test, also when the test is killed.

use anyhow::{Context as _, Result, bail};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub struct Process {
    child: Child,
    /// Waits for the end of our side of its pipe, which the system closes whatever becomes of us.
    watchdog: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        let output = File::create(log)?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let watchdog = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = match watchdog {
            Ok(watchdog) => Self {
                child,
                watchdog,
                log: log.to_owned(),
            },
            Err(error) => {
                let mut child = child;
                child.kill()?;
                child.wait()?;
                return Err(error.into());
            }
        };
        process.check()?;
        Ok(process)
    }

    /// An error with its last words, if it has ended.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last = log
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("no word");
        let name = self.log.file_stem().unwrap_or_default().display();
        bail!("{name} ended with {status}: {last}");
    }
}

impl Drop for Process {
    /// The watchdog first: afterwards the pid may be another's.
    fn drop(&mut self) {
        for child in [&mut self.watchdog, &mut self.child] {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
