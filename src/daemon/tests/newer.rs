//! More operations of others, and newer ones, than a list holds.

use super::{
    HOUR,
    harness::{DaemonFixture, ensure_of, until},
    network::Network,
    page::Browser,
};
use crate::{
    TokenSource,
    forms::Forms,
    reconcile::record_of_a_test,
    store::{JournalPlace, open},
};
use goldenpath_core::provision::{DaemonReports as _, Event, Provisioner as _};
use rusqlite::Connection;
use serde_json::json;
use std::sync::Arc;

/// One on `demo/pay` of some time ago, and then more on another environment than are listed, as late as a test can't be.
const OTHERS: &str = r#"
    INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at, ended_at, outcome, caller)
    VALUES ('op-old', 'ensure', 'demo/pay', '', '[]', CAST('{}' AS BLOB), 1700000000000, 4102444800000, CAST('{"problems":[]}' AS BLOB), 'others');
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1100)
    INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at, ended_at, outcome, caller)
    SELECT 'op-' || n, verb, 'demo/shop', '', allow, request, ended_at, ended_at, outcome, caller
    FROM number, operation WHERE id = 'op-old';
"#;

#[tokio::test(flavor = "multi_thread")]
async fn newer_operations_of_others_hide_nothing() {
    let fixture = DaemonFixture::new();
    let journal = fixture.journal();
    drop(open(&JournalPlace::File(journal.clone()), HOUR, Forms::own()).await.unwrap());
    Connection::open(&journal).unwrap().execute_batch(OTHERS).unwrap();
    fixture.engine.is_recorded(record_of_a_test("demo/pay", "dev"));
    let network = Network::start_on(fixture).await;
    let token = || Some(TokenSource::Text(network.issuer.token(json!({}))));
    let team = Arc::new(network.client(None, token()));
    let platform = network.client(network.pair("platform", None), None);
    let worker = team.clone();
    let waiting = tokio::spawn(async move { worker.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;

    assert_eq!(platform.operations().await.unwrap().len(), 1000, "who sees all of them sees the latest");
    let own = team.operations().await.unwrap();
    let running = own[0].id.clone();
    let abouts: Vec<&str> = own.iter().map(|operation| operation.about.as_str()).collect();
    assert_eq!(abouts, ["demo", "demo/pay"], "what it asked for, and what is in its bounds");
    for client in [&*team, &platform] {
        let listed = client.instances().await.unwrap().instances;
        let last = listed[0].last_operation.as_ref().map(|operation| operation.id.as_str());
        assert_eq!((listed[0].id.as_str(), last), ("demo/pay", Some("op-old")));
        let mut shown = vec![];
        let mut show = |event: Event| {
            shown.push(event.about);
            false
        };
        client.watch(Some(&running), &mut show).await.unwrap();
        client.watch(Some("op-old"), &mut show).await.unwrap();
        assert_eq!(shown, ["demo", "demo/pay"], "one that runs and one that has ended can be watched");
    }
    assert_eq!(team.watch(Some("op-7"), &mut |_| true).await.unwrap_err().code, "daemon.no_operation", "of others");
    for options in [network.options(None, token()), network.options(network.pair("platform", None), None)] {
        let browser = Browser::open(options).await;
        for (path, text, reason) in [
            ("/", running.as_str(), "what runs"),
            ("/operations/op-old", "demo/pay", "one operation"),
            ("/instances/demo/pay", "/operations/op-old", "the history"),
        ] {
            let (status, html) = browser.get(path).await;
            assert!(status == 200 && html.contains(text), "{reason}: {html}");
        }
    }
    network.fixture.engine.release(9);
    waiting.await.unwrap();
}
