//! Clients and daemons of neighbouring releases, and one journal that several of them have in turn. Between the first and the second
//! every document has another form.

use super::harness::{DaemonFixture, ensure_of, removal_of, until};
use crate::forms::{Change, Forms, Message, Method};
use goldenpath_core::provision::{Bounds, DaemonReports as _, EnsureRequest, Provisioner};
use serde_json::Value;

/// Of the third release: a request with a promised version, and bounds of tiers, mean what they mean to none before it.
const THIRD: &[Change] = &[
    Change {
        api: 3,
        is_about: |message| message == Message::Request(Method::Ensure),
        up: Ok,
        down: |request| match &request["planned_version"] {
            Value::Null => Ok(request),
            _ => Err("a promised version"),
        },
    },
    Change {
        api: 3,
        is_about: |message| message == Message::Bounds,
        up: Ok,
        down: |bounds| match &bounds[0]["tiers"] {
            Value::Null => Ok(bounds),
            _ => Err("bounds of tiers"),
        },
    },
];

fn bounds() -> Vec<Bounds> {
    vec![serde_json::from_str(r#"{"teams": ["pay"]}"#).unwrap()]
}

fn with_promise() -> EnsureRequest {
    EnsureRequest { planned_version: Some("1.0.0".into()), ..ensure_of("demo") }
}

#[tokio::test]
async fn each_works_with_the_other() {
    for (client, daemon) in [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2)] {
        let reason = format!("a client of API {client} and a daemon of API {daemon}");
        let fixture = DaemonFixture::of(Forms::of(daemon));
        let running = fixture.start().await;
        let client = fixture.client_of(Forms::of(client), None, &bounds());
        assert_eq!(client.only_cluster().await.expect(&reason), None);
        assert_eq!(client.facts(&"demo".parse().unwrap()).await.unwrap_err().code, "fake.facts", "{reason}");
        assert_eq!(client.find(&ensure_of("demo").spec.id()).await.expect(&reason), None);
        assert_eq!(client.preview_remove(&removal_of("demo")).await, [], "{reason}");
        fixture.engine.release(9);
        assert_eq!(client.ensure(ensure_of("demo")).await.problems[0].code, "fake.done", "{reason}");
        assert_eq!(client.operations().await.expect(&reason)[0].about, "demo");
        assert_eq!(client.status().await.expect(&reason).running_operations, 0);
        assert!(fixture.bounds().iter().any(|bounds| bounds.contains("pay")), "{reason}: the client's bounds hold");
        running.end();
    }
}

#[tokio::test]
async fn those_too_far_apart_say_so() {
    let fixture = DaemonFixture::of(Forms::of(3));
    let daemon = fixture.start().await;
    let refused = fixture.client_of(Forms::of(1), None, &bounds()).too_far_apart().await.unwrap();
    assert!(refused.summary.contains("API 1) and the daemon") && refused.summary.contains("API 3"), "{refused}");
    daemon.end();
}

#[tokio::test]
async fn a_journal_goes_on_after_an_upgrade_and_after_one_that_was_taken_back() {
    for (first, second) in [(1, 2), (2, 1), (2, 3), (3, 2)] {
        for client in [first, second] {
            let reason = format!("a client of API {client}, and daemons of API {first} and then of {second}");
            let mut fixture = DaemonFixture::of(Forms::of(first));
            let daemon = fixture.start().await;
            let client = fixture.client_of(Forms::of(client), None, &bounds());
            let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
            until(|| fixture.engine.ensures() == 1).await;
            daemon.kill();
            fixture.forms = Forms::of(second);
            let daemon = fixture.start().await;
            until(|| fixture.engine.ensures() == 2).await;
            fixture.engine.release(9);
            assert_eq!(
                waiting.await.unwrap().problems[0].code,
                "fake.done",
                "{reason}: the same id, the same operation"
            );
            assert_eq!(fixture.engine.ensures(), 2, "{reason}: it was not begun again");
            let bounds = fixture.bounds();
            assert!(bounds.iter().all(|bounds| bounds.contains("pay")), "{reason}: the client's bounds hold on");
            daemon.end();
            fixture.forms = Forms::of(first);
            let daemon = fixture.start().await;
            let shown = fixture.client_of(Forms::of(first), None, &[]).operations().await.expect(&reason);
            assert_eq!(shown[0].outcome, "ended without a result", "{reason}: what the other one has written is read");
            daemon.end();
        }
    }
}

#[tokio::test]
async fn what_an_older_daemon_can_not_be_asked_for_is_refused_before_it_is_sent() {
    let fixture = DaemonFixture::of(Forms::with(2, &[]));
    let daemon = fixture.start().await;
    let client = fixture.client_of(Forms::with(3, THIRD), None, &bounds());
    let outcome = client.ensure(with_promise()).await;
    let problem = &outcome.problems[0];
    assert_eq!(problem.code, "daemon.version");
    assert!(problem.summary.contains("releases of API 2 don't know a promised version"), "{problem}");
    assert_eq!(fixture.engine.ensures(), 0, "nothing began");
    fixture.engine.release(9);
    assert_eq!(client.ensure(ensure_of("demo")).await.problems[0].code, "fake.done", "the rest it does");
    let tiers = [serde_json::from_str(r#"{"tiers": ["dev"]}"#).unwrap()];
    let refused = fixture.client_of(Forms::with(3, THIRD), None, &tiers).too_far_apart().await.unwrap();
    assert!(refused.summary.contains("form of API 3, and this release knows those up to 2"), "at once: {refused}");
    daemon.end();
}

#[tokio::test]
async fn what_only_a_newer_daemon_can_read_is_left_to_it() {
    let (older, newer) = (Forms::with(2, &[]), Forms::with(3, THIRD));
    let mut fixture = DaemonFixture::of(newer);
    let daemon = fixture.start().await;
    let client = fixture.client_of(newer, None, &bounds());
    let waiting = tokio::spawn(async move { client.ensure(with_promise()).await });
    until(|| fixture.engine.ensures() == 1).await;
    daemon.kill();
    fixture.forms = older;
    let daemon = fixture.start().await;
    let lost = waiting.await.unwrap();
    assert!(lost.problems[0].summary.contains("was lost during operation"), "{:?}", lost.problems);
    let reader = fixture.client_of(older, None, &[]);
    let shown = reader.operations().await.unwrap();
    assert_eq!((shown.len(), shown[0].outcome.as_str()), (1, "running"), "it is shown");
    assert_eq!(reader.status().await.unwrap().running_operations, 0, "and not carried out");
    daemon.end();
    fixture.forms = newer;
    let daemon = fixture.start().await;
    until(|| fixture.engine.ensures() == 2).await;
    fixture.engine.release(9);
    daemon.end();
}
