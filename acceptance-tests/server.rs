//! A `serve --reattach` process, with a sandbox of its own, that ends with the test.

use crate::{
    daemon::{Daemon, UNSHARED},
    process::OwnProcess,
    sandbox::Sandbox,
    workspace::SOURCE,
};
use acceptance_tests::{
    client::{Client, no_errors},
    tools::command_line,
};
use anyhow::{Context as _, Result};
use serde_json::Value as Json;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

pub struct Server {
    process: OwnProcess,
    folder: tempfile::TempDir,
    pub socket: PathBuf,
    /// The value of TF_REATTACH_PROVIDERS.
    pub reattach: String,
    /// What its clients reach the sandbox through.
    daemon: Option<Daemon>,
    /// The first connection, which fetched the schemas.
    known: OnceLock<Client>,
}

impl Server {
    pub fn start() -> Result<Self> {
        Self::start_with(&[], &[])
    }

    /// With these arguments more, and these variables in its environment.
    pub fn start_with(more: &[&str], environment: &[(String, String)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        let mut command = Command::new(command_line()?);
        command.args(["serve", "--reattach"]).args(more).current_dir(folder.path());
        command.env("GOLDENPATH_LEASE_SECONDS", "1").env_remove("TF_LOG");
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut process =
            OwnProcess(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
        let printed = process.stdout.take().context("no output")?;
        let mut reattach = None;
        for line in BufReader::new(printed).lines() {
            let line = line?;
            if let Some((_, value)) = line.split_once("TF_REATTACH_PROVIDERS=") {
                let text = value.trim().trim_matches('\'');
                reattach = Some(text[..=text.rfind('}').context("no JSON")?].to_owned());
                break;
            }
        }
        let reattach = reattach.context("serve --reattach printed no TF_REATTACH_PROVIDERS")?;
        let parsed: Json = serde_json::from_str(&reattach)?;
        let socket = parsed[SOURCE]["Addr"]["String"].as_str().context("no address")?.into();
        Ok(Self { process, folder, socket, reattach, daemon: None, known: OnceLock::new() })
    }

    pub async fn client(&self, config: &Json) -> Result<Client> {
        let mut client = match self.known.get() {
            Some(known) => known.connect_again(&self.socket).await?,
            None => Client::connect(&self.socket).await?,
        };
        self.known.get_or_init(|| client.clone());
        no_errors(&client.configure(config).await?, "configure")?;
        Ok(client)
    }

    /// A client of the server's own sandbox.
    pub async fn sandbox_client(&self) -> Result<Client> {
        match &self.daemon {
            None => self.client_of(&self.sandbox_path()).await,
            Some(daemon) => self.client(&serde_json::json!({ "daemon": { "endpoint": daemon.endpoint() } })).await,
        }
    }

    /// From here on only a daemon of its own has the sandbox.
    pub fn through_a_daemon(mut self) -> Result<Self> {
        let target = format!("sandbox: {{ path: {} }}", self.sandbox_path().display());
        self.daemon = Some(Daemon::with(&target, UNSHARED, vec![])?);
        Ok(self)
    }

    pub async fn client_of(&self, sandbox: &Path) -> Result<Client> {
        self.client(&serde_json::json!({ "sandbox": { "path": sandbox } })).await
    }

    pub fn sandbox_path(&self) -> PathBuf {
        self.folder.path().join("sandbox.db")
    }

    pub fn sandbox(&self) -> Sandbox {
        Sandbox::at(&self.sandbox_path())
    }

    pub fn is_alive(&mut self) -> Result<bool> {
        self.process.is_alive()
    }

    pub fn terminate(mut self) -> Result<()> {
        self.process.terminate()
    }
}
