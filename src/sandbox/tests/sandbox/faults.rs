//! Faults: which calls meet them, and what is left afterwards.

use super::{DEMO, TestSandbox, test_sandbox};
use goldenpath_core::{
    domain::{Body, Class, Desired, ObjectKey},
    ports::{Apply, Clusters, Expect, Objects, PortError, Scope, Selector},
};
use goldenpath_sandbox::{Action, Fault, SandboxOptions, Verb};
use serde_json::json;
use std::time::{Duration, Instant};

async fn namespace(test: &TestSandbox, name: &str) -> Result<(), PortError> {
    let key = ObjectKey::namespace_object(name);
    let body = Body::Kube(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    let (cluster, manager) = (&test.cluster, Desired::MANAGER);
    let apply = Apply { cluster, key: &key, body: &body, manager, expect: Expect::Any, take: &[] };
    test.sandbox.apply(apply).await.map(|_| ())
}

async fn exists(test: &TestSandbox, name: &str) -> bool {
    let keys = vec![ObjectKey::namespace_object(name)];
    let found = test.sandbox.observe(&test.cluster, &Selector { scope: Scope::Keys, keys }).await;
    !found.unwrap_or_else(|error| panic!("an observation: {error}")).is_empty()
}

#[tokio::test]
async fn each_action_refuses_as_its_class_and_leaves_what_it_says() {
    for (action, class, made, reason) in [
        (Action::Deny, Class::Denied, false, "403"),
        (Action::Throttle, Class::Throttled, false, "429"),
        (Action::Unavailable, Class::Unavailable, false, "503 before the change"),
        (Action::Lost, Class::Unavailable, true, "the change was made and its response lost"),
    ] {
        let test = test_sandbox(SandboxOptions::default());
        test.sandbox.add_fault(Fault::new(action).verb(Verb::Apply).nth(1)).await.expect("a fault");
        let error = namespace(&test, "a").await.expect_err(reason);
        assert_eq!(error.class, class, "{reason}");
        assert_eq!(exists(&test, "a").await, made, "{reason}");
        namespace(&test, "a").await.expect("the fault is over");
        let faults = test.sandbox.faults().await.expect("faults");
        assert_eq!((faults[0].matched, faults[0].fired), (2, 1), "{reason}: the counters are in the file");
    }
}

#[tokio::test]
async fn a_fault_meets_the_calls_that_its_conditions_name() {
    let conditions = Fault::new(Action::Deny);
    let other_kind = conditions.clone().kind("Role");
    let second = conditions.clone().verb(Verb::Write).nth(2);
    let by_key = conditions.clone().key("k8s/v1/Namespace/b*");
    let by_number = Fault { call: Some(1), ..conditions.clone() };
    for (fault, expected, reason) in [
        (conditions, [false, false, false], "every call"),
        (other_kind, [true, true, true], "another kind"),
        (second, [true, false, true], "the second write, once"),
        (by_key, [true, false, false], "a glob over keys"),
        (by_number, [false, true, true], "a number of the log"),
    ] {
        let test = test_sandbox(SandboxOptions::default());
        test.sandbox.add_fault(fault).await.expect("a fault");
        let mut found = vec![];
        for name in ["a", "b1", "b2"] {
            found.push(namespace(&test, name).await.is_ok());
        }
        assert_eq!(found, expected, "{reason}");
        test.sandbox.clear_faults().await.expect("cleared");
        namespace(&test, "c").await.expect("no fault is left");
    }
}

#[tokio::test]
async fn a_hidden_object_is_there_and_not_seen_for_a_while() {
    let test = test_sandbox(SandboxOptions::default());
    test.sandbox.add_fault(Fault::new(Action::Hide(1000)).nth(1)).await.expect("a fault");
    namespace(&test, "a").await.expect("made");
    assert!(!exists(&test, "a").await, "too new");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(exists(&test, "a").await, "seen in the end");
}

#[tokio::test]
async fn a_slow_response_blocks_nobody_else() {
    let test = test_sandbox(SandboxOptions::default());
    test.sandbox.add_fault(Fault::new(Action::Slow(1500)).nth(1)).await.expect("a fault");
    let started = Instant::now();
    let slow = namespace(&test, "a");
    let quick = async {
        tokio::task::yield_now().await;
        namespace(&test, "b").await.expect("made");
        started.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    slow.expect("late, not refused");
    assert!(started.elapsed() >= Duration::from_millis(1500));
    assert!(quick < Duration::from_millis(1000), "the other call took {quick:?}");
}

#[tokio::test]
async fn calls_are_numbered_and_logged_with_their_outcome() {
    let test = test_sandbox(SandboxOptions::default());
    namespace(&test, "a").await.expect("made");
    test.sandbox.add_fault(Fault::new(Action::Deny)).await.expect("a fault");
    namespace(&test, "b").await.expect_err("denied");
    test.sandbox.facts(&DEMO.parse().expect("a cluster")).await.expect_err("denied");
    let calls = test.sandbox.calls().await.expect("the log");
    let log: Vec<_> = calls.iter().map(|c| (c.number, c.verb, c.kind.as_str(), c.key.as_str())).collect();
    assert_eq!(
        log,
        [
            (1, Verb::Apply, "Namespace", "k8s/v1/Namespace/a"),
            (2, Verb::Apply, "Namespace", "k8s/v1/Namespace/b"),
            (3, Verb::Facts, "", DEMO),
        ]
    );
    assert_eq!(calls[0].outcome, "ok");
    assert!(calls[1].outcome.contains("AccessDenied"), "{}", calls[1].outcome);
}

#[tokio::test]
async fn more_calls_than_allowed_in_a_second_are_throttled() {
    let test = test_sandbox(SandboxOptions { calls_per_second: 3, ..SandboxOptions::default() });
    let mut classes = vec![];
    for name in ["a", "b", "c", "d"] {
        classes.push(namespace(&test, name).await.map_err(|error| error.class));
    }
    assert_eq!(classes, [Ok(()), Ok(()), Ok(()), Err(Class::Throttled)]);
}

#[test]
fn an_action_reads_back() {
    for text in ["deny", "throttle", "unavailable", "lost", "hide:250", "slow:1000", "exit", "exit-after"] {
        let action: Action = text.parse().expect(text);
        assert_eq!(action.to_string(), text);
    }
    for text in ["slow", "slow:x", "deny:1", ""] {
        assert!(text.parse::<Action>().is_err(), "{text:?}");
    }
}
