//! A server that ends with the test, also when the test is killed.

use crate::signal;
use anyhow::{Context as _, Result, bail};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct Process {
    child: Child,
    /// Waits for the end of our side of its pipe, which the system closes whatever becomes of us.
    watchdog: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(program: &Path, arguments: &[String], log: &Path) -> Result<Self> {
        Self::start_with(program, arguments, log, |_| ())
    }

    /// `prepare` may change the environment.
    pub fn start_with(
        program: &Path,
        arguments: &[String],
        log: &Path,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let output = File::create(log)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        prepare(&mut command);
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let watchdog = Command::new("sh")
            // A signal to the whole group reaches it too, and an API server without its etcd never ends by itself.
            .args(["-c", "trap '' INT TERM; read -r _; kill -9 \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = match watchdog {
            Ok(watchdog) => Self { child, watchdog, log: log.to_owned() },
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

    /// Signals it to end, which lets it write first, and waits for it.
    pub fn terminate(mut self, longest: Duration) -> Result<()> {
        signal::send("TERM", &self.child.id().to_string())?;
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            if started.elapsed() > longest {
                bail!("{} did not end within {longest:?}", self.log.display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// An error with its last words, if it has ended.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no word");
        let name = self.log.file_stem().unwrap_or_default().display();
        bail!("{name} ended with {status}: {last}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

impl Process {
    /// The watchdog first: afterwards the pid may be another's.
    pub fn end(&mut self) {
        for child in [&mut self.watchdog, &mut self.child] {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
