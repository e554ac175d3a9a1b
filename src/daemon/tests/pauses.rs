//! What a daemon is to leave alone.

use super::harness::DaemonFixture;
use crate::{EntryKind, LedgerEntry, reconcile::record_of_a_test as record};
use goldenpath_core::provision::DaemonReports as _;
use std::fs;

#[tokio::test]
async fn a_pause_of_a_cluster_holds_for_everything_on_it() {
    let fixture = DaemonFixture::new();
    fixture.engine.is_recorded(record("demo/pay", "dev"));
    let daemon = fixture.start().await;
    let client = fixture.client();
    let is_paused = async || client.instances().await.unwrap().instances[0].is_paused;
    client.pause("demo", true).await.unwrap();
    assert!(is_paused().await);
    let still = client.pause("demo/pay", false).await.unwrap_err();
    assert!(still.code == "daemon.paused" && still.summary.ends_with("run `resume demo`"), "{still}");
    assert!(is_paused().await, "as it says");
    client.pause("demo", false).await.unwrap();
    assert!(!is_paused().await);
    daemon.end();
}

#[tokio::test]
async fn the_ledger_says_whether_something_was_paused() {
    let fixture = DaemonFixture::new();
    fixture.engine.is_recorded(record("demo/pay", "dev"));
    let daemon = fixture.start().await;
    let client = fixture.client();
    client.pause("demo/pay", true).await.unwrap();
    fs::remove_file(fixture.journal()).unwrap();
    assert_eq!(client.pause("demo/pay", false).await.unwrap_err().code, "daemon.journal");
    let ledger = fs::read_to_string(fixture.audit()).unwrap();
    let entries: Vec<LedgerEntry> = ledger.lines().map(|line| LedgerEntry::read(line).unwrap().0).collect();
    let found: Vec<(EntryKind, &str)> = entries
        .iter()
        .filter(|entry| entry.about == "demo/pay")
        .map(|entry| (entry.kind, entry.detail["outcome"].as_str().unwrap_or_default()))
        .collect();
    let (paused, unpaused) = ((EntryKind::Paused, ""), (EntryKind::Unpaused, ""));
    assert_eq!(found, [paused, (EntryKind::Ended, "done"), unpaused, (EntryKind::Ended, "failed")], "{ledger}");
    let of_it: Vec<&str> =
        entries.iter().filter(|entry| entry.about == "demo/pay").map(|e| e.operation.as_str()).collect();
    assert!(of_it[0] == of_it[1] && of_it[2] == of_it[3] && of_it[1] != of_it[2] && !of_it[0].is_empty(), "{of_it:?}");
    daemon.end();
}
