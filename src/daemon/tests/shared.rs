//! Several daemons on one database.

use super::{
    harness::{DaemonFixture, FakeEngine, LONG, ensure_of, until},
    operations, request,
};
use crate::{
    contract::API,
    forms::Document,
    operations::{Asked, Operations},
    store::{
        JournalPlace,
        tests::{place, server},
    },
};
use acceptance_tests::servers::PostgresServer;
use goldenpath_core::{
    policy::Identity,
    provision::{DaemonReports as _, Event, EventKind, Provisioner},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::block_in_place,
    time::{sleep, timeout},
};

fn journal(server: &PostgresServer) -> JournalPlace {
    place(&server.database("journal").unwrap())
}

/// Beside the daemons, which have claims to keep meanwhile: each look is a process.
fn look(server: &PostgresServer, statement: &str) -> String {
    block_in_place(|| server.run("journal", statement).unwrap())
}

/// Looks seldom, for the sake of the machine.
async fn until_there(server: &PostgresServer, statement: &str, holds: impl Fn(&str) -> bool) {
    let wait = async {
        while !holds(&look(server, statement)) {
            sleep(Duration::from_millis(250)).await;
        }
    };
    timeout(LONG, wait).await.unwrap_or_else(|_| panic!("{statement} finds {}", look(server, statement)));
}

/// Which daemon the client with this id waits at.
fn daemon_of(client: &str) -> String {
    format!("SELECT daemon FROM operation_client WHERE id = '{client}'")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_one_whichever_daemon_is_asked() {
    let Some(server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let (one, two) = (operations(&place, &engine).await, operations(&place, &engine).await);
    let run = |at: &Arc<Operations>, id: &'static str| {
        let (at, engine) = (at.clone(), engine.clone());
        tokio::spawn(async move { at.run(request(id), engine).await.unwrap() })
    };
    let first = run(&one, "a");
    until(|| engine.ensures() == 1).await;
    let before = look(&server, &daemon_of("a"));
    let same = run(&two, "a");
    until_there(&server, &daemon_of("a"), |daemon| daemon != before).await;
    first.abort();
    let equal = run(&two, "b");
    until(|| engine.ensures() == 2).await;
    assert_eq!(
        two.count(),
        1,
        "the client at the second one waits for the first operation, so an equal one is another"
    );
    equal.abort();
    assert!(equal.await.is_err(), "the client is gone");
    let waiting = "SELECT count(*) FROM operation_client WHERE operation = 'b' AND until > now()";
    until_there(&server, waiting, |count| count == "0").await;
    let successor = run(&one, "c");
    until_there(&server, waiting, |count| count == "1").await;
    assert_eq!(engine.ensures(), 2, "an equal request at the first one joins what nobody waits for at the second");
    two.cancel(&Identity::Own, "a").await;
    let (id, outcome) = same.await.unwrap();
    assert!(
        id == "a" && String::from_utf8_lossy(&outcome.bytes).contains("fake.cancelled"),
        "cancelled where it does not run"
    );
    engine.release(9);
    assert_eq!(successor.await.unwrap().0, "b");
    assert_eq!(run(&two, "a").await.unwrap().1, outcome, "an outcome is kept for every daemon");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_daemon_finishes_what_a_killed_one_has_begun() {
    let Some(server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let (one, two) = (DaemonFixture::on(place.clone(), &engine), DaemonFixture::on(place, &engine));
    let (first, second) = (one.start().await, two.start().await);
    let client = one.client();
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| engine.ensures() == 1).await;
    first.kill();
    until(|| engine.ensures() == 2).await;
    let first = one.start().await;
    engine.release(9);
    let outcome = waiting.await.unwrap();
    assert_eq!(outcome.problems[0].code, "fake.done", "asked again, whoever it is asked of: {:?}", outcome.problems);
    assert_eq!(engine.ensures(), 2, "it was begun by one other daemon");
    first.end();
    second.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_lost_says_nothing_and_its_client_gets_what_the_new_holder_says() {
    let Some(server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let one = operations(&place, &engine).await;
    let waiting = {
        let (one, engine) = (one.clone(), engine.clone());
        tokio::spawn(async move { one.run(request("a"), engine).await.unwrap().1 })
    };
    until(|| engine.ensures() == 1).await;
    // As if the first daemon had stood still for longer than its claim held, and then gone on.
    look(&server, "UPDATE operation SET claimed_by = 'the second', claimed_until = now() + interval '1 hour'");
    engine.release(1);
    until(|| one.count() == 0).await;
    assert!(!waiting.is_finished(), "the first one's end does not count");
    look(&server, "UPDATE operation SET ended_at = now(), outcome = 'of the second', outcome_form = 1");
    assert_eq!(*waiting.await.unwrap().bytes, *b"of the second", "that of the second does");
    assert_eq!(engine.ensures(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_where_a_claim_was_lost_sees_the_end_that_counts() {
    let Some(server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let fixture = DaemonFixture::on(place, &engine);
    let daemon = fixture.start().await;
    let client = fixture.client();
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| engine.ensures() == 1).await;
    let look_at = fixture.client();
    let (id, seen) = (look_at.operations().await.unwrap()[0].id.clone(), Arc::new(Mutex::new(vec![])));
    let (watcher, shown) = (fixture.client(), seen.clone());
    let watching = tokio::spawn(async move {
        let mut show = |event: Event| {
            shown.lock().unwrap().push((event.kind, event.text));
            true
        };
        watcher.watch(Some(&id), &mut show).await.unwrap();
    });
    until(|| !seen.lock().unwrap().is_empty()).await;
    look(&server, "UPDATE operation SET claimed_by = 'the second', claimed_until = now() + interval '1 hour'");
    engine.release(1);
    while look_at.status().await.unwrap().running_operations > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let outcome = r#"{"exists":null,"problems":[{"severity":"error","code":"fake.failed","summary":"It failed there","detail":"","field":[]}]}"#;
    look(&server, &format!("UPDATE operation SET ended_at = now(), outcome = '{outcome}', outcome_form = 1"));
    timeout(LONG, watching).await.unwrap().unwrap();
    let ends: Vec<_> = seen.lock().unwrap().iter().filter(|(kind, _)| *kind == EventKind::Ended).cloned().collect();
    assert_eq!(ends, [(EventKind::Ended, "failed: It failed there".to_owned())], "not that of the first");
    assert_eq!(waiting.await.unwrap().problems[0].code, "fake.failed");
    daemon.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_loses_and_doubles_nothing() {
    let Some(mut server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let (one, two) = (operations(&place, &engine).await, operations(&place, &engine).await);
    let run = |at: &Arc<Operations>, id: &'static str| {
        let (at, engine) = (at.clone(), engine.clone());
        tokio::spawn(async move { at.run(request(id), engine).await })
    };
    let (first, elsewhere) = (run(&one, "a"), run(&one, "b"));
    until(|| engine.ensures() == 2).await;
    let before = look(&server, &daemon_of("b"));
    let elsewhere_too = run(&two, "b");
    until_there(&server, &daemon_of("b"), |daemon| daemon != before).await;
    block_in_place(|| server.stop().unwrap());
    engine.release(1);
    let refused = run(&two, "c").await.unwrap().unwrap_err();
    assert!(refused.message().contains("can't be reached"), "{refused:?}");
    assert_eq!(engine.ensures(), 2, "what is not in the journal is not begun");
    assert!(!first.is_finished() && !elsewhere.is_finished(), "what has ended is kept until it can be written");
    block_in_place(|| server.start_again().unwrap());
    let ended = "SELECT count(*) FROM operation WHERE ended_at IS NOT NULL";
    until_there(&server, ended, |count| count == "1").await;
    engine.release(9);
    for waiting in [first, elsewhere, elsewhere_too] {
        assert!(waiting.await.unwrap().is_ok(), "each client gets its outcome");
    }
    assert!(run(&two, "c").await.unwrap().is_ok(), "and new ones are accepted again");
    assert_eq!(engine.ensures(), 3, "none was begun twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_are_queued() {
    let Some(server) = server() else { return };
    let (place, engine) = (journal(&server), Arc::new(FakeEngine::default()));
    let (one, two) = (operations(&place, &engine).await, operations(&place, &engine).await);
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let (at, engine) = (if number % 2 == 0 { one.clone() } else { two.clone() }, engine.clone());
        let cluster = format!("demo-{number}");
        let document = Document::new(API, serde_json::to_vec(&ensure_of(&cluster)).unwrap());
        let asked = Asked { id: format!("op-{number}"), about: cluster, request: document, ..request("") };
        waiting.spawn(async move { at.run(asked, engine).await.unwrap().0 });
    }
    let count = "SELECT count(*) FROM operation";
    until_there(&server, count, |count| count == "1000").await;
    // A daemon carries out so many at once, and begins them when it has read that they are its own.
    until(|| (one.count(), two.count(), engine.ensures()) == (64, 64, 128)).await;
    engine.release(1000);
    let mut ended = waiting.join_all().await;
    ended.sort();
    ended.dedup();
    assert_eq!((ended.len(), engine.ensures()), (1000, 1000), "each once");
}
