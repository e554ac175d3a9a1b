//! What goes wrong: at each step in turn, the next apply finishes, leaves no orphan and deletes nothing that it need not.

use crate::{
    domain::{Class, ObjectKey, Phase, Spec},
    ports::Clock,
    provision::{Provisioner, testing::*},
};
use serde_json::json;
use std::time::Duration;

fn record_name(spec: &Spec) -> String {
    spec.id()
        .to_string()
        .replacen("demo/", if matches!(spec, Spec::Slot(_)) { "slot." } else { "environment." }, 1)
        .replace('/', ".")
}

/// Calls of one undisturbed ensure.
async fn calls_of(spec: &Spec, prepare: &[Spec]) -> (usize, std::collections::BTreeSet<String>) {
    let bench = Bench::ready().await;
    for spec in prepare {
        bench.create(spec).await;
    }
    let before = bench.fake.calls().len();
    let outcome = bench.ensure(spec, None).await;
    bench.complete(spec, outcome);
    (bench.fake.calls().len() - before, bench.fake.keys())
}

/// The number of the first call of a create that fits, counted as `fail` counts.
async fn call_of(spec: &Spec, fits: impl Fn(&Call) -> bool) -> usize {
    let bench = Bench::ready().await;
    let before = bench.fake.calls().len();
    bench.create(spec).await;
    let calls = bench.fake.calls();
    let at = calls[before..].iter().position(fits);
    at.unwrap_or_else(|| panic!("no such call: {calls:?}")) + 1
}

/// IAM is eventually consistent: what names a role that we have just made is tried again, so that one refusal is none.
fn names_a_new_role(call: &Call) -> bool {
    match call {
        Call::Apply(ObjectKey::AccessEntry { principal } | ObjectKey::AccessPolicy { principal, .. }) => {
            principal.contains(":role/goldenpath/")
        }
        Call::Apply(ObjectKey::PodIdentityAssociation { .. }) => true,
        _ => false,
    }
}

fn stories() -> [(&'static str, Spec, Vec<Spec>); 3] {
    let pay = environment("pay", json!({}));
    [
        ("an environment", pay.clone(), vec![]),
        ("a slot", slot("pay", "ledger", json!({})), vec![pay.clone()]),
        ("an isolated slot", slot("pay", "ledger", json!({ "isolation": "namespace" })), vec![pay]),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_at_any_step_is_finished_by_the_next() {
    for (story, spec, prepare) in stories() {
        let (calls, expected) = calls_of(&spec, &prepare).await;
        for at in 1..=calls {
            for fault in [Fault::Refuse(Class::Denied), Fault::Refuse(Class::Invalid)] {
                let reason = format!("{story}, {fault:?} at call {at} of {calls}");
                let bench = Bench::ready().await;
                for spec in &prepare {
                    bench.create(spec).await;
                }
                let lost = bench.fake.lost().len();
                let begun = bench.fake.calls().len();
                bench.fake.fail(at, fault);
                let outcome = bench.ensure(&spec, None).await;
                bench.fake.heal();
                let found = errors(&outcome.problems);
                if fault == Fault::Refuse(Class::Invalid) && names_a_new_role(&bench.fake.calls()[begun + at - 1]) {
                    assert_eq!(found, Vec::<&str>::new(), "{reason}: waited out");
                    bench.complete(&spec, outcome);
                    continue;
                }
                assert_eq!(found.len(), 1, "{reason}: one error: {:?}", outcome.problems);
                let code = if fault == Fault::Refuse(Class::Denied) { "target.denied" } else { "target.invalid" };
                assert_eq!(found[0], code, "{reason}");
                // Core taints what a failed create returned: the next plan creates it again, and its delete is a hand-over.
                if outcome.exists.is_some() {
                    let held = bench.held(&spec, outcome);
                    let mut request = remove_request(&held);
                    request.hand_over = true;
                    request.protected = true;
                    let removed = bench.engine().remove(request).await;
                    assert!(removed.gone && errors(&removed.problems).is_empty(), "{reason}: handed over");
                }
                let preview = bench.preview(&spec, None).await;
                if bench.fake.record(&record_name(&spec)).is_some_and(|record| record.phase != Phase::Ready) {
                    let resume = preview.problems.iter().find(|p| p.code == "record.resume");
                    let text = resume.unwrap_or_else(|| panic!("{reason}: {:?}", preview.problems)).summary.clone();
                    assert!(
                        text.starts_with("continues operation op-") && text.ends_with("nothing is destroyed"),
                        "{reason}: {text}"
                    );
                }
                let begun = bench.fake.elapsed();
                let held = bench.create(&spec).await;
                assert!(
                    bench.fake.elapsed() - begun < Duration::from_secs(10),
                    "{reason}: nobody waits for a lease that was let go"
                );
                assert_eq!(bench.fake.keys(), expected, "{reason}: no orphan");
                assert_eq!(bench.fake.lost().len(), lost, "{reason}: nothing was deleted");
                bench.assert_quiet(&held, &reason).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_killed_at_any_step_is_finished_after_its_lease() {
    for (story, spec, prepare) in stories() {
        let (calls, expected) = calls_of(&spec, &prepare).await;
        for at in 1..=calls {
            for made in [false, true] {
                let reason = format!("{story}, killed at call {at} of {calls}, the change made: {made}");
                let bench = Bench::ready().await;
                for spec in &prepare {
                    bench.create(spec).await;
                }
                let lost = bench.fake.lost().len();
                bench.fake.fail(at, Fault::Hang(made));
                let killed = tokio::time::timeout(Duration::from_secs(3), bench.ensure(&spec, None)).await;
                assert!(killed.is_err(), "{reason}");
                bench.fake.heal();
                let held = bench.create(&spec).await;
                assert_eq!(bench.fake.keys(), expected, "{reason}: no orphan");
                assert_eq!(bench.fake.lost().len(), lost, "{reason}: nothing was deleted");
                bench.assert_quiet(&held, &reason).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_lost_answers_and_broken_connections_are_ridden_out() {
    for (story, spec, prepare) in stories() {
        let (calls, expected) = calls_of(&spec, &prepare).await;
        for at in 1..=calls {
            for fault in [Fault::Refuse(Class::Throttled), Fault::LostAnswer] {
                let reason = format!("{story}, {fault:?} at call {at} of {calls}");
                let bench = Bench::ready().await;
                for spec in &prepare {
                    bench.create(spec).await;
                }
                bench.fake.fail(at, fault);
                let outcome = bench.ensure(&spec, None).await;
                bench.fake.heal();
                // A first look that is lost ends the operation before it began; nothing else does.
                if outcome.exists.is_none() {
                    assert_eq!(errors(&outcome.problems), ["target.unavailable"], "{reason}");
                    continue;
                }
                let held = bench.complete(&spec, outcome);
                assert_eq!(bench.fake.keys(), expected, "{reason}");
                bench.assert_quiet(&held, &reason).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_at_any_step_is_finished_by_the_next() {
    let (old, new) = (
        environment("pay", json!({})),
        environment(
            "pay",
            json!({ "quota": { "total": { "pods": "80" } }, "namespaces": { "default": {}, "api": {} } }),
        ),
    );
    let mut at = 1;
    loop {
        let reason = format!("denied at call {at}");
        let bench = Bench::ready().await;
        let held = bench.create(&old).await;
        bench.fake.fail(at, Fault::Refuse(Class::Denied));
        let outcome = bench.ensure(&new, Some(&held)).await;
        bench.fake.heal();
        if errors(&outcome.problems).is_empty() {
            assert!(at > 20, "all steps were tried");
            break;
        }
        let after = match outcome.exists {
            Some(exists) => {
                bench.held(&new, crate::provision::Outcome { exists: Some(exists), problems: outcome.problems })
            }
            None => held.clone(),
        };
        assert_eq!(after.uid, held.uid, "{reason}");
        let (after, seen) = bench.refresh(&after).await.unwrap_or_else(|| panic!("{reason}"));
        assert_eq!(codes(&seen.problems), Vec::<&str>::new(), "{reason}: unfinished work is no drift");
        let done = bench.apply(&new, Some(&after)).await;
        assert!(!bench.fake.keys().iter().any(|key| key.contains("pay-jobs")), "{reason}: no orphan");
        bench.assert_quiet(&done, &reason).await;
        at += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_remove_that_fails_at_any_step_is_finished_by_the_next() {
    for (story, spec, prepare) in stories() {
        let mut at = 1;
        loop {
            let reason = format!("{story}, denied at call {at}");
            let bench = Bench::ready().await;
            for spec in &prepare {
                bench.create(spec).await;
            }
            let before = bench.fake.keys();
            let mut held = bench.create(&spec).await;
            bench.fake.fail(at, Fault::Refuse(Class::Denied));
            let removed = bench.remove(&held).await;
            bench.fake.heal();
            if removed.gone {
                assert!(at > 5, "{reason}: all steps were tried");
                break;
            }
            assert_eq!(errors(&removed.problems), ["target.denied"], "{reason}");
            if let Some(objects) = removed.objects {
                assert!(
                    objects.iter().all(|(key, line)| held.objects.get(key) == Some(line)),
                    "{reason}: what is left, as it was"
                );
                held.objects = objects;
            }
            assert!(bench.remove(&held).await.gone, "{reason}");
            assert_eq!(bench.fake.keys(), before, "{reason}: nothing is left");
            at += 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_error_names_the_object_the_call_and_the_next_step() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let at = call_of(&spec, |call| matches!(call, Call::Apply(key) if key.kind() == "ResourceQuota")).await;
    bench.fake.fail(at, Fault::Refuse(Class::Denied));
    let outcome = bench.ensure(&spec, None).await;
    let error = outcome.problems.iter().find(|problem| problem.is_error()).unwrap_or_else(|| panic!("an error"));
    assert!(error.summary.contains("applying") && error.summary.contains('/'), "the object: {}", error.summary);
    assert!(error.summary.contains("Apply: not authorised"), "the call: {}", error.summary);
    assert!(
        error.detail.contains("allow the caller") && error.detail.contains("objects are done and kept"),
        "{}",
        error.detail
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_ensure_starts_nothing_more_and_says_what_exists() {
    for at in 1..20 {
        let bench = Bench::ready().await;
        let spec = environment("pay", json!({}));
        let request = ensure_request(&spec, None, None);
        let cancel = request.cancel.clone();
        let engine = bench.engine();
        let seen = bench.fake.calls().len();
        let watch = async {
            while bench.fake.calls().len() < seen + at {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(engine.ensure(request), watch);
        let reason = format!("cancelled after call {at}");
        if let Some(exists) = &outcome.exists {
            assert_eq!(errors(&outcome.problems), ["operation.cancelled"], "{reason}");
            assert!(!exists.complete);
            let there = bench.fake.keys();
            assert!(known_lines(&exists.outputs).keys().all(|key| there.contains(key)), "{reason}: only what exists");
            let record = bench.fake.record("environment.pay");
            assert!(record.is_some_and(|r| r.operation.is_some_and(|o| o.lease.is_none())), "{reason}: let go");
        }
        let held = bench.create(&spec).await;
        bench.assert_quiet(&held, &reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_at_once_one_waits_and_takes_over_or_goes_on() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let (first, second) = tokio::join!(bench.ensure(&spec, None), bench.ensure(&spec, None));
    let outcomes = [first, second];
    assert!(outcomes.iter().all(|outcome| errors(&outcome.problems).is_empty()), "both end well");
    let taken = outcomes.iter().filter(|outcome| codes(&outcome.problems).contains(&"record.take_over")).count();
    assert_eq!(taken, 1, "the second one takes over what the first one made");

    let held = outcomes
        .into_iter()
        .find(|o| codes(&o.problems).contains(&"record.take_over"))
        .map(|o| bench.complete(&spec, o));
    let held = held.unwrap_or_else(|| panic!("one of them"));
    let (more, less) = (
        environment("pay", json!({ "quota": { "total": { "pods": "80" } } })),
        environment("pay", json!({ "quota": { "total": { "pods": "20" } } })),
    );
    let (more, less) = tokio::join!(bench.ensure(&more, Some(&held)), bench.ensure(&less, Some(&held)));
    assert!(errors(&more.problems).is_empty() && errors(&less.problems).is_empty(), "one after the other");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_says_whom_it_waited_for() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    // Its namespace takes for ever, while its lease is renewed.
    let at = call_of(&spec, |call| matches!(call, Call::Apply(key) if key.kind() == "Namespace")).await;
    bench.fake.fail(at, Fault::Hang(false));
    let engine = bench.engine();
    let slow = engine.ensure(ensure_request(&spec, None, None));
    let mut request = ensure_request(&spec, None, None);
    request.timeout = Duration::from_secs(60);
    let other = bench.engine();
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
    let renewed = bench
        .fake
        .record("environment.pay")
        .and_then(|record| record.operation?.lease)
        .map_or(0, |lease| lease.renewals);
    assert!((10..=13).contains(&renewed), "every third of fifteen seconds, for a minute: {renewed}");
}

#[tokio::test(start_paused = true)]
async fn a_new_role_may_take_a_while_to_be_seen() {
    for (delay, well, reason) in [(20, true, "seconds"), (200, false, "more than two minutes is another fault")] {
        let mut fake = Fake::new();
        fake.visible_after = Duration::from_secs(delay);
        let bench = Bench::with(fake);
        bench.create(&baseline()).await;
        let outcome = bench.ensure(&environment("pay", json!({})), None).await;
        assert_eq!(errors(&outcome.problems).is_empty(), well, "{reason}: {:?}", outcome.problems);
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_look_bears_a_connection_that_breaks_off() {
    let spec = environment("pay", json!({}));
    for (broken, well, reason) in [
        (1, true, "one reset"),
        (4, true, "a load balancer that changes its mind"),
        (5, false, "it is away: nothing was changed, and it is said soon"),
    ] {
        let bench = Bench::ready().await;
        for at in 1..=broken {
            bench.fake.fail(at, Fault::Refuse(Class::Unavailable));
        }
        let begun = bench.fake.elapsed();
        let outcome = bench.ensure(&spec, None).await;
        assert_eq!(outcome.exists.is_some(), well, "{reason}: {:?}", outcome.problems);
        let waited = bench.fake.elapsed() - begun;
        assert!(well || waited < Duration::from_secs(10), "{reason}: {waited:?}");
    }
    let bench = Bench::ready().await;
    let held = bench.create(&spec).await;
    bench.fake.fail(1, Fault::Refuse(Class::Unavailable));
    let read = bench.engine().observe(observe_request(&held)).await;
    assert!(read.is_err(), "a refresh says at once that the target is away");
}
