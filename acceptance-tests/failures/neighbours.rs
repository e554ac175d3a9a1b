//! Two daemons of neighbouring releases on one PostgreSQL, as while daemons are replaced one by one, or an upgrade is taken back.
//! Between the two releases every document has another form: what one of them writes the other one reads through a conversion, or not
//! at all.

use super::{
    environment,
    replicas::{Check, ReplicasFixture, both_know, work_is_watched},
};
use crate::{
    sandbox::FaultRow,
    server::Server,
    stories::releases::{NEWER, OLDER, RELEASE},
    until::until_beside,
};
use acceptance_tests::{client::no_errors, load::Load, servers::PostgresServer};
use anyhow::{Context as _, Result, ensure};

pub const CHECKS: [(&str, Check); 4] = [
    ("two releases share the work, and an upgrade drains", |server| Box::pin(upgrade_drains(server))),
    ("one release finishes what another one has begun", |server| Box::pin(neighbour_finishes(server))),
    ("what a newer release finds, an older one shows", |server| Box::pin(both_know(server, Some([NEWER, OLDER])))),
    ("what runs at a newer release is watched at an older one", |server| {
        Box::pin(work_is_watched(server, Some([NEWER, OLDER])))
    }),
];

/// Neighbours on one database: each does its part, and the older one ends as it is replaced, with all that it has begun.
async fn upgrade_drains(postgres: PostgresServer) -> Result<()> {
    let mut fixture = ReplicasFixture::of_releases(postgres, Some([OLDER, NEWER])).await?;
    let one = Load::prepare(&fixture.daemons[0].socket(), "one", 4).await?;
    let two = Load::prepare(&fixture.daemons[1].socket(), "two", 4).await?;
    fixture.postgres.run("journal", "DELETE FROM operation")?;
    tokio::try_join!(one.run(10), two.run(10))?;
    let counts = fixture.postgres.run("journal", "SELECT count(*), count(ended_at) FROM operation")?;
    ensure!(counts == "80|80", "each was accepted once and has ended: {counts}");
    fixture.postgres.run("journal", "DELETE FROM operation")?;

    let before = fixture.sandbox().ours()?;
    let mut instance = fixture.instance().await?;
    let planned = instance.plan(Some(&environment())).await?;
    let wanted = planned.keys();
    fixture.sandbox().fault(&FaultRow::new("slow:200").verb("apply"))?;
    let apply = instance.apply(planned, None);
    let replace = async {
        until_beside("the apply makes two", || Ok(fixture.sandbox().ours()?.len() >= before.len() + 2)).await?;
        fixture.reach(1)?;
        fixture.daemons[0].begin_to_end()
    };
    let (said, replaced): (_, Result<()>) = tokio::join!(apply, replace);
    replaced?;
    no_errors(&said?, "the apply that waited")?;
    fixture.sandbox().clear_faults()?;
    fixture.daemons[0].wait_until_dead()?;
    let id = fixture.postgres.run("journal", "SELECT id FROM operation")?;
    let (older, newer) = (fixture.daemons[0].ledger()?, fixture.daemons[1].ledger()?);
    ensure!(older.contains(&format!("\"ended\",\"operation\":\"{id}\"")), "the older one has finished what it began");
    ensure!(!newer.contains(&id), "the newer one had nothing to take over");
    // What asks next is served by the newer one, which goes on from what the older one has written.
    fixture.is_whole(&mut instance, wanted, before).await?;
    no_errors(&instance.plan_and_apply(None).await?, "destroy")
}

/// Whichever of them dies in mid-apply, and whichever release the client is of, which asks the other one for the same operation.
async fn neighbour_finishes(postgres: PostgresServer) -> Result<()> {
    let releases = [OLDER, NEWER];
    let mut fixture = ReplicasFixture::of_releases(postgres, Some(releases)).await?;
    for provider in releases {
        fixture.server = Server::start_with(&[], &[(RELEASE.to_owned(), provider.to_owned())])?;
        for (first, killed) in releases.into_iter().enumerate() {
            let taken_over = fixture.is_taken_over(first, 4, "exit-after").await;
            taken_over.with_context(|| format!("a provider {provider}, and a daemon {killed} that is killed"))?;
        }
    }
    Ok(())
}
