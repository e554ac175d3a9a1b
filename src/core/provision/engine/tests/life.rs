//! From create to remove, when all goes well; and every way in which an instance passes from one hand to the next.

use crate::{
    domain::{Outputs, Phase, Spec},
    provision::{Observation, ObserveRequest, Provisioner, Replacing, testing::*},
};
use serde_json::json;

const RECORD: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.pay";

#[tokio::test(start_paused = true)]
async fn create_update_and_remove_leave_nothing_behind() {
    let bench = Bench::ready().await;
    let before = bench.fake.keys();
    let environment_spec = environment("pay", json!({}));
    let environment_held = bench.create(&environment_spec).await;
    bench.assert_quiet(&environment_held, "after a create").await;
    let slot_held = bench.create(&slot("pay", "ledger", json!({}))).await;
    bench.assert_quiet(&slot_held, "after a slot").await;
    bench.assert_quiet(&environment_held, "a slot in it changes nothing of the environment").await;

    let record = bench.fake.record("environment.pay").unwrap_or_else(|| panic!("a record"));
    assert_eq!((record.phase, record.operation), (Phase::Ready, None));
    assert_eq!(record.timings.len(), 3, "how long it took is told");

    let larger = environment("pay", json!({ "quota": { "total": { "pods": "80" } } }));
    let calls = bench.fake.calls().len();
    let environment_held = bench.apply(&larger, Some(&environment_held)).await;
    let applied: Vec<_> =
        bench.fake.calls()[calls..].iter().filter(|call| matches!(call, Call::Apply(_))).cloned().collect();
    assert_eq!(applied.len(), 4, "two quotas between two writes of the record: {applied:?}");
    bench.assert_quiet(&environment_held, "after an update").await;

    let refused = bench.remove(&environment_held).await;
    assert_eq!((refused.gone, errors(&refused.problems)), (false, vec!["deletion.in_use"]), "a slot is in it");
    let removed = bench.remove(&slot_held).await;
    assert!(removed.gone, "{:?}", removed.problems);
    bench.assert_quiet(&environment_held, "the slot took its annotations along").await;
    assert!(bench.remove(&environment_held).await.gone);
    assert_eq!(bench.fake.keys(), before, "nothing is left");
    assert!(bench.refresh(&environment_held).await.is_none(), "gone is gone");
}

#[tokio::test(start_paused = true)]
async fn what_goes_goes_before_peoples_access() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    assert!(bench.remove(&held).await.gone);
    let lost: Vec<String> = bench.fake.lost().iter().map(ToString::to_string).collect();
    let at =
        |part: &str| lost.iter().position(|key| key.contains(part)).unwrap_or_else(|| panic!("{part} in {lost:?}"));
    assert!(at("Namespace/pay-jobs") < at("AccessEntry"), "access outlives the objects it protects");
    assert!(
        at("AccessEntry/arn:aws:iam::111122223333:role/goldenpath") < at("aws/iam/Role"),
        "the entry before its role"
    );
    assert_eq!(lost.last().map(String::as_str), Some(RECORD), "the record last");
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_no_object_writes_only_the_record() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let calls = bench.fake.calls().len();
    let held = bench.apply(&environment("pay", json!({ "deletion_protection": true })), Some(&held)).await;
    let applied = bench.fake.calls()[calls..].iter().filter(|call| matches!(call, Call::Apply(_))).count();
    assert_eq!(applied, 2, "begin and end");
    let calls = bench.fake.calls().len();
    let held = bench.apply(&held.spec.clone(), Some(&held)).await;
    assert!(bench.fake.calls()[calls..].iter().all(|call| *call == Call::Observe), "nothing to do: nothing is written");
    assert!(held.protected);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_goes_takes_its_contents_along_and_its_people_stay() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let smaller = environment("pay", json!({ "namespaces": { "default": {} } }));
    let preview = bench.preview(&smaller, Some(&held)).await;
    let told = preview.problems.iter().find(|p| p.code == "deletion.loses").unwrap_or_else(|| panic!("it is said"));
    assert!(told.summary.contains("pay-jobs"), "{}", told.summary);
    let held = bench.apply(&smaller, Some(&held)).await;
    assert!(!bench.fake.keys().iter().any(|key| key.contains("pay-jobs")), "nothing of it is left");
    bench.assert_quiet(&held, "after a namespace went").await;
}

#[tokio::test(start_paused = true)]
async fn an_import_is_followed_by_an_empty_plan() {
    let bench = Bench::ready().await;
    for (spec, reason) in [
        (environment("pay", json!({})), "an environment"),
        (slot("pay", "ledger", json!({})), "a slot"),
        (baseline(), "the baseline"),
    ] {
        let made = match spec {
            Spec::Baseline(_) => bench.fake.record("gp-baseline").map(|record| record.uid).unwrap_or_default(),
            _ => bench.create(&spec).await.uid,
        };
        let engine = bench.engine();
        let record = engine.find(&spec.id()).await.ok().flatten().unwrap_or_else(|| panic!("{reason}: no record"));
        assert_eq!(record.request().ok().as_ref(), Some(&spec), "{reason}: the request as it was written");
        let request = ObserveRequest {
            id: spec.id(),
            uid: None,
            target: None,
            spec: record.request().ok(),
            facts: Some(record.facts.clone()),
            parent: None,
            objects: [].into(),
        };
        let Ok(Observation::Here(seen)) = engine.observe(request).await else { panic!("{reason}: it is there") };
        assert_eq!(seen.uid, made, "{reason}");
        let held = Held {
            spec: spec.clone(),
            uid: seen.uid.clone(),
            target: seen.target.clone(),
            objects: seen.objects.clone(),
            facts: seen.facts.clone(),
            parent: seen.parent.clone(),
            protected: false,
            incomplete: false,
            identity_ready: None,
        };
        bench.assert_quiet(&held, reason).await;
        if let Some(Outputs::Environment(outputs)) = &seen.outputs {
            assert!(outputs.provisioning.is_some() && outputs.resolved_version.is_some(), "{reason}: all is told");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn generated_ids_are_told_and_stay() {
    let bench = Bench::ready().await;
    bench.create(&environment("pay", json!({}))).await;
    let spec = slot("pay", "ledger", json!({}));
    let outcome = bench.ensure(&spec, None).await;
    let Some(Outputs::Slot(outputs)) = outcome.exists.as_ref().map(|exists| exists.outputs.clone()) else {
        panic!("a slot")
    };
    let known =
        |leaf: &crate::domain::Leaf<Option<String>>| leaf.as_ref().and_then(|late| late.now()).cloned().flatten();
    assert!(known(&outputs.role_unique_id).is_some() && known(&outputs.association_id).is_some());
    assert_eq!(outputs.external_id, Some(crate::domain::Late::Now(None)), "no target role, no external id");
    let held = bench.complete(&spec, outcome);
    let decided = bench.preview(&spec, Some(&held)).await.decided.unwrap_or_else(|| panic!("decided"));
    let Outputs::Slot(planned) = decided.outputs else { panic!("a slot") };
    assert_eq!((planned.role_unique_id, planned.association_id), (None, None), "they stay");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_taken_over_by_the_same_request_only() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let first = bench.create(&spec).await;
    let again = bench.ensure(&spec, None).await;
    assert!(codes(&again.problems).contains(&"record.take_over"));
    let second = bench.complete(&spec, again);
    assert_ne!(first.uid, second.uid, "under a new uid");
    let other = bench.ensure(&environment("pay", json!({ "team": "shop" })), None).await;
    assert!(other.exists.is_none());
    assert_eq!(errors(&other.problems), ["record.already_exists"]);

    // The first state is superseded now.
    let Some((_, seen)) = bench.refresh(&first).await else { panic!("it is there") };
    assert!(codes(&seen.problems).contains(&"record.superseded"), "Read warns");
    let update = bench.ensure(&environment("pay", json!({ "deletion_protection": true })), Some(&first)).await;
    assert_eq!(errors(&update.problems), ["record.superseded"], "Update refuses");
    let removed = bench.remove(&first).await;
    assert!(removed.gone && errors(&removed.problems).is_empty(), "Delete does nothing");
    bench.assert_quiet(&second, "the live one is untouched").await;
}

#[tokio::test(start_paused = true)]
async fn create_before_destroy_takes_over() {
    let bench = Bench::ready().await;
    let old = bench.create(&environment("pay", json!({}))).await;
    let spec = environment("pay", json!({ "tier": "staging", "deletion_protection": false }));
    let replacing = Some(Replacing { id: "demo/pay".into(), uid: old.uid.clone(), protected: false });
    let preview = bench.engine().preview(preview_request(&spec, None, replacing.clone())).await;
    assert_eq!(errors(&preview.problems), Vec::<&str>::new());
    assert!(codes(&preview.problems).contains(&"deletion.loses"), "what goes is listed: {:?}", preview.problems);
    let mut request = ensure_request(&spec, None, None);
    request.replacing = replacing;
    let new = bench.engine().ensure(request).await;
    assert!(codes(&new.problems).contains(&"record.take_over"));
    let new = bench.complete(&spec, new);
    assert!(bench.remove(&old).await.gone, "the old one's delete touches nothing");
    bench.assert_quiet(&new, "the new one lives").await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_record_is_drift_and_is_rebuilt_under_the_same_uid() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    bench.fake.vanish(RECORD);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("its objects are there") };
    assert!(seen.record.is_none() && !fresh.objects.contains_key(RECORD));
    let again = bench.apply(&spec, Some(&fresh)).await;
    assert_eq!(again.uid, held.uid);
    assert_eq!(bench.fake.record("environment.pay").map(|record| record.uid), Some(held.uid.clone()));
    bench.assert_quiet(&again, "rebuilt").await;

    bench.fake.vanish(RECORD);
    assert!(bench.remove(&held).await.gone, "the keys of state are the inventory");
    assert!(!bench.fake.keys().iter().any(|key| key.contains("pay")), "nothing is left: {:?}", bench.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn the_baseline_goes_last_and_takes_its_namespace_along() {
    let bench = Bench::new();
    let held = bench.create(&baseline()).await;
    bench.assert_quiet(&held, "a baseline").await;
    let environment_held = bench.create(&environment("pay", json!({}))).await;
    let refused = bench.remove(&held).await;
    assert_eq!((refused.gone, errors(&refused.problems)), (false, vec!["deletion.in_use"]));
    assert!(bench.remove(&environment_held).await.gone);
    assert!(bench.remove(&held).await.gone);
    assert_eq!(bench.fake.keys(), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_gone_leaves_only_roles_to_delete() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    bench.fake.drop_cluster();
    let removed = bench.remove(&held).await;
    assert!(removed.gone && codes(&removed.problems) == ["cluster.gone"], "{:?}", removed.problems);
    assert_eq!(bench.fake.keys(), [].into(), "the roles of the account went");
}

#[tokio::test(start_paused = true)]
async fn a_slot_planned_with_its_environment_knows_it() {
    let bench = Bench::ready().await;
    let engine = bench.engine();
    let (environment_spec, slot_spec) = (environment("pay", json!({})), slot("pay", "ledger", json!({})));
    let alone = engine.preview(preview_request(&slot_spec, None, None)).await;
    assert!(
        alone.decided.is_none() && codes(&alone.problems).contains(&"slot.environment_unknown"),
        "{:?}",
        alone.problems
    );
    engine.preview(preview_request(&environment_spec, None, None)).await;
    let planned = engine.preview(preview_request(&slot_spec, None, None)).await;
    let Some(decided) = planned.decided else { panic!("{:?}", planned.problems) };
    let elsewhere = bench.engine().preview(preview_request(&slot_spec, None, None)).await;
    assert!(elsewhere.decided.is_none(), "remembered for that connection only");
    bench.create(&environment_spec).await;
    let outcome = bench.engine().ensure(ensure_request(&slot_spec, None, Some(planned_lines(&decided.outputs)))).await;
    bench.complete(&slot_spec, outcome);
}
