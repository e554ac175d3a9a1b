//! Whether pods get what an apply promised them: looked at after an association is made, for a while, and reported as an output.

use super::{
    fixture::{EngineFixture, Wrong},
    requests::*,
};
use goldenpath_core::{
    domain::{Class, Late},
    ports::Readiness::{self, Inconclusive, NotReady, Ready},
    provision::Provisioner,
    provision::Spec,
};
use goldenpath_sandbox::{CallLogEntry, Verb};
use serde_json::json;

async fn with_environment() -> EngineFixture {
    EngineFixture::with_instances(&[environment("pay", json!({}))]).await
}

fn ledger() -> Spec {
    slot("pay", "ledger", json!({}))
}

/// Of a change that leaves its identity alone.
fn larger_ledger() -> Spec {
    slot("pay", "ledger", json!({"share": {"cpu": "1500m", "memory": "1Gi"}}))
}

async fn looks(fixture: &EngineFixture, since: usize) -> Vec<CallLogEntry> {
    fixture.calls(since, &[Verb::Probe]).await
}

/// What the probe returns, look by look.
type Looks = Vec<Result<Readiness, Class>>;

#[tokio::test(start_paused = true)]
async fn a_new_identity_is_looked_at_until_three_looks_in_a_row_are_good() {
    let late = Err(Class::Unavailable);
    let refused = Err(Class::Denied);
    let never = vec![Ok(NotReady); 1000];
    let cases: Vec<(&str, Looks, usize, Option<bool>)> = vec![
        ("at once", vec![], 3, Some(true)),
        ("after a while", vec![Ok(NotReady), Ok(NotReady)], 5, Some(true)),
        ("one API server is behind the others", vec![Ok(Ready), Ok(Ready), Ok(NotReady)], 6, Some(true)),
        ("a look that got no response proves nothing", vec![Ok(Ready), late], 5, Some(true)),
        ("nothing there gives credentials", vec![Ok(Inconclusive)], 1, None),
        ("we may not look", vec![refused], 1, None),
        ("it takes too long", never, 0, Some(false)),
    ];
    let before = with_environment().await.snapshot();
    for (reason, responses, expected_looks, expected) in cases {
        let fixture = before.open().await;
        fixture.probe.script(responses);
        let since = fixture.count().await;
        let outcome = fixture.ensure(&ledger(), None).await;
        assert!(fixture.elapsed().as_secs() <= 31, "{reason}: {:?}", fixture.elapsed());
        let warned = codes(&outcome.problems).contains(&"slot.identity_not_ready");
        assert_eq!(warned, expected == Some(false), "{reason}: {:?}", outcome.problems);
        let state = fixture.complete(&ledger(), outcome);
        assert_eq!(state.identity_ready, expected, "{reason}");
        let looked = looks(&fixture, since).await;
        let key = "aws/eks/PodIdentityAssociation/pay/ledger";
        assert!(looked.iter().all(|look| look.key == key), "{reason}: {looked:?}");
        assert!(expected_looks == 0 || looked.len() == expected_looks, "{reason}: {} looks", looked.len());
        let since = fixture.count().await;
        fixture.assert_quiet(&state, reason).await;
        assert_eq!(looks(&fixture, since).await, [], "{reason}: a refresh and a plan look at nothing");
        let planned = fixture.preview(&larger_ledger(), Some(&state)).await.decided;
        let planned = planned.and_then(|decided| identity_leaf(&decided.outputs));
        let promised = match expected {
            Some(false) => Late::Later,
            known => Late::Now(known),
        };
        assert_eq!(planned, Some(promised), "{reason}: what a change of something else promises");
    }
}

#[tokio::test(start_paused = true)]
async fn only_where_there_is_something_to_prove() {
    let fixture = with_environment().await;
    let none = slot("pay", "ledger", json!({"identity": {"mode": "none"}}));
    let mut state = None;
    for (spec, expected, expected_looks, reason) in [
        (&none, None, 0, "no association"),
        (&ledger(), Some(true), 3, "a new one"),
        (&larger_ledger(), Some(true), 0, "it was proved"),
    ] {
        let since = fixture.count().await;
        let after = fixture.apply(spec, state.as_ref()).await;
        let looked = looks(&fixture, since).await.len();
        assert_eq!((after.identity_ready, looked), (expected, expected_looks), "{reason}");
        state = Some(after);
    }
    fixture.delete("aws/eks/PodIdentityAssociation/pay/ledger").await;
    let (fresh, _) = fixture.refresh(&state.expect("a slot")).await;
    let since = fixture.count().await;
    let state = fixture.apply(&larger_ledger(), Some(&fresh)).await;
    assert_eq!((state.identity_ready, looks(&fixture, since).await.len()), (Some(true), 3), "recreated");

    let without = fixture.apply(&none, Some(&state)).await;
    assert_eq!(without.identity_ready, None, "nothing to report");

    fixture.declare(|cluster| cluster.addons.clear()).await;
    let since = fixture.count().await;
    let state = fixture.create(&slot("pay", "gateway", json!({}))).await;
    let looked = looks(&fixture, since).await.len();
    assert_eq!((state.identity_ready, looked), (None, 0), "without the agent nothing gives credentials");
}

#[tokio::test(start_paused = true)]
async fn what_had_not_arrived_is_looked_at_again_by_the_next_apply() {
    let fixture = with_environment().await;
    fixture.probe.script(vec![Ok(NotReady); 1000]);
    let state = fixture.create(&ledger()).await;
    assert_eq!(state.identity_ready, Some(false));
    fixture.probe.script([]);
    let preview = fixture.preview(&larger_ledger(), Some(&state)).await;
    let planned = preview.decided.map(|decided| identity_leaf(&decided.outputs));
    assert_eq!(planned, Some(Some(Late::Later)), "the plan leaves it open");
    let state = fixture.apply(&larger_ledger(), Some(&state)).await;
    assert_eq!(state.identity_ready, Some(true));

    // Nothing is written where nothing but this is open, and it is reported all the same.
    let before = InstanceState { identity_ready: Some(false), ..state };
    let calls = fixture.count().await;
    let state = fixture.apply(&larger_ledger(), Some(&before)).await;
    assert_eq!(state.identity_ready, Some(true));
    fixture.assert_only_read(calls, "only this is open").await;
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_keeps_the_lease() {
    let fixture = with_environment().await;
    fixture.probe.script(vec![Ok(NotReady); 1000]);
    let engine = fixture.engine();
    let first = engine.ensure(ensure_request(&ledger(), None, None));
    let second = async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        let record = fixture.record("slot.pay.ledger").expect("a record");
        record.operation.and_then(|operation| operation.lease).map(|lease| lease.renewals)
    };
    let (outcome, renewals) = tokio::join!(first, second);
    assert!(renewals.is_some_and(|renewals| renewals >= 3), "{renewals:?}");
    assert_eq!(fixture.complete(&ledger(), outcome).identity_ready, Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_broken_off_is_proved_by_the_one_that_ends_it() {
    let before = with_environment().await.snapshot();
    let mut at = 1;
    let (fixture, outcome) = loop {
        // Until the very last write, that of the record, is the one that fails.
        let fixture = before.open().await;
        let since = fixture.count().await;
        fixture.fail(at, Wrong::Denied).await;
        let outcome = fixture.ensure(&ledger(), None).await;
        fixture.heal().await;
        let has_failed = !errors(&outcome.problems).is_empty();
        if has_failed && outcome.exists.is_some() && !looks(&fixture, since).await.is_empty() {
            break (fixture, outcome);
        }
        at += 1;
        assert!(at < 60, "no call was the last one");
    };
    let unfinished = fixture.state(&ledger(), outcome);
    assert_eq!((unfinished.incomplete, unfinished.identity_ready), (true, None), "a failed apply reports nothing");
    let since = fixture.count().await;
    let state = fixture.apply(&ledger(), Some(&unfinished)).await;
    assert_eq!((state.identity_ready, looks(&fixture, since).await.len()), (Some(true), 3));
}
