//! Daemon and client over a real socket, with an engine that does what a test says.

mod connections;
mod deadlines;
pub(crate) mod harness;
mod health;
#[path = "../../acceptance-tests/issuer.rs"]
mod issuer;
mod messages;
mod neighbours;
mod network;
mod newer;
mod page;
mod pauses;
mod resumption;
mod shared;

use crate::{
    EntryKind, LedgerEntry,
    contract::{API, Verb},
    forms::{Document, Forms},
    gate::MakeEngine,
    metrics::Metrics,
    operations::{Asked, Operations},
    outcome::Ending,
    reads::Reads,
    sight::Sight,
    store::{Entry, IfNew, JournalPlace, Store, open, tests::entry_of},
    trail::Trail,
    verify_file,
};
use futures_util::StreamExt as _;
use goldenpath_core::{
    domain::{Problem, Severity},
    policy::Identity,
    provision::{DaemonReports as _, EnsureRequest, Event, EventKind, OperationState, Provisioner},
};
use harness::{DaemonFixture, FakeEngine, ensure_of, gate, trail, until};
use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tonic::Code;

pub const HOUR: Duration = Duration::from_secs(3600);

pub fn request(id: &str) -> Asked {
    let request = serde_json::to_vec(&ensure_of("demo")).unwrap();
    Asked {
        caller: Identity::Own,
        id: id.into(),
        verb: Verb::Ensure,
        about: "demo".into(),
        allow: Document::new(API, *b"[]"),
        request: Document::new(API, request),
        gives_way: false,
    }
}

pub async fn operations(place: &JournalPlace, engine: &Arc<FakeEngine>) -> Arc<Operations> {
    operations_in(&open(place, HOUR, Forms::own()).await.unwrap(), engine)
}

pub fn operations_in(store: &Arc<dyn Store>, engine: &Arc<FakeEngine>) -> Arc<Operations> {
    operations_with(store, always(engine), &trail())
}

fn always(engine: &Arc<FakeEngine>) -> MakeEngine {
    let engine = engine.clone();
    Arc::new(move |_| Ok(engine.clone()))
}

fn operations_with(store: &Arc<dyn Store>, engines: MakeEngine, trail: &Arc<Trail>) -> Arc<Operations> {
    let metrics = Metrics::new();
    let reads = Reads::new(Duration::ZERO, metrics.clone());
    let operations = Operations::new(store.clone(), gate(engines, trail), trail.clone(), reads, metrics);
    tokio::spawn(operations.clone().tend());
    operations
}

#[tokio::test]
async fn an_operation_goes_on_without_its_client_and_an_equal_request_joins_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(FakeEngine::default());
    let store = open(&JournalPlace::File(folder.path().join("journal.db")), HOUR, Forms::own()).await.unwrap();
    let operations = operations_in(&store, &engine);
    let run = |id: &'static str| {
        let (operations, engine) = (operations.clone(), engine.clone());
        tokio::spawn(async move { operations.run(request(id), engine).await })
    };
    let first = run("one");
    until(|| engine.ensures() == 1).await;
    let second = run("two");
    until(|| engine.ensures() == 2).await;
    for client in [first, second] {
        client.abort();
        assert!(client.await.is_err(), "the client is gone");
    }
    assert_eq!(operations.count(), 2, "its operation is not");
    let successor = run("three");
    let same = run("one");
    while store.operation_of("three").await.unwrap() == "three" {
        tokio::task::yield_now().await;
    }
    engine.release(9);
    let (joined, outcome) = successor.await.unwrap().unwrap();
    assert!(["one", "two"].contains(&joined.as_str()), "it waits for what nobody waits for: {joined}");
    assert_eq!(same.await.unwrap().unwrap().1, outcome, "by its own id");
    operations.end().await;
    assert_eq!(engine.ensures(), 2, "while the first one's client waited, the second began its own");

    assert_eq!(operations.run(request("one"), engine.clone()).await.unwrap().1, outcome, "an outcome is kept");
    let refused = operations.run(request("four"), engine.clone()).await;
    assert!(refused.is_err() && engine.ensures() == 2, "a daemon that ends begins nothing");
    let other = Asked { allow: Document::new(API, *b"[{}]"), ..request("one") };
    assert!(operations.run(other, engine.clone()).await.is_err(), "another request under a known id");
    let caller = Identity::Kubernetes { user: "system:serviceaccount:pay:ci".into(), groups: vec![] };
    let other = Asked { caller, ..request("one") };
    assert!(operations.run(other, engine).await.is_err(), "somebody else under a known id");
}

#[tokio::test]
async fn a_killed_daemon_resumes_and_the_client_gets_the_outcome() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let client = fixture.bounded_client(r#"{"teams": ["pay"]}"#);
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| fixture.engine.ensures() == 1).await;
    daemon.kill();
    let daemon = fixture.start().await;
    until(|| fixture.engine.ensures() == 2).await;
    fixture.engine.release(9);
    let outcome = waiting.await.unwrap();
    assert_eq!(outcome.problems[0].code, "fake.done", "{:?}", outcome.problems);
    assert_eq!(fixture.engine.ensures(), 2, "asked again, it was not begun again");
    let bounds = fixture.bounds();
    assert!(bounds.iter().all(|bounds| bounds.contains("pay")), "the client's bounds hold on: {bounds:?}");
    daemon.end();
    fixture.start().await.end();
    assert_eq!(fixture.engine.ensures(), 2, "what has ended is not run again");
}

#[tokio::test]
async fn a_daemon_that_ends_waits_for_what_runs_and_accepts_nothing_new() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let client = fixture.client();
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| fixture.engine.ensures() == 1).await;
    let ending = daemon.begin_to_end();
    until(|| !fixture.socket().exists()).await;
    let late = fixture.client().only_cluster().await;
    assert_eq!(late.unwrap_err().code, "target.unavailable", "its socket is gone first");
    fixture.engine.release(9);
    assert_eq!(waiting.await.unwrap().problems[0].code, "fake.done");
    ending.join().unwrap();
}

#[tokio::test]
async fn a_cancellation_reaches_the_operation() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let client = fixture.client();
    let request = ensure_of("demo");
    let cancel = request.cancel.clone();
    let waiting = tokio::spawn(async move { client.ensure(request).await });
    until(|| fixture.engine.ensures() == 1).await;
    cancel.cancel();
    assert_eq!(waiting.await.unwrap().problems[0].code, "fake.cancelled");
    daemon.end();
}

#[tokio::test]
async fn two_clients_each_have_an_engine_and_bounds_of_their_own() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let (one, two) = (fixture.client(), fixture.bounded_client(r#"{"teams": ["pay"]}"#));
    let (cluster, id) = ("demo".parse().unwrap(), ensure_of("demo").spec.id());
    let (facts, found) = tokio::join!(one.facts(&cluster), two.find(&id));
    assert_eq!(facts.unwrap_err().code, "fake.facts", "a problem arrives as one");
    assert_eq!(found.unwrap(), None);
    let preview = one.preview_remove(&harness::removal_of("demo")).await;
    assert_eq!(preview, [], "the connection is used again");
    assert_eq!(
        fixture.bounds(),
        ["[]", r#"[{"teams":["pay"],"environments":null,"tiers":null,"clusters":null,"golden_paths":null}]"#]
    );
    daemon.end();
}

#[tokio::test]
async fn a_daemon_out_of_reach_is_an_unavailable_target() {
    let fixture = DaemonFixture::new();
    let client = fixture.client();
    let outcome = client.ensure(ensure_of("demo")).await;
    let observed = client.only_cluster().await.unwrap_err();
    for problem in [&outcome.problems[0], &observed] {
        assert_eq!((problem.code, problem.severity), ("target.unavailable", Severity::Error));
        assert!(problem.summary.contains("daemon.sock") && problem.detail.contains("daemon --config"), "{problem}");
    }
    let daemon = fixture.start().await;
    assert_eq!(client.only_cluster().await.unwrap(), None, "it is asked again each time");
    daemon.end();
    let daemon = fixture.start().await;
    assert_eq!(client.only_cluster().await.unwrap(), None, "and connects to the next daemon");
    daemon.end();
}

#[tokio::test]
async fn without_its_ledger_a_daemon_accepts_nothing() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    std::fs::remove_file(fixture.audit()).unwrap();
    let outcome = fixture.client().ensure(ensure_of("demo")).await;
    assert_eq!(outcome.problems[0].code, "daemon.ledger", "{:?}", outcome.problems);
    assert_eq!(fixture.engine.ensures(), 0, "nothing began");
    daemon.end();
}

#[tokio::test]
async fn the_ledger_holds_what_was_asked() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let timeouts = Some(serde_json::json!({ "create": "x".repeat(100_000) }));
    let large = EnsureRequest { timeouts, ..ensure_of("other") };
    for request in [ensure_of("demo"), large] {
        fixture.engine.release(1);
        assert_eq!(fixture.client().ensure(request).await.problems[0].code, "fake.done");
    }
    daemon.end();
    let mut accepted = vec![];
    let mut keep = |entry: &LedgerEntry, _: &str| {
        if entry.kind == EntryKind::Accepted {
            accepted.push(entry.detail.clone());
        }
    };
    verify_file(&fixture.audit(), vec![], &mut keep).unwrap();
    let [small, large] = &accepted[..] else { panic!("{accepted:?}") };
    assert_eq!(small["request"]["spec"], serde_json::to_value(ensure_of("demo").spec).unwrap());
    assert_eq!((&small["bounds"], small["digest"].as_str().map(str::len)), (&serde_json::json!([]), Some(64)));
    assert!(large["left_out"]["request"].is_string() && large["digest"].is_string(), "{large}");
    assert!(large["request"].is_null(), "it was carried out, and is too large for an entry: {large}");
}

#[tokio::test]
async fn nothing_is_healed_before_what_was_asked_for_and_waits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&JournalPlace::File(folder.path().join("journal.db")), HOUR, Forms::own()).await.unwrap();
    let engine = Arc::new(FakeEngine::default());
    let operations = operations_in(&store, &engine);
    let waits = Entry { about: "demo".into(), ..entry_of("one") };
    // Claimed, and so begun by nobody here.
    store.accept(&waits, IfNew::Begin).await.unwrap();
    let heal = || operations.run(Asked { gives_way: true, ..request("two") }, engine.clone());
    assert_eq!(heal().await.unwrap_err().code(), Code::Aborted, "it would put back what an apply is about to change");
    let ended = Document::new(API, *b"done");
    store.end("one", &ended, &Ending::read(&ended.bytes)).await.unwrap();
    engine.release(1);
    assert!(heal().await.is_ok(), "which has ended");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_begun_begins_once_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&JournalPlace::File(folder.path().join("journal.db")), HOUR, Forms::own()).await.unwrap();
    let request = serde_json::to_vec(&ensure_of("demo")).unwrap();
    store.accept(&Entry { about: "demo".into(), request, ..entry_of("one") }, IfNew::Queue).await.unwrap();
    let (engine, is_there) = (Arc::new(FakeEngine::default()), AtomicBool::new(false));
    let own = engine.clone();
    // As while its kubeconfig is being written.
    let engines: MakeEngine = Arc::new(move |_| -> Result<Arc<dyn Provisioner>, Problem> {
        match is_there.swap(true, Ordering::SeqCst) {
            true => Ok(own.clone()),
            false => Err(Problem::error("daemon.target", "No target", "Wait.")),
        }
    });
    let _operations = operations_with(&store, engines, &trail());
    until(|| engine.ensures() == 1).await;
}

#[tokio::test]
async fn what_is_no_operation_of_its_own_is_not_shown_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, engine, trail) = (folder.path().join("journal.db"), Arc::new(FakeEngine::default()), trail());
    let store = open(&JournalPlace::File(journal.clone()), HOUR, Forms::own()).await.unwrap();
    let operations = operations_with(&store, always(&engine), &trail);
    let run = |id: &'static str| {
        let (operations, engine) = (operations.clone(), engine.clone());
        tokio::spawn(async move { operations.run(request(id), engine).await })
    };
    let first = run("one");
    until(|| engine.ensures() == 1).await;
    first.abort();
    assert!(first.await.is_err(), "the client is gone");
    let _joined = run("two");
    while store.operation_of("two").await.unwrap() == "two" {
        tokio::task::yield_now().await;
    }
    std::fs::remove_file(&journal).unwrap();
    assert!(run("three").await.unwrap().is_err(), "what the journal does not hold is refused");
    let watching = trail.events.watch(None, Sight::All);
    trail.events.end();
    let shown: Vec<String> =
        watching.filter_map(|event| ready(event.ok().map(|event| event.operation))).collect().await;
    assert_eq!(shown, ["one"], "neither what has joined it nor what was refused");
}

#[tokio::test]
async fn a_watcher_follows_an_operation_to_its_end() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let client = fixture.client();
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| fixture.engine.ensures() == 1).await;
    let watcher = fixture.client();
    let running = watcher.operations().await.unwrap().remove(0);
    assert_eq!((running.state, running.caller.as_str()), (OperationState::Running, "the daemon's own user"));
    let id = running.id.clone();
    let watching = tokio::spawn(async move {
        let mut shown = vec![];
        let mut show = |event: Event| {
            shown.push(event.kind);
            true
        };
        watcher.watch(Some(&id), &mut show).await.map(|()| shown)
    });
    fixture.engine.release(9);
    waiting.await.unwrap();
    let shown = watching.await.unwrap().unwrap();
    assert_eq!(shown.last(), Some(&EventKind::Ended), "{shown:?}");
    let mut again = vec![];
    let mut show = |event: Event| {
        again.push(event.text);
        true
    };
    fixture.client().watch(Some(&running.id), &mut show).await.unwrap();
    assert_eq!(again, ["ended without a result"], "what is over is said at once");
    let unknown = fixture.client().watch(Some("op-x"), &mut |_| true).await.unwrap_err();
    assert_eq!(unknown.code, "daemon.no_operation");
    daemon.end();
}
