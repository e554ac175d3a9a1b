//! The clock of a daemon's machine jumps, as after a suspension or where the time service found it wrong. What runs goes on, what is
//! done at intervals goes on, and the ledger stays one that `audit verify` accepts.

use super::{FailureFixture, environment};
use crate::{
    daemon::Daemon,
    sandbox::{FaultRow, Sandbox},
    server::Server,
    until::{until, until_beside},
};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Action, Instance, no_errors},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use tokio::join;

const ID: &str = "demo/payments";

/// `library` is libfaketime: it gives a process the time that a file says, and leaves the clock alone that only runs forward.
pub async fn jumps(library: &Path) -> Result<()> {
    let fixture = FailureFixture::new().await?;
    let sandbox = Sandbox::at(&fixture.path());
    let clock = Clock::at(fixture.folder.path().join("clock"))?;
    let target = format!("sandbox: {{ path: {} }}", fixture.path().display());
    let lines = "journal: journal.db\nreconcile: { interval: 1s }\n";
    let daemon = Daemon::with(&target, lines, clock.of_a_process(library))?;
    let server = Server::start()?;
    let client = server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?;
    let mut instance = Instance::new(&client, ENVIRONMENT);
    let mut wider = environment();
    wider["namespaces"] = json!({ "default": {}, "jobs": {} });
    for (config, jump, reason) in [
        (Some(environment()), "+2d", "forward, in mid-create"),
        (Some(wider), "-3d", "back over all that was written, in mid-update"),
        (None, "+0d", "to the right time, in mid-destroy"),
    ] {
        let apply = through(&mut instance, config.as_ref(), &sandbox, || clock.set(jump));
        apply.await.with_context(|| format!("{jump}: {reason}"))?;
        daemon.verify_ledger()?;
        if config.is_some() {
            drift_is_found(&daemon, &sandbox).with_context(|| format!("{jump}: {reason}"))?;
        }
    }
    let days = daemon.ledger()?.lines().map(day).collect::<Result<BTreeSet<_>>>()?;
    ensure!(days.len() >= 3, "the clock did not jump: {days:?}");
    Ok(())
}

/// On which an entry of the ledger was written.
fn day(line: &str) -> Result<String> {
    let entry: Json = serde_json::from_str(line)?;
    let at = entry["at"].as_str().and_then(|at| at.split_once('T')).with_context(|| line.to_owned())?;
    Ok(at.0.to_owned())
}

/// With the jump in the middle of it. What follows plans nothing.
async fn through(
    instance: &mut Instance,
    config: Option<&Json>,
    sandbox: &Sandbox,
    jump: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let planned = instance.plan(config).await?;
    no_errors(&planned.said, "plan")?;
    let before = sandbox.calls()?.len();
    sandbox.fault(&FaultRow::new("slow:100").verb("write"))?;
    let (said, jumped) = join!(instance.apply(planned, None), async {
        until_beside("the apply is in its middle", || Ok(sandbox.calls()?.len() >= before + 3)).await?;
        jump()
    });
    jumped?;
    no_errors(&said?, "the apply")?;
    sandbox.clear_faults()?;
    if config.is_some() {
        no_errors(&instance.refresh().await?, "refresh")?;
        let next = instance.plan(config).await?;
        no_errors(&next.said, "the next plan")?;
        ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
    }
    Ok(())
}

/// By a round that began after the jump.
fn drift_is_found(daemon: &Daemon, sandbox: &Sandbox) -> Result<()> {
    let quota = sandbox.ours()?.into_iter().find(|key| key.contains("/ResourceQuota/")).context("no quota")?;
    let was = sandbox.document(&quota)?["spec"]["hard"]["requests.cpu"].clone();
    let is_shown = |expected: bool| {
        let shown = daemon.query(&["drift", ID])?;
        Ok(shown[0]["drift"]["drift"].as_array().is_some_and(|drift| drift.is_empty() != expected))
    };
    sandbox.edit(&quota, &json!({ "spec": { "hard": { "requests.cpu": "99" } } }))?;
    until("the drift is shown", || is_shown(true))?;
    sandbox.edit(&quota, &json!({ "spec": { "hard": { "requests.cpu": was } } }))?;
    until("the drift is over", || is_shown(false))
}

struct Clock(PathBuf);

// === impl Clock ===

impl Clock {
    fn at(file: PathBuf) -> Result<Self> {
        let clock = Self(file);
        clock.set("+0d")?;
        Ok(clock)
    }

    /// How far it is from the right time.
    fn set(&self, offset: &str) -> Result<()> {
        // In one step: a process reads it at every look at its clock.
        let new = self.0.with_extension("new");
        fs::write(&new, offset)?;
        Ok(fs::rename(new, &self.0)?)
    }

    fn of_a_process(&self, library: &Path) -> Vec<(String, String)> {
        let file = self.0.display().to_string();
        [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
