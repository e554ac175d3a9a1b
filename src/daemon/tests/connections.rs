//! Many connections, and those on which nobody says anything.

use super::{
    HOUR, always,
    harness::{DaemonFixture, FakeClock, FakeEngine, LONG, ensure_of, until},
    issuer::Authority,
    operations, operations_with, request,
};
use crate::{
    Address, Client, ClientOptions, EntryKind, LedgerEntry,
    contract::API,
    events::Events,
    forms::{Document, Forms},
    ledger::Ledger,
    operations::Asked,
    store::{Entry, IfNew, JournalPlace, open, tests::entry_of},
    tls::CONNECT,
    trail::{Announced, Trail},
};
use futures_util::future::join_all;
use goldenpath_core::{policy::Identity, provision::Provisioner};
use std::{fs, sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    time::{Instant, sleep, timeout},
};

const MANY: usize = 2_000;

fn descriptors() -> usize {
    // The same as in /proc, and macOS has it too.
    fs::read_dir("/dev/fd").unwrap().count()
}

#[tokio::test]
async fn connections_leave_nothing_behind_and_silent_ones_are_closed() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let mut silent = UnixStream::connect(fixture.socket()).await.unwrap();
    fixture.client().only_cluster().await.unwrap();
    let before = descriptors();
    for number in 0..MANY {
        match number % 10 {
            0 => drop(fixture.client().only_cluster().await.unwrap()),
            _ => drop(UnixStream::connect(fixture.socket()).await.unwrap()),
        }
    }
    // Other tests of this process have some of their own.
    until(|| descriptors() < before + 100).await;
    let mut bytes = vec![];
    let closed = timeout(LONG, silent.read_to_end(&mut bytes)).await;
    assert!(closed.is_ok(), "whoever says nothing does not stay");
    daemon.end();
}

#[tokio::test(start_paused = true)]
async fn of_a_daemon_that_is_away_all_hear_as_soon_as_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new().write(&folder.path().join("ca.pem"));
    // Connections are made, and nobody takes them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = Address::Https { host: "127.0.0.1".into(), port, ca: Some(ca), own: None };
    let client = Client::new(ClientOptions { address, endpoint: "https://away".into(), token: None }, &[]);
    let begun = Instant::now();
    for problem in join_all((0..10).map(|_| client.only_cluster())).await {
        assert_eq!(problem.unwrap_err().code, "target.unavailable");
    }
    assert!(begun.elapsed() < 2 * CONNECT, "ten requests wait as one does: {:?}", begun.elapsed());
}

#[tokio::test]
async fn nobody_cancels_or_joins_the_operation_of_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(FakeEngine::default());
    let operations = operations(&JournalPlace::File(folder.path().join("journal.db")), &engine).await;
    let who = |name: &str| Identity::Certificate { common_name: name.to_owned(), uris: vec![] };
    let ask = |id: &'static str, caller: Identity| {
        let (operations, engine) = (operations.clone(), engine.clone());
        let asked = Asked { caller, ..request(id) };
        tokio::spawn(async move { operations.run(asked, engine).await })
    };
    let first = ask("one", who("pay"));
    until(|| engine.ensures() == 1).await;
    operations.cancel(&who("shop"), "one").await;
    first.abort();
    assert!(first.await.is_err(), "its client is gone");
    let other = ask("two", who("shop"));
    until(|| engine.ensures() == 2).await;
    let same = ask("three", who("pay"));
    // One that comes before the operation is joined cancels nothing.
    while !same.is_finished() {
        operations.cancel(&who("pay"), "three").await;
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(engine.ensures(), 2, "the same caller joins");
    let ended = |outcome: &Document| String::from_utf8_lossy(&outcome.bytes).into_owned();
    assert!(ended(&same.await.unwrap().unwrap().1).contains("fake.cancelled"), "and may cancel");
    engine.release(9);
    assert!(ended(&other.await.unwrap().unwrap().1).contains("fake.done"), "its own alone");
    operations.end().await;
}

#[tokio::test]
async fn who_cancelled_what_waits_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&JournalPlace::File(folder.path().join("journal.db")), HOUR, Forms::own()).await.unwrap();
    let path = folder.path().join("audit.jsonl");
    let clock = Arc::new(FakeClock::default());
    let ledger = Arc::new(Ledger::open(&path, clock.clone(), |_, _| {}).unwrap());
    let trail = Arc::new(Trail::new(ledger, Arc::new(Events::default()), clock, Announced::default()));
    let operations = operations_with(&store, always(&Arc::new(FakeEngine::default())), &trail);
    let caller = Identity::Certificate { common_name: "pay".to_owned(), uris: vec![] };
    // Claimed, and so begun by nobody here.
    let waits = Entry { caller: caller.clone(), ..entry_of("one") };
    store.accept(&waits, IfNew::Begin).await.unwrap();
    operations.cancel(&Identity::Own, "one").await;
    for _ in 0..2 {
        operations.cancel(&caller, "one").await;
    }
    let ledger = fs::read_to_string(&path).unwrap();
    let entries = ledger.lines().map(|line| LedgerEntry::read(line).unwrap().0);
    let cancelled: Vec<LedgerEntry> = entries.filter(|entry| entry.kind == EntryKind::Cancelled).collect();
    let [entry] = &cancelled[..] else { panic!("once: {ledger}") };
    let found = (entry.operation.as_str(), entry.about.as_str(), entry.caller.clone());
    assert_eq!(found, ("one", "demo/pay", caller.to_string()));
}

#[tokio::test]
async fn a_thousand_are_queued_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(FakeEngine::default());
    let operations = operations(&JournalPlace::File(folder.path().join("journal.db")), &engine).await;
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let (operations, engine, cluster) = (operations.clone(), engine.clone(), format!("demo-{number}"));
        let document = Document::new(API, serde_json::to_vec(&ensure_of(&cluster)).unwrap());
        let asked = Asked { id: format!("op-{number}"), about: cluster, request: document, ..request("") };
        waiting.spawn(async move { operations.run(asked, engine).await.unwrap().0 });
    }
    let are_queued = async {
        while operations.waiting().await.unwrap() != 1000 - 64 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, are_queued).await.unwrap();
    until(|| (operations.count(), engine.ensures()) == (64, 64)).await;
    engine.release(1000);
    let mut ended = waiting.join_all().await;
    ended.sort();
    ended.dedup();
    assert_eq!((ended.len(), engine.ensures()), (1000, 1000), "each once");
}
