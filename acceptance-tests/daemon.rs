//! A provisioning daemon of a test, in a folder of its own: it can be killed and started again, and ends with the test.

use crate::{process::OwnProcess, until::until};
use acceptance_tests::{signal, tools::command_line};
use anyhow::{Context as _, Result, ensure};
use goldenpath_daemon::{LedgerEntry, verify_file};
use serde_json::Value as Json;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// For tests that change the target beside the daemon and look at once.
pub const UNSHARED: &str = "journal: journal.db\nlimits: { reads_shared_for: 0s }\n";
const JOURNAL: &str = "journal: journal.db\n";

pub struct Daemon {
    folder: tempfile::TempDir,
    target: String,
    environment: Vec<(String, String)>,
    process: OwnProcess,
    /// As it says itself.
    endpoints: Vec<String>,
}

impl Daemon {
    /// On this sandbox. Returns once it listens.
    pub fn start(sandbox: &Path) -> Result<Self> {
        Self::with(&format!("sandbox: {{ path: {} }}", sandbox.display()), "journal: journal.db\n", vec![])
    }

    /// On this sandbox, with more lines of configuration.
    pub fn with_more(sandbox: &Path, more: &str) -> Result<Self> {
        Self::with(&format!("sandbox: {{ path: {} }}", sandbox.display()), &format!("{JOURNAL}{more}"), vec![])
    }

    /// On this target, with these lines more in its configuration and with what only the daemon knows in its environment.
    pub fn with(target: &str, lines: &str, environment: Vec<(String, String)>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        write_config(folder.path(), target, lines)?;
        let (process, endpoints) = spawn(folder.path(), &environment)?;
        Ok(Self { folder, target: target.to_owned(), environment, process, endpoints })
    }

    /// With files of its own beside its configuration.
    pub fn in_folder(folder: tempfile::TempDir, config: &str, environment: Vec<(String, String)>) -> Result<Self> {
        fs::write(folder.path().join("daemon.yaml"), config)?;
        let (process, endpoints) = spawn(folder.path(), &environment)?;
        Ok(Self { folder, target: String::new(), environment, process, endpoints })
    }

    /// Over TLS.
    pub fn https(&self) -> Result<&str> {
        self.endpoints.iter().find(|endpoint| endpoint.starts_with("https://")).map(String::as_str).context("no TCP")
    }

    /// For its next start.
    pub fn configure(&self, more: &str) -> Result<()> {
        write_config(self.folder.path(), &self.target, &format!("{JOURNAL}{more}"))
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("daemon.yaml")
    }

    /// Of one that has TF_LOG in its environment.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("daemon.log"))?)
    }

    pub fn ledger(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("audit.jsonl"))?)
    }

    /// The ledger's, if it is as it was written: an auditor may look at any time.
    pub fn entries(&self) -> Result<Vec<LedgerEntry>> {
        let mut entries = vec![];
        verify_file(&self.folder.path().join("audit.jsonl"), vec![], |entry, _| entries.push(entry.clone()))?;
        Ok(entries)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("daemon.sock")
    }

    /// As a machine that stands still, until `go_on`.
    pub fn stand_still(&self) -> Result<()> {
        signal::send("STOP", &self.id().to_string())
    }

    /// By SIGTERM; `wait_until_dead` waits for it.
    pub fn begin_to_end(&self) -> Result<()> {
        signal::send("TERM", &self.id().to_string())
    }

    pub fn go_on(&self) -> Result<()> {
        signal::send("CONT", &self.id().to_string())
    }

    pub fn endpoint(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub fn provider(&self, more: &str) -> String {
        format!("provider \"goldenpath\" {{\n  daemon = {{ endpoint = {:?} }}\n  {more}\n}}\n", self.endpoint())
    }

    /// After it ended, with the journal that it left.
    pub fn start_again(&mut self) -> Result<()> {
        (self.process, self.endpoints) = spawn(self.folder.path(), &self.environment)?;
        Ok(())
    }

    /// As `start_again`, to die once it has written so many entries in its journal and its ledger.
    pub fn start_to_die(&mut self, after: u32) -> Result<()> {
        let mut environment = self.environment.clone();
        environment.push(("GOLDENPATH_TEST_DIES_AFTER".to_owned(), after.to_string()));
        (self.process, self.endpoints) = spawn(self.folder.path(), &environment)?;
        Ok(())
    }

    /// What a command that asks it prints as JSON: `["drift", "demo/payments"]`.
    pub fn query(&self, arguments: &[&str]) -> Result<Json> {
        let output =
            Command::new(command_line()?).args(arguments).args(["--json", "--endpoint", &self.endpoint()]).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?} prints no JSON"))
    }

    /// Nobody has changed what it wrote, and a kill has lost nothing of it.
    pub fn verify_ledger(&self) -> Result<()> {
        let verified =
            Command::new(command_line()?).args(["audit", "verify", "--config"]).arg(self.config()).output()?;
        ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        Ok(())
    }

    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    pub fn is_dead(&mut self) -> Result<bool> {
        Ok(!self.process.is_alive()?)
    }

    /// By itself, as a fault of the sandbox makes it.
    pub fn wait_until_dead(&mut self) -> Result<()> {
        until("the daemon ends", || self.is_dead())
    }

    pub fn terminate(&mut self) -> Result<()> {
        self.process.terminate()
    }
}

fn write_config(folder: &Path, target: &str, lines: &str) -> Result<()> {
    let listen = format!("unix://{}/daemon.sock", folder.display());
    Ok(fs::write(folder.join("daemon.yaml"), format!("listen: {listen}\n{lines}target:\n  {target}\n"))?)
}

fn spawn(folder: &Path, environment: &[(String, String)]) -> Result<(OwnProcess, Vec<String>)> {
    let mut command = Command::new(command_line()?);
    command.args(["daemon", "--config"]).arg(folder.join("daemon.yaml"));
    command.env("GOLDENPATH_LEASE_SECONDS", "1").env_remove("TF_LOG").env_remove("GOLDENPATH_BOUNDS");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let log = match environment.iter().any(|(name, _)| name == "TF_LOG") {
        true => fs::File::options().create(true).append(true).open(folder.join("daemon.log"))?.into(),
        false => Stdio::inherit(),
    };
    let mut process = OwnProcess(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?);
    let printed = process.stdout.take().context("no output")?;
    let line = BufReader::new(printed).lines().next().context("the daemon did not start")??;
    let endpoints = line.strip_prefix("Listening on ").with_context(|| format!("the daemon says {line:?}"))?;
    Ok((process, endpoints.split(", ").map(str::to_owned).collect()))
}
