//! What goes wrong: at each step in turn, the next apply finishes, leaves no orphan and deletes nothing that it need not.

use super::{
    fixture::{EngineFixture, Snapshot, Wrong},
    requests::*,
};
use goldenpath_core::{
    domain::Phase,
    provision::{Outcome, Provisioner, Spec},
};
use goldenpath_sandbox::{Action, CallLogEntry, Fault, SandboxOptions, Verb};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

/// Something to create in a sandbox that has what it needs.
struct Story {
    name: &'static str,
    spec: Spec,
    before: Snapshot,
    keys_before: BTreeSet<String>,
    /// Numbers of the calls about objects that an undisturbed create makes, counted as `fail` counts.
    calls: Vec<usize>,
    log: Vec<CallLogEntry>,
    /// Keys of what is there in the end.
    expected: BTreeSet<String>,
}

async fn stories() -> Vec<Story> {
    // One namespace: more of them are the same steps again.
    let pay = environment("pay", json!({"namespaces": {"default": {}}}));
    let with_slots = json!({"namespaces": {"default": {}}, "quota": {"slots_percent": 50}});
    let with_slots = environment("pay", with_slots);
    let mut stories = vec![];
    for (name, spec, prepare) in [
        ("an environment", pay.clone(), vec![]),
        ("a slot", slot("pay", "ledger", json!({})), vec![pay.clone()]),
        ("an isolated slot", slot("pay", "ledger", json!({"isolation": "namespace"})), vec![with_slots]),
    ] {
        let fixture = EngineFixture::with_instances(&prepare).await;
        let (before, keys_before) = (fixture.snapshot(), fixture.keys());
        let since = fixture.count().await;
        let outcome = fixture.ensure(&spec, None).await;
        fixture.complete(&spec, outcome);
        let log = fixture.log(since).await;
        let calls = (1..=log.len()).filter(|at| is_of_objects(&log[at - 1])).collect();
        stories.push(Story { name, spec, before, keys_before, calls, log, expected: fixture.keys() });
    }
    stories
}

fn is_of_objects(call: &CallLogEntry) -> bool {
    matches!(call.verb, Verb::Observe | Verb::Apply | Verb::Delete)
}

/// The number of the first call of a create that fits, counted as `fail` counts.
async fn call_of(spec: &Spec, fits: impl Fn(&CallLogEntry) -> bool) -> usize {
    let fixture = EngineFixture::ready().await;
    let since = fixture.count().await;
    fixture.ensure(spec, None).await;
    fixture.log(since).await.iter().position(fits).expect("such a call") + 1
}

fn record_name(spec: &Spec) -> String {
    spec.id().to_string().replacen("demo/", &format!("{}.", spec.kind()), 1).replace('/', ".")
}

/// What the next create must do after one that did not end well.
async fn assert_recovery(fixture: &EngineFixture, story: &Story, since: usize, reason: &str) {
    let state = fixture.create(&story.spec).await;
    assert_eq!(fixture.keys(), story.expected, "{reason}: no orphan");
    assert_eq!(fixture.deletions(since).await, Vec::<String>::new(), "{reason}: nothing was deleted");
    fixture.assert_steady(&state, reason).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_at_any_step_is_finished_by_the_next() {
    for story in stories().await {
        for &at in &story.calls {
            for (wrong, code) in [(Wrong::Denied, "target.denied"), (Wrong::Invalid, "target.invalid")] {
                // A full quota, for example, which no other try would empty.
                if wrong == Wrong::Invalid && !story.log[at - 1].key.starts_with("aws/") {
                    continue;
                }
                let reason = format!("{}, {wrong:?} at call {at}", story.name);
                let (fixture, spec) = (story.before.open().await, &story.spec);
                let since = fixture.count().await;
                fixture.fail(at, wrong).await;
                let outcome = fixture.ensure(spec, None).await;
                fixture.heal().await;
                let found = errors(&outcome.problems);
                assert_eq!(found, [code], "{reason}: one error: {:?}", outcome.problems);
                // Core taints what a failed create returned: the next plan creates it again, and its delete is a hand-over.
                if outcome.exists.is_some() {
                    let mut request = remove_request(&fixture.state(spec, outcome));
                    request.hand_over = true;
                    request.protected = true;
                    let removed = fixture.engine().remove(request).await;
                    assert!(removed.gone && errors(&removed.problems).is_empty(), "{reason}: handed over");
                }
                let preview = fixture.preview(spec, None).await;
                if fixture.record(&record_name(spec)).is_some_and(|record| record.phase != Phase::Ready) {
                    let resume = preview.problems.iter().find(|problem| problem.code == "record.resume");
                    let text = &resume.unwrap_or_else(|| panic!("{reason}: {:?}", preview.problems)).summary;
                    let says = |words| text.to_lowercase().contains(words);
                    assert!(says("continues operation op-") && says("nothing is destroyed"), "{reason}: {text}");
                }
                let begun = fixture.elapsed();
                assert_recovery(&fixture, &story, since, &reason).await;
                let waited = fixture.elapsed() - begun;
                assert!(waited < Duration::from_secs(10), "{reason}: nobody waits for a lease that was released");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_killed_at_any_step_is_finished_after_its_lease() {
    for story in stories().await {
        for &at in &story.calls {
            for made in [false, true] {
                if made && story.log[at - 1].verb == Verb::Observe {
                    continue;
                }
                let reason = format!("{}, killed at call {at}, the change made: {made}", story.name);
                let fixture = story.before.open().await;
                let since = fixture.count().await;
                fixture.fail(at, Wrong::Hangs(made)).await;
                let killed = tokio::time::timeout(Duration::from_secs(3), fixture.ensure(&story.spec, None)).await;
                assert!(killed.is_err(), "{reason}");
                fixture.heal().await;
                assert_recovery(&fixture, &story, since, &reason).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_and_lost_connections_are_ridden_out() {
    for story in stories().await {
        for &at in &story.calls {
            for wrong in [Wrong::Throttled, Wrong::Lost] {
                let reason = format!("{}, {wrong:?} at call {at}", story.name);
                let fixture = story.before.open().await;
                fixture.fail(at, wrong).await;
                let outcome = fixture.ensure(&story.spec, None).await;
                fixture.heal().await;
                // A first look that is lost ends the operation before it began; nothing else does.
                if outcome.exists.is_none() {
                    assert_eq!(errors(&outcome.problems), ["target.unavailable"], "{reason}");
                    continue;
                }
                let state = fixture.complete(&story.spec, outcome);
                assert_eq!(fixture.keys(), story.expected, "{reason}");
                fixture.assert_steady(&state, &reason).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_at_any_step_is_finished_by_the_next() {
    let more = json!({"quota": {"total": {"pods": "80"}}, "namespaces": {"default": {}, "api": {}}});
    let new = environment("pay", more);
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let before = fixture.snapshot();
    for at in 1.. {
        let reason = format!("denied at call {at}");
        let fixture = before.open().await;
        fixture.fail(at, Wrong::Denied).await;
        let outcome = fixture.ensure(&new, Some(&state)).await;
        fixture.heal().await;
        if errors(&outcome.problems).is_empty() {
            assert!(at > 20, "all steps were tried");
            break;
        }
        let after = match outcome {
            Outcome { exists: None, .. } => state.clone(),
            outcome => fixture.state(&new, outcome),
        };
        assert_eq!(after.uid, state.uid, "{reason}");
        let (after, problems) = fixture.refresh(&after).await;
        assert_eq!(codes(&problems), Vec::<&str>::new(), "{reason}: unfinished work is no drift");
        let done = fixture.apply(&new, Some(&after)).await;
        assert!(!fixture.keys().iter().any(|key| key.contains("pay-jobs")), "{reason}: no orphan");
        fixture.assert_quiet(&done, &reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_remove_that_fails_at_any_step_is_finished_by_the_next() {
    for story in stories().await {
        let fixture = story.before.open().await;
        let state = fixture.create(&story.spec).await;
        let created = fixture.snapshot();
        for at in 1.. {
            let reason = format!("{}, denied at call {at}", story.name);
            let (fixture, mut state) = (created.open().await, state.clone());
            fixture.fail(at, Wrong::Denied).await;
            let removed = fixture.remove(&state).await;
            fixture.heal().await;
            if removed.gone {
                assert!(at > 5, "{reason}: all steps were tried");
                break;
            }
            assert_eq!(errors(&removed.problems), ["target.denied"], "{reason}");
            if let Some(objects) = removed.objects {
                let as_it_was = |(key, line): (&String, &String)| state.objects.get(key) == Some(line);
                assert!(objects.iter().all(as_it_was), "{reason}: what is left, as it was");
                state.objects = objects;
            }
            assert!(fixture.remove(&state).await.gone, "{reason}");
            assert_eq!(fixture.keys(), story.keys_before, "{reason}: nothing is left");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_error_names_the_object_the_call_and_the_next_step() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    // By its kind, since calls that run side by side have no order.
    let fault = Fault::new(Action::Deny).verb(Verb::Apply).kind("ResourceQuota");
    fixture.sandbox.add_fault(fault).await.expect("a fault");
    let outcome = fixture.ensure(&spec, None).await;
    let error = outcome.problems.iter().find(|problem| problem.is_error()).expect("an error");
    let says = |text: &str, words: &str| assert!(text.to_lowercase().contains(words), "{words}: {text}");
    says(&error.summary, "apply");
    says(&error.summary, "k8s/v1/resourcequota/pay");
    says(&error.summary, "not authorized");
    says(&error.detail, "allow the caller");
    says(&error.detail, "objects are done and kept");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_ensure_starts_nothing_more_and_says_what_exists() {
    let spec = environment("pay", json!({}));
    for at in 1..20 {
        let fixture = EngineFixture::ready().await;
        let request = ensure_request(&spec, None, None);
        let (engine, cancel) = (fixture.engine(), request.cancel.clone());
        let since = fixture.count().await;
        let watch = async {
            while fixture.count().await < since + at {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(engine.ensure(request), watch);
        let reason = format!("cancelled after call {at}");
        if let Some(exists) = &outcome.exists {
            assert_eq!(errors(&outcome.problems), ["operation.cancelled"], "{reason}");
            assert!(!exists.complete);
            let there = fixture.keys();
            assert!(known_lines(&exists.outputs).keys().all(|key| there.contains(key)), "{reason}: only what exists");
            let record = fixture.record("environment.pay");
            let is_released = record.is_some_and(|record| record.operation.is_some_and(|op| op.lease.is_none()));
            assert!(is_released, "{reason}: its lease is released");
        }
        let state = fixture.create(&spec).await;
        fixture.assert_quiet(&state, &reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_at_once_one_waits_and_takes_over_or_goes_on() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    let (first, second) = tokio::join!(fixture.ensure(&spec, None), fixture.ensure(&spec, None));
    assert!(errors(&first.problems).is_empty() && errors(&second.problems).is_empty(), "both end well");
    let takes_over = |outcome: &Outcome| codes(&outcome.problems).contains(&"record.take_over");
    assert_ne!(takes_over(&first), takes_over(&second), "the second one takes over what the first one made");
    let state = fixture.complete(&spec, if takes_over(&first) { first } else { second });
    let with_pods = |pods: &str| environment("pay", json!({"quota": {"total": {"pods": pods}}}));
    let (more, less) = (with_pods("80"), with_pods("20"));
    let (more, less) = tokio::join!(fixture.ensure(&more, Some(&state)), fixture.ensure(&less, Some(&state)));
    assert!(errors(&more.problems).is_empty() && errors(&less.problems).is_empty(), "one after the other");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_says_whom_it_waited_for() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    // Its namespace takes for ever, while its lease is renewed.
    let at = call_of(&spec, |call| call.verb == Verb::Apply && call.kind == "Namespace").await;
    fixture.fail(at, Wrong::Hangs(false)).await;
    let (engine, other) = (fixture.engine(), fixture.engine());
    let slow = engine.ensure(ensure_request(&spec, None, None));
    let mut request = ensure_request(&spec, None, None);
    request.timeout = Duration::from_secs(60);
    let waiter = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.ensure(request).await
    };
    let outcome = tokio::select! {
        outcome = waiter => outcome,
        _ = slow => panic!("it hangs"),
    };
    assert!(outcome.exists.is_none());
    assert_eq!(errors(&outcome.problems), ["record.busy"]);
    assert!(outcome.problems[0].summary.contains("operation op-"), "{}", outcome.problems[0].summary);
    let record = fixture.record("environment.pay").expect("a record");
    let renewed = record.operation.and_then(|operation| operation.lease).map_or(0, |lease| lease.renewals);
    assert!((10..=13).contains(&renewed), "every third of fifteen seconds, for a minute: {renewed}");
}

#[tokio::test(start_paused = true)]
async fn a_new_role_may_take_a_while_to_be_seen() {
    for (seconds, well, reason) in [(20, true, "seconds"), (200, false, "more than two minutes is another fault")] {
        let options = SandboxOptions { visibility_delay_ms: seconds * 1000, ..SandboxOptions::default() };
        let fixture = EngineFixture::with(options).await;
        fixture.create(&baseline()).await;
        let outcome = fixture.ensure(&environment("pay", json!({})), None).await;
        assert_eq!(errors(&outcome.problems).is_empty(), well, "{reason}: {:?}", outcome.problems);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_look_bears_a_connection_that_breaks_off() {
    let spec = environment("pay", json!({}));
    let first = call_of(&spec, |call| call.verb == Verb::Observe).await;
    for (lost, well, reason) in [
        (1, true, "one reset"),
        (4, true, "a load balancer that changes its mind"),
        (5, false, "it is away: nothing was changed, and it is said soon"),
    ] {
        let fixture = EngineFixture::ready().await;
        for at in first..first + lost {
            fixture.fail(at, Wrong::Unavailable).await;
        }
        let begun = fixture.elapsed();
        let outcome = fixture.ensure(&spec, None).await;
        assert_eq!(outcome.exists.is_some(), well, "{reason}: {:?}", outcome.problems);
        let waited = fixture.elapsed() - begun;
        assert!(well || waited < Duration::from_secs(10), "{reason}: {waited:?}");
    }
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&spec).await;
    fixture.fail(1, Wrong::Unavailable).await;
    let read = fixture.engine().observe(observe_request(&state)).await;
    assert!(read.is_err(), "a refresh says at once that the target is away");
}
