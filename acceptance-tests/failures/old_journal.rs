//! A daemon without its journal, or with yesterday's: the records in the target are enough to go on.

use super::{FailureFixture, daemon::outlive, environment};
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
use anyhow::{Result, ensure};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    pin::Pin,
};

type Run = fn() -> Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Run); 3] = [
    ("with the journal of yesterday", || Box::pin(with_yesterdays())),
    ("with a journal that lacks the end of a create", || Box::pin(without_an_end())),
    ("without a journal, in the middle of an apply", || Box::pin(without())),
];

struct OldJournalFixture {
    target: FailureFixture,
    daemon: Daemon,
    server: Server,
}

// === impl OldJournalFixture ===

impl OldJournalFixture {
    async fn new() -> Result<Self> {
        let target = FailureFixture::new().await?;
        let daemon = Daemon::start(&target.path())?;
        Ok(Self { target, daemon, server: Server::start()? })
    }

    async fn instance(&self) -> Result<Instance> {
        let client = self.server.client(&json!({ "daemon": { "endpoint": self.daemon.endpoint() } })).await?;
        Ok(Instance::new(&client, ENVIRONMENT))
    }
}

/// It knows of a create that ended long ago, and nothing of what came after.
async fn with_yesterdays() -> Result<()> {
    let mut fixture = OldJournalFixture::new().await?;
    let journal = fixture.daemon.config().with_file_name("journal.db");
    let saved = journal.with_extension("saved");
    let mut instance = fixture.instance().await?;
    no_errors(&instance.plan_and_apply(Some(&environment())).await?, "create")?;
    fixture.daemon.terminate()?;
    fs::copy(&journal, &saved)?;
    fixture.daemon.start_again()?;

    let mut wider = environment();
    wider["quota"] = json!({ "total": { "requests.cpu": "6" } });
    no_errors(&instance.plan_and_apply(Some(&wider)).await?, "change")?;
    fixture.daemon.terminate()?;
    for leftover in ["journal.db-wal", "journal.db-shm"] {
        // SQLite takes them away by itself where it ends well.
        fs::remove_file(journal.with_file_name(leftover)).ok();
    }
    fs::copy(&saved, &journal)?;
    fixture.daemon.start_again()?;

    no_errors(&instance.refresh().await?, "refresh")?;
    let next = instance.plan(Some(&wider)).await?;
    no_errors(&next.said, "the plan after it")?;
    ensure!(next.action == Action::Nothing, "what came after the backup is known by the record: {:?}", next.action);
    no_errors(&instance.plan_and_apply(None).await?, "destroy")
}

/// Saved in the middle of the create, as if its end could not have been written: it runs again, and what its client knows stays true.
async fn without_an_end() -> Result<()> {
    let mut fixture = OldJournalFixture::new().await?;
    let mut instance = fixture.instance().await?;
    let planned = instance.plan(Some(&environment())).await?;
    Sandbox::at(&fixture.target.path()).fault(&FaultRow::new("exit-after").verb("write").nth(5))?;
    let journal = fixture.daemon.config().with_file_name("journal.db");
    let files = ["db", "db-wal"].map(|extension| journal.with_extension(extension));
    let saved = |file: &Path| PathBuf::from(format!("{}.saved", file.display()));
    let save = |_| Ok(files.iter().try_for_each(|file| fs::copy(file, saved(file)).map(drop))?);
    no_errors(&outlive(&mut fixture.daemon, instance.apply(planned, None), save).await?, "the create")?;

    fixture.daemon.terminate()?;
    fs::remove_file(journal.with_extension("db-shm")).ok();
    files.iter().try_for_each(|file| fs::copy(saved(file), file).map(drop))?;
    fixture.daemon.start_again()?;
    until("it has run again", || Ok(fixture.daemon.query(&["operations"])?[0]["state"] == "done"))?;
    fixture.daemon.verify_ledger()?;
    let said = instance.refresh().await?;
    ensure!(said.is_empty(), "the environment is another one than its client knows: {said:?}");
    let next = instance.plan(Some(&environment())).await?;
    ensure!(next.said.is_empty() && next.action == Action::Nothing, "{:?}: {:?}", next.action, next.said);
    no_errors(&instance.plan_and_apply(None).await?, "destroy")
}

/// It is lost together with the daemon; what was begun goes on with the next apply.
async fn without() -> Result<()> {
    let mut fixture = OldJournalFixture::new().await?;
    let sandbox = Sandbox::at(&fixture.target.path());
    let instance = fixture.instance().await?;
    sandbox.fault(&FaultRow::new("exit-after").verb("write").nth(5))?;
    let mut first = instance;
    let planned = first.plan(Some(&environment())).await?;
    let apply = tokio::spawn(async move { first.apply(planned, None).await.map(drop) });
    until_beside("the daemon dies in mid-apply", || fixture.daemon.is_dead()).await?;
    // Its client is gone as well, and nobody is left who knows the operation.
    apply.abort();
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        fs::remove_file(fixture.daemon.config().with_file_name(file)).ok();
    }
    fixture.daemon.start_again()?;
    let mut second = fixture.instance().await?;
    no_errors(&second.plan_and_apply(Some(&environment())).await?, "the next apply continues")?;
    no_errors(&second.refresh().await?, "refresh")?;
    let next = second.plan(Some(&environment())).await?;
    ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
    no_errors(&second.plan_and_apply(None).await?, "destroy")
}
