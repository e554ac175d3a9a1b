//! Two daemons on one PostgreSQL and one sandbox, and a client that reaches whichever is there, as behind the address of a Service.

use super::{FailureFixture, environment};
use crate::{
    daemon::Daemon,
    sandbox::{FaultRow, Sandbox},
    server::Server,
    stories::releases::RELEASE,
    until::{until, until_beside},
};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Action, Instance, as_text, no_errors},
    load::Load,
    servers::PostgresServer,
    tools::command_line,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    pin::Pin,
    process::Command,
    time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::sleep};

const LONG: Duration = Duration::from_secs(60);

pub type Check = fn(PostgresServer) -> Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Check); 6] = [
    ("one is killed in mid-apply", |server| Box::pin(one_is_killed(server))),
    ("one stands still in mid-apply and goes on", |server| Box::pin(stands_still(server))),
    ("PostgreSQL restarts under load", |server| Box::pin(postgres_restarts(server))),
    ("PostgreSQL is gone for a minute in mid-apply", |server| Box::pin(postgres_is_gone(server))),
    ("what one finds and what one pauses, both know", |server| Box::pin(both_know(server, None))),
    ("what runs at one is watched at the other", |server| Box::pin(work_is_watched(server, None))),
];

/// The one that is there first compares clusters.
pub(super) async fn both_know(postgres: PostgresServer, releases: Option<[&str; 2]>) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let sandbox = format!("sandbox: {{ path: {} }}", folder.path().join("sandbox.db").display());
    let lines = format!("journal: {}\nreconcile: {{ interval: 1s }}\n", postgres.database("journal")?);
    let daemon = |number: usize| Daemon::with(&sandbox, &lines, environment_of(releases, number));
    let daemons = [daemon(0)?, daemon(1)?];
    Load::prepare(&daemons[0].socket(), "pay", 1).await?;
    let paused =
        Command::new(command_line()?).args(["pause", "demo/pay-0", "--endpoint", &daemons[1].endpoint()]).output()?;
    ensure!(paused.status.success(), "{}", String::from_utf8_lossy(&paused.stderr));
    let known = |one: &Json| one["id"] == "demo/pay-0" && !one["drift"].is_null() && one["is_paused"] == true;
    for daemon in &daemons {
        until("it knows what both know", || {
            let listed = daemon.query(&["environments"])?;
            Ok(listed["instances"].as_array().is_some_and(|instances| instances.iter().any(known)))
        })?;
    }
    Ok(())
}

/// Of a daemon, if it is to be of another release.
fn environment_of(releases: Option<[&str; 2]>, number: usize) -> Vec<(String, String)> {
    releases.map(|releases| (RELEASE.to_owned(), releases[number].to_owned())).into_iter().collect()
}

pub(super) struct ReplicasFixture {
    pub(super) postgres: PostgresServer,
    pub(super) target: FailureFixture,
    folder: tempfile::TempDir,
    pub(super) daemons: [Daemon; 2],
    pub(super) server: Server,
}

// === impl ReplicasFixture ===

impl ReplicasFixture {
    async fn new(postgres: PostgresServer) -> Result<Self> {
        Self::of_releases(postgres, None).await
    }

    pub(super) async fn of_releases(postgres: PostgresServer, releases: Option<[&str; 2]>) -> Result<Self> {
        let target = FailureFixture::new().await?;
        let (sandbox, journal) = (target.path(), postgres.database("journal")?);
        let daemon = |number: usize| {
            let lines = format!("journal: {journal}\n");
            let target = format!("sandbox: {{ path: {} }}", sandbox.display());
            Daemon::with(&target, &lines, environment_of(releases, number))
        };
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        let daemons = [daemon(0)?, daemon(1)?];
        let fixture = Self { postgres, target, folder, daemons, server: Server::start()? };
        fixture.reach(0)?;
        Ok(fixture)
    }

    fn address(&self) -> PathBuf {
        self.folder.path().join("daemon.sock")
    }

    pub(super) fn reach(&self, number: usize) -> Result<()> {
        // Its path may not be there yet.
        let _ = fs::remove_file(self.address());
        Ok(symlink(self.daemons[number].socket(), self.address())?)
    }

    pub(super) async fn instance(&self) -> Result<Instance> {
        let endpoint = format!("unix://{}", self.address().display());
        let client = self.server.client(&json!({ "daemon": { "endpoint": endpoint } })).await?;
        Ok(Instance::new(&client, ENVIRONMENT))
    }

    pub(super) fn sandbox(&self) -> Sandbox {
        Sandbox::at(&self.target.path())
    }

    /// This one dies at that write of an apply, and the other one finishes.
    pub(super) async fn is_taken_over(&mut self, first: usize, step: u32, how: &'static str) -> Result<()> {
        self.reach(first)?;
        let before = self.sandbox().ours()?;
        let mut instance = self.instance().await?;
        let planned = instance.plan(Some(&environment())).await?;
        let wanted = planned.keys();
        self.sandbox().fault(&FaultRow::new(how).verb("write").nth(step))?;
        let said = {
            let apply = instance.apply(planned, None);
            let other = async {
                until_beside("the first daemon is killed", || self.daemons[first].is_dead()).await?;
                self.reach(1 - first)
            };
            let (said, reached): (_, Result<()>) = tokio::join!(apply, other);
            reached?;
            said?
        };
        no_errors(&said, "the apply that waited")?;
        self.is_whole(&mut instance, wanted, before).await?;
        let gone = instance.plan_and_apply(None).await?;
        no_errors(&gone, "destroy")?;
        self.postgres.run("journal", "DELETE FROM operation")?;
        self.daemons[first].start_again()
    }

    /// All that was planned is there, once, and the next plan has nothing to do.
    pub(super) async fn is_whole(
        &self,
        instance: &mut Instance,
        wanted: BTreeSet<String>,
        before: Vec<String>,
    ) -> Result<()> {
        no_errors(&instance.refresh().await?, "refresh")?;
        let next = instance.plan(Some(&environment())).await?;
        no_errors(&next.said, "the plan after it")?;
        ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
        let there: BTreeSet<String> = self.sandbox().ours()?.into_iter().collect();
        let expected: BTreeSet<String> = wanted.into_iter().chain(before).collect();
        ensure!(there == expected, "there is {there:?}");
        let counts = self.postgres.run("journal", "SELECT count(*), count(ended_at) FROM operation")?;
        ensure!(counts == "1|1", "one operation has ended: {counts}");
        Ok(())
    }
}

async fn one_is_killed(postgres: PostgresServer) -> Result<()> {
    let mut fixture = ReplicasFixture::new(postgres).await?;
    for (step, how) in [(1, "exit-after"), (4, "exit"), (9, "exit-after")] {
        fixture.is_taken_over(0, step, how).await.with_context(|| format!("{how} write {step}"))?;
    }
    Ok(())
}

/// Its claim is over before it goes on, and another daemon has its operation: the record in the target keeps them apart.
async fn stands_still(postgres: PostgresServer) -> Result<()> {
    let fixture = ReplicasFixture::new(postgres).await?;
    let before = fixture.sandbox().ours()?;
    let mut instance = fixture.instance().await?;
    let planned = instance.plan(Some(&environment())).await?;
    let wanted = planned.keys();
    fixture.sandbox().fault(&FaultRow::new("slow:300").verb("apply"))?;
    let claims =
        "SELECT count(DISTINCT claimed_by) FROM operation WHERE claimed_by <> (SELECT min(claimed_by) FROM claims)";
    let said = {
        let apply = instance.apply(planned, None);
        let meddle = async {
            until_beside("the apply makes four", || Ok(fixture.sandbox().ours()?.len() >= before.len() + 4)).await?;
            fixture.postgres.run("journal", "CREATE TABLE claims AS SELECT claimed_by FROM operation")?;
            fixture.daemons[0].stand_still()?;
            until_beside("another one takes it over", || Ok(fixture.postgres.run("journal", claims)? == "1")).await?;
            // The second one is at work, or waits for the lease.
            sleep(Duration::from_millis(500)).await;
            fixture.daemons[0].go_on()
        };
        let (said, meddled): (_, Result<()>) = tokio::join!(apply, meddle);
        meddled?;
        said?
    };
    no_errors(&said, "the apply that waited")?;
    fixture.sandbox().clear_faults()?;
    fixture.is_whole(&mut instance, wanted, before).await
}

async fn postgres_restarts(postgres: PostgresServer) -> Result<()> {
    let ReplicasFixture { mut postgres, daemons, .. } = ReplicasFixture::new(postgres).await?;
    let one = Load::prepare(&daemons[0].socket(), "one", 8).await?;
    let two = Load::prepare(&daemons[1].socket(), "two", 8).await?;
    postgres.run("journal", "DELETE FROM operation")?;
    let running = async { tokio::try_join!(one.run(25), two.run(25)).map(drop) };
    // Beside the clients, which go on asking meanwhile.
    let restart = spawn_blocking(move || -> Result<PostgresServer> {
        for _ in 0..2 {
            let begun = Instant::now();
            while postgres.run("journal", "SELECT count(*) >= 20 FROM operation")? == "f" {
                ensure!(begun.elapsed() < LONG, "there is no load");
                std::thread::sleep(Duration::from_millis(10));
            }
            postgres.stop()?;
            std::thread::sleep(Duration::from_secs(1));
            postgres.start_again()?;
        }
        Ok(postgres)
    });
    let (ran, postgres) = tokio::join!(running, restart);
    ran?;
    let counts = postgres??.run("journal", "SELECT count(*), count(ended_at) FROM operation")?;
    ensure!(counts == "400|400", "each was accepted once and has ended: {counts}");
    Ok(())
}

/// What runs goes on, and its end is written when the database is back; what is new is refused meanwhile.
async fn postgres_is_gone(postgres: PostgresServer) -> Result<()> {
    let mut fixture = ReplicasFixture::new(postgres).await?;
    let before = fixture.sandbox().ours()?;
    let (mut instance, mut late) = (fixture.instance().await?, fixture.instance().await?);
    let planned = instance.plan(Some(&environment())).await?;
    let wanted = planned.keys();
    let mut other = environment();
    other["name"] = json!("other");
    let of_other = late.plan(Some(&other)).await?;
    fixture.sandbox().fault(&FaultRow::new("slow:200").verb("apply"))?;
    let (sandbox, count) = (fixture.sandbox(), before.len());
    let said = {
        let apply = instance.apply(planned, None);
        let outage = async {
            until_beside("the apply makes two", || Ok(sandbox.ours()?.len() >= count + 2)).await?;
            fixture.postgres.stop()?;
            let away = Instant::now();
            let refused = as_text(&late.apply(of_other, None).await?);
            ensure!(refused.contains("can't be reached"), "what is new is refused: {refused}");
            sleep(Duration::from_secs(60).saturating_sub(away.elapsed())).await;
            fixture.postgres.start_again()
        };
        let (said, ended): (_, Result<()>) = tokio::join!(apply, outage);
        ended?;
        said?
    };
    no_errors(&said, "the apply that waited")?;
    fixture.sandbox().clear_faults()?;
    fixture.is_whole(&mut instance, wanted, before).await
}

/// The one that a watcher asks is not the one that does the work.
pub(super) async fn work_is_watched(postgres: PostgresServer, releases: Option<[&str; 2]>) -> Result<()> {
    let fixture = ReplicasFixture::of_releases(postgres, releases).await?;
    let mut instance = fixture.instance().await?;
    let planned = instance.plan(Some(&environment())).await?;
    fixture.sandbox().fault(&FaultRow::new("slow:300").verb("apply"))?;
    let other = fixture.daemons[1].endpoint();
    let apply = instance.apply(planned, None);
    let watch = async {
        let begun = Instant::now();
        let id = loop {
            ensure!(begun.elapsed() < LONG, "no operation is known");
            let listed = look(&["operations", "--json", "--endpoint", &other]).await?;
            let listed: Json = serde_json::from_str(&listed).context("no list")?;
            if let Some(id) = listed[0]["id"].as_str().filter(|_| listed[0]["state"] == "running") {
                break id.to_owned();
            }
            sleep(Duration::from_millis(50)).await;
        };
        look(&["watch", &id, "--json", "--endpoint", &other]).await
    };
    let (said, shown): (_, Result<String>) = tokio::join!(apply, watch);
    no_errors(&said?, "apply")?;
    let events = shown?.lines().map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
    let steps = events.iter().filter(|event| event["kind"] == "step").count();
    let last = events.last().context("nothing was shown")?;
    ensure!(steps >= 2 && last["kind"] == "ended" && last["text"] == "done", "{events:#?}");
    Ok(())
}

/// What a command prints.
async fn look(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(command_line()?);
    command.args(arguments);
    let output = spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
