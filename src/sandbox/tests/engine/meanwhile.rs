//! What happens between a plan and its apply, and beside an apply.

use super::{
    fixture::{EngineFixture, Wrong},
    requests::*,
};
use goldenpath_core::{
    domain::Phase,
    provision::{PreviewRequest, Provisioner},
};
use goldenpath_sandbox::{Action, Fault, Verb};
use serde_json::{Value, json};
use std::time::Duration;

const SLOT: &str = "k8s/v1/ConfigMap/goldenpath-system/slot.pay.ledger";

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_made_again_is_the_same_or_one_error() {
    let fixture = EngineFixture::with_instances(&[environment("pay", json!({}))]).await;
    for spec in [environment("shop", json!({})), slot("pay", "ledger", json!({}))] {
        let request = |again| PreviewRequest { again, ..preview_request(&spec, None, None) };
        let since = fixture.count().await;
        let planned = fixture.engine().preview(request(false)).await.decided.expect("decided");
        let (mut failed, calls) = (0, fixture.count().await - since);
        for at in 0..calls {
            let reason = format!("{}, out of reach from call {at} on", spec.id());
            let skip = u32::try_from(at).expect("a number");
            fixture.sandbox.add_fault(Fault { skip, ..Fault::new(Action::Unavailable) }).await.expect("a fault");
            let again = fixture.engine().preview(request(true)).await;
            fixture.heal().await;
            if let Some(decided) = again.decided {
                assert_eq!(decided.outputs, planned.outputs, "{reason}");
                continue;
            }
            failed += 1;
            assert_eq!(codes(&again.problems), ["target.unavailable"], "{reason}: {:?}", again.problems);
            assert!(message(&again.problems, "target.unavailable").contains("was changed"), "{reason}");
        }
        assert!(failed > 1, "{}: {failed} of {calls}", spec.id());
    }
    fixture.fail(1, Wrong::Unavailable).await;
    let first = fixture.preview(&environment("shop", json!({})), None).await;
    assert!(first.decided.is_none() && errors(&first.problems).is_empty(), "a first plan is undecided");
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_changed_after_the_plan_is_named() {
    let pay = environment("pay", json!({"quota": {"total": {"pods": "60"}}}));
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&pay).await;
    let ledger = slot("pay", "ledger", json!({}));
    let slot_state = fixture.create(&ledger).await;
    let more = slot("pay", "ledger", json!({"share": {"cpu": "2", "memory": "1Gi"}}));
    let planned = fixture.preview(&more, Some(&slot_state)).await.decided.expect("decided").outputs;
    let moved = environment("pay", json!({"tier": "staging", "quota": {"total": {"pods": "60"}}}));
    fixture.apply(&moved, Some(&state)).await;

    let again = PreviewRequest { again: true, ..preview_request(&more, Some(&slot_state), None) };
    let again = fixture.engine().preview(again).await;
    assert_eq!(again.decided.expect("decided").outputs, planned, "core's second plan is the first one");
    let calls = fixture.count().await;
    let request = ensure_request(&more, Some(&slot_state), Some(planned_lines(&planned)));
    let outcome = fixture.engine().ensure(request).await;
    let said = message(&outcome.problems, "plan.outdated");
    assert!(outcome.exists.is_none() && said.contains("Environment demo/pay was changed"), "{said}");
    assert!(said.contains("tier was dev and is staging"), "{said}");
    fixture.assert_only_read(calls, "an outdated plan").await;

    let other = slot("nowhere", "ledger", json!({}));
    let again = PreviewRequest { again: true, ..preview_request(&other, None, None) };
    let again = fixture.engine().preview(again).await;
    assert_eq!(codes(&again.problems), ["slot.no_environment"], "one that is gone: {:?}", again.problems);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_with_a_slot_in_it_stays() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let slot_state = fixture.create(&slot("pay", "ledger", json!({"namespace": "jobs"}))).await;
    let smaller = environment("pay", json!({"namespaces": {"default": {}}, "quota": {"total": {"pods": "80"}}}));
    let preview = fixture.preview(&smaller, Some(&state)).await;
    assert_eq!(errors(&preview.problems), ["deletion.in_use"], "{:?}", preview.problems);
    assert!(message(&preview.problems, "deletion.in_use").contains("slot demo/pay/ledger"), "{:?}", preview.problems);
    let calls = fixture.count().await;
    let outcome = fixture.ensure(&smaller, Some(&state)).await;
    assert!(outcome.exists.is_none() && errors(&outcome.problems) == ["deletion.in_use"], "{:?}", outcome.problems);
    fixture.assert_only_read(calls, "in use").await;

    // A slot that comes while the environment changes: its record is there before the namespace goes.
    fixture.sql(&format!("CREATE TABLE kept AS SELECT * FROM object WHERE key = '{SLOT}'"));
    assert!(fixture.remove(&slot_state).await.gone);
    let slow = Fault { kind: Some("ResourceQuota".into()), ..Fault::new(Action::Slow(2_000)) };
    fixture.sandbox.add_fault(slow).await.expect("a fault");
    let (outcome, ()) = tokio::join!(fixture.ensure(&smaller, Some(&state)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        fixture.sql("INSERT INTO object SELECT * FROM kept");
    });
    fixture.heal().await;
    assert_eq!(errors(&outcome.problems), ["deletion.in_use"], "{:?}", outcome.problems);
    assert!(fixture.keys().contains("k8s/v1/Namespace/pay-jobs"), "it is still there");
    let after = fixture.state(&smaller, outcome);
    fixture.delete(SLOT).await;
    fixture.apply(&smaller, Some(&after)).await;
    assert!(!fixture.keys().contains("k8s/v1/Namespace/pay-jobs"), "nobody lives in it any more");
}

#[tokio::test(start_paused = true)]
async fn a_slot_does_not_come_to_live_where_a_namespace_goes() {
    const ENVIRONMENT: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.pay";
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({"namespaces": {"default": {}}}))).await;
    fixture.sql(&format!("CREATE TABLE kept AS SELECT * FROM object WHERE key = '{ENVIRONMENT}'"));
    fixture.apply(&environment("pay", json!({})), Some(&state)).await;
    let slow = Fault { key: Some(SLOT.into()), ..Fault::new(Action::Slow(2_000)) };
    fixture.sandbox.add_fault(slow).await.expect("a fault");
    let spec = slot("pay", "ledger", json!({"namespace": "jobs"}));
    let (outcome, ()) = tokio::join!(fixture.ensure(&spec, None), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        fixture.sql(&format!("DELETE FROM object WHERE key = '{ENVIRONMENT}'; INSERT INTO object SELECT * FROM kept"));
    });
    assert_eq!(errors(&outcome.problems), ["deletion.in_use"], "{:?}", outcome.problems);
    assert!(fixture.keys().iter().all(|key| key == SLOT || !key.contains("ledger")), "only its record was written");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_killed_is_finished_before_it_is_made_again() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    let state = fixture.create(&spec).await;
    let there = fixture.keys();
    let role = Fault { kind: Some("Role".into()), ..Fault::new(Action::Slow(3_600_000)) };
    fixture.sandbox.add_fault(role).await.expect("a fault");
    let killed = tokio::time::timeout(Duration::from_secs(30), fixture.remove(&state)).await;
    assert!(killed.is_err(), "killed");
    fixture.heal().await;
    let record = fixture.record("environment.pay").expect("the last to go");
    let found = (record.phase, record.writers.len());
    assert_eq!(found, (Phase::Deleting, 2), "a create that is run again after it finds that it has come since");

    let (_, problems) = fixture.refresh(&state).await;
    let said = message(&problems, "record.half_deleted");
    assert!(
        said.contains("demo/pay is half deleted") && said.contains("These are left: ConfigMap "),
        "it names what is left: {said}"
    );
    let mut handed_over = remove_request(&state);
    handed_over.hand_over = true;
    let half = fixture.snapshot();
    assert!(fixture.engine().remove(handed_over).await.gone);
    assert!(!fixture.keys().iter().any(|key| key.contains("pay")), "a deletion is never handed over");

    // Without a state, as after a lost one: the create does both.
    let fixture = half.open().await;
    let preview = fixture.preview(&spec, None).await;
    assert_eq!(codes(&preview.problems), ["record.half_deleted"], "{:?}", preview.problems);
    let again = fixture.create(&spec).await;
    assert!(again.uid != state.uid, "another instance");
    assert_eq!(fixture.keys(), there, "all of it");
    fixture.assert_quiet(&again, "made again").await;
}

/// The record is written before the second look, so that of two at once one sees the other.
#[tokio::test(start_paused = true)]
async fn the_last_of_a_total_is_given_once() {
    let cpu = |cpu: &str| json!({"share": {"cpu": cpu, "memory": "1Gi"}});
    let fixture = EngineFixture::with_instances(&[environment("pay", json!({"namespaces": {"default": {}}}))]).await;
    let (ledger, gateway) = (slot("pay", "ledger", cpu("1")), slot("pay", "gateway", cpu("1")));
    let states = (fixture.create(&ledger).await, fixture.create(&gateway).await);
    let more = (slot("pay", "ledger", cpu("3")), slot("pay", "gateway", cpu("3")));
    let slow = Fault { verb: Some(Verb::Apply), kind: Some("ConfigMap".into()), ..Fault::new(Action::Slow(500)) };
    fixture.sandbox.add_fault(slow).await.expect("a fault");
    let (one, two) = tokio::join!(fixture.ensure(&more.0, Some(&states.0)), fixture.ensure(&more.1, Some(&states.1)));
    fixture.heal().await;
    let (won, lost) = if one.exists.is_some() { (one, two) } else { (two, one) };
    assert!(
        won.exists.is_some_and(|exists| exists.complete) && lost.exists.is_none(),
        "one of them, and nothing of the other"
    );
    assert_eq!(errors(&lost.problems), ["slot.shares_exceed_total"], "{:?}", lost.problems);
    let recorded: Vec<_> = ["slot.pay.ledger", "slot.pay.gateway"]
        .into_iter()
        .filter_map(|name| fixture.record(name))
        .map(|record| (record.phase, record.spec["share"]["cpu"].as_str().unwrap_or_default().to_owned()))
        .collect();
    assert!(recorded.iter().all(|(phase, _)| *phase == Phase::Ready), "{recorded:?}");
    let mut amounts: Vec<_> = recorded.into_iter().map(|(_, amount)| amount).collect();
    amounts.sort();
    assert_eq!(amounts, ["1", "3"], "the record of the other one is as it was");

    // A create that steps back leaves nothing, and neither does a total that is lowered meanwhile.
    let fixture = EngineFixture::ready().await;
    let of_one = |quota: Value| environment("pay", json!({"namespaces": {"default": {}}, "quota": quota}));
    let pay = fixture.create(&of_one(Value::Null)).await;
    let there = fixture.keys();
    let slow = Fault { verb: Some(Verb::Apply), kind: Some("ConfigMap".into()), ..Fault::new(Action::Slow(500)) };
    fixture.sandbox.add_fault(slow).await.expect("a fault");
    let (large, smaller) = (slot("pay", "ledger", cpu("4")), of_one(json!({"total": {"requests.cpu": "2"}})));
    let (slot, environment) = tokio::join!(fixture.ensure(&large, None), fixture.ensure(&smaller, Some(&pay)));
    fixture.heal().await;
    match (slot.exists, environment.exists) {
        (Some(slot), None) => {
            assert!(slot.complete);
            assert_eq!(errors(&environment.problems), ["environment.total_below_shares"], "{:?}", environment.problems);
        }
        (None, Some(environment)) => {
            assert!(environment.complete && fixture.keys() == there, "nothing of the slot: {:?}", fixture.keys());
        }
        _ => panic!("{:?} {:?}", slot.problems, environment.problems),
    }
}
