//! Metrics and probes, as a scraper and a kubelet ask for them.

use super::{
    HOUR,
    harness::{DaemonFixture, LONG, ensure_of, until},
};
use crate::{
    forms::Forms,
    store::{Entry, IfNew, JournalPlace, open, tests::entry_of},
};
use goldenpath_core::provision::Provisioner as _;
use rusqlite::Connection;
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::{sleep, timeout},
};

/// Status and the rest.
async fn get(socket: &Path, request: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
}

#[tokio::test]
async fn probes_and_scrapers_are_served_for_as_long_as_the_daemon_lives() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    for (request, status, words, reason) in [
        ("GET /healthz HTTP/1.1", 200, "alive", "it lives"),
        ("GET /readyz HTTP/1.1", 200, "ready", "it accepts operations"),
        ("GET /metrics HTTP/1.1", 200, "text/plain; version=0.0.4", "a scraper of any age"),
        (
            "GET /metrics HTTP/1.1\r\naccept: application/openmetrics-text;version=1.0.0,*/*;q=0.1",
            200,
            "# EOF",
            "a newer one",
        ),
        ("POST /metrics HTTP/1.1\r\ncontent-length: 0", 405, "", "nothing can be said to it"),
        ("GET /etc/passwd HTTP/1.1", 404, "", "nothing else is there"),
    ] {
        let (found, response) = get(&fixture.http(), request).await;
        assert!(found == status && response.contains(words), "{reason}: {response}");
    }
    let client = fixture.client();
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| fixture.engine.ensures() == 1).await;
    let running = get(&fixture.http(), "GET /metrics HTTP/1.1").await.1;
    assert!(running.contains("goldenpath_operations{state=\"running\"} 1"), "{running}");
    assert!(running.contains("goldenpath_connections 1"), "{running}");
    let ending = daemon.begin_to_end();
    until(|| !fixture.socket().exists()).await;
    let (status, response) = get(&fixture.http(), "GET /readyz HTTP/1.1").await;
    assert!(status == 503 && response.contains("ending"), "it takes nothing new: {response}");
    assert_eq!(get(&fixture.http(), "GET /healthz HTTP/1.1").await.0, 200, "and still lives");
    fixture.engine.release(1);
    waiting.await.unwrap();
    ending.join().unwrap();
}

#[tokio::test]
async fn a_daemon_whose_journal_or_ledger_is_gone_is_not_ready() {
    for (is_journal, words, up, reason) in [
        (true, "the journal", "goldenpath_store_up 0", "no operation could be written"),
        (false, "the audit ledger", "goldenpath_store_up 1", "none could be announced, and the journal is well"),
    ] {
        let fixture = DaemonFixture::new();
        let daemon = fixture.start().await;
        std::fs::remove_file(if is_journal { fixture.journal() } else { fixture.audit() }).unwrap();
        let (status, response) = get(&fixture.http(), "GET /readyz HTTP/1.1").await;
        assert!(
            status == 503 && response.contains(words) && response.contains("no longer there"),
            "{reason}: {response}"
        );
        assert!(get(&fixture.http(), "GET /metrics HTTP/1.1").await.1.contains(up), "{reason}");
        daemon.end();
    }
}

#[tokio::test]
async fn what_waits_unattended_is_counted_and_so_is_its_time() {
    let fixture = DaemonFixture::new();
    let store = open(&JournalPlace::File(fixture.journal()), HOUR, Forms::own()).await.unwrap();
    for number in 0..70 {
        let about = format!("demo-{number}");
        let request = serde_json::to_vec(&ensure_of(&about)).unwrap();
        let entry = Entry { about, request, ..entry_of(&format!("op-{number}")) };
        store.accept(&entry, IfNew::Queue).await.unwrap();
    }
    drop(store);
    // As if the daemon before had ended a quarter of an hour ago.
    let journal = Connection::open(fixture.journal()).unwrap();
    journal.execute("UPDATE operation SET accepted_at = accepted_at - 900000", []).unwrap();
    drop(journal);
    let daemon = fixture.start().await;
    let shown = get(&fixture.http(), "GET /metrics HTTP/1.1").await.1;
    for line in ["goldenpath_operations{state=\"running\"} 64", "goldenpath_operations{state=\"waiting\"} 6"] {
        assert!(shown.lines().any(|found| found == line), "{line} is not in\n{shown}");
    }
    fixture.engine.release(70);
    let sum = |shown: &str, name: &str| -> f64 {
        let of = format!("goldenpath_operation_phase_seconds_{name}{{phase=\"wait\"");
        let values = shown.lines().filter(|line| line.starts_with(&of)).filter_map(|line| line.rsplit_once(' '));
        values.map(|(_, value)| value.parse::<f64>().unwrap()).sum()
    };
    let all_ended = async {
        loop {
            let shown = get(&fixture.http(), "GET /metrics HTTP/1.1").await.1;
            if sum(&shown, "count") >= 70.0 {
                return shown;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let shown = timeout(LONG, all_ended).await.unwrap();
    assert!(sum(&shown, "sum") >= 70.0 * 900.0, "each has waited since it was accepted:\n{shown}");
    assert!(shown.contains("goldenpath_operations{state=\"waiting\"} 0"), "{shown}");
    daemon.end();
}
