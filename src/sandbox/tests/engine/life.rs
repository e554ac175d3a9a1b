//! From create to remove, when all goes well; and every way in which an instance passes from one state to the next.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::{
    domain::{Computed, Phase, ResourceKind},
    golden::{RESOURCES, spec_of},
    ports::operation,
    provision::{Observation, ObserveRequest, Provisioner, Replacing},
};
use goldenpath_sandbox::Verb;
use serde_json::json;
use std::time::Duration;

const RECORD: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.pay";

async fn with_environment() -> (EngineFixture, InstanceState) {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    (fixture, state)
}

#[tokio::test(start_paused = true)]
async fn create_update_and_remove_leave_nothing_behind() {
    let fixture = EngineFixture::ready().await;
    let before = fixture.keys();
    let state = fixture.create(&environment("pay", json!({}))).await;
    fixture.assert_quiet(&state, "after a create").await;
    let slot_state = fixture.create(&slot("pay", "ledger", json!({}))).await;
    fixture.assert_quiet(&slot_state, "after a slot").await;
    fixture.assert_quiet(&state, "a slot in it changes nothing of the environment").await;

    let record = fixture.record("environment.pay").expect("a record");
    assert_eq!((record.phase, record.operation), (Phase::Ready, None));
    assert_eq!(record.timings.len(), 3, "how long it took is recorded");

    let larger = environment("pay", json!({"quota": {"total": {"pods": "80"}}}));
    let calls = fixture.count().await;
    let state = fixture.apply(&larger, Some(&state)).await;
    let applied = fixture.calls(calls, &[Verb::Apply]).await;
    assert_eq!(applied.len(), 4, "two quotas between two writes of the record: {applied:?}");
    fixture.assert_quiet(&state, "after an update").await;

    let refused = fixture.remove(&state).await;
    assert_eq!((refused.gone, errors(&refused.problems)), (false, vec!["deletion.in_use"]), "a slot is in it");
    let removed = fixture.remove(&slot_state).await;
    assert!(removed.gone, "{:?}", removed.problems);
    fixture.assert_quiet(&state, "the slot took its annotations along").await;
    assert!(fixture.remove(&state).await.gone);
    assert_eq!(fixture.keys(), before, "nothing is left");
    assert!(fixture.maybe_refresh(&state).await.is_none(), "gone is gone");
}

#[tokio::test(start_paused = true)]
async fn peoples_access_and_roles_outlive_what_they_protect() {
    let (fixture, state) = with_environment().await;
    let namespace = "k8s/v1/Namespace/pay-jobs".parse().expect("a key");
    fixture.sandbox.add_finalizer(&namespace, "example.com/slow").await.expect("held");
    let mut request = remove_request(&state);
    request.timeout = Duration::from_secs(60);
    assert!(!fixture.engine().remove(request).await.gone, "a namespace is not");
    let left = fixture.keys();
    let (access, others): (Vec<_>, Vec<_>) = state.objects.keys().partition(|key| key.starts_with("aws/"));
    assert!(access.iter().all(|key| left.contains(*key)), "access outlives the objects it protects: {left:?}");
    assert!(others.iter().any(|key| !left.contains(*key)), "something went");

    fixture.sandbox.remove_finalizer(&namespace, "example.com/slow").await.expect("released");
    let calls = fixture.count().await;
    assert!(fixture.remove(&state).await.gone);
    let deleted = fixture.deletions(calls).await;
    let at = |part: &str| deleted.iter().position(|key| key.contains(part)).unwrap_or_else(|| panic!("{part}"));
    let entry = at("AccessEntry/arn:aws:iam::111122223333:role/goldenpath");
    assert!(entry < at("aws/iam/Role"), "the entry before its role: {deleted:?}");
    assert_eq!(deleted.last().map(String::as_str), Some(RECORD), "the record last");
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_no_object_writes_only_the_record() {
    let (fixture, state) = with_environment().await;
    let calls = fixture.count().await;
    let state = fixture.apply(&environment("pay", json!({"deletion_protection": true})), Some(&state)).await;
    assert_eq!(fixture.writes(calls).await.len(), 2, "begin and end");
    let calls = fixture.count().await;
    let state = fixture.apply(&state.spec, Some(&state)).await;
    fixture.assert_only_read(calls, "nothing to do").await;
    assert!(state.protected);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_takes_its_contents_along_and_its_people_stay() {
    let (fixture, state) = with_environment().await;
    let smaller = environment("pay", json!({"namespaces": {"default": {}}}));
    let preview = fixture.preview(&smaller, Some(&state)).await;
    let words = message(&preview.problems, "deletion.loses");
    assert!(words.contains("pay-jobs"), "{words}");
    let state = fixture.apply(&smaller, Some(&state)).await;
    assert!(!fixture.keys().iter().any(|key| key.contains("pay-jobs")), "nothing of it is left");
    fixture.assert_quiet(&state, "after a namespace is gone").await;
}

#[tokio::test(start_paused = true)]
async fn an_import_is_followed_by_an_empty_plan() {
    let fixture = EngineFixture::ready().await;
    for (spec, reason) in [
        (environment("pay", json!({})), "an environment"),
        (slot("pay", "ledger", json!({})), "a slot"),
        (baseline(), "the baseline"),
    ] {
        let made = match () {
            _ if spec.kind() == ResourceKind::BASELINE => fixture.record("gp-baseline").expect("a record").uid,
            _ => fixture.create(&spec).await.uid,
        };
        let engine = fixture.engine();
        let record = engine.find(&spec.id()).await.ok().flatten().unwrap_or_else(|| panic!("{reason}: no record"));
        let recorded = spec_of(RESOURCES, &record);
        assert_eq!(recorded.as_ref(), Some(&spec), "{reason}: the request as it was written");
        let request = ObserveRequest {
            id: spec.id(),
            uid: None,
            target: None,
            spec: recorded,
            facts: Some(record.facts.clone()),
            path: record.path(),
            parent: None,
            objects: [].into(),
        };
        let Ok(Observation::Here(observed)) = engine.observe(request).await else { panic!("{reason}: it is there") };
        assert_eq!(observed.uid, made, "{reason}");
        let outputs = observed.outputs.expect("outputs");
        if spec.kind() == ResourceKind::ENVIRONMENT {
            let is_reported = |name| outputs.get(name).is_some();
            assert!(is_reported("provisioning") && is_reported("resolved_version"), "{reason}: all is reported");
        }
        let state = InstanceState {
            spec,
            uid: observed.uid,
            target: observed.target,
            objects: observed.objects,
            facts: observed.facts,
            path: record.path(),
            parent: observed.parent,
            protected: false,
            incomplete: false,
            identity_ready: None,
        };
        fixture.assert_quiet(&state, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn generated_ids_are_reported_and_stay() {
    let (fixture, _) = with_environment().await;
    let spec = slot("pay", "ledger", json!({}));
    let outcome = fixture.ensure(&spec, None).await;
    let outputs = outcome.exists.as_ref().map(|exists| exists.outputs.clone()).expect("a slot");
    let known = |name| outputs.get(name).and_then(Computed::as_str);
    assert!(known("role_unique_id").is_some() && known("association_id").is_some());
    assert_eq!(outputs.get("external_id"), Some(&Computed::Null), "no target role, no external id");
    let state = fixture.complete(&spec, outcome);
    let decided = fixture.preview(&spec, Some(&state)).await.decided.expect("decided");
    let planned = |name| decided.outputs.get(name);
    assert_eq!((planned("role_unique_id"), planned("association_id")), (None, None), "they stay");
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_is_taken_over_by_the_same_request_only() {
    let (fixture, first) = with_environment().await;
    let again = fixture.ensure(&first.spec, None).await;
    assert!(codes(&again.problems).contains(&"record.take_over"));
    let second = fixture.complete(&first.spec, again);
    assert_ne!(first.uid, second.uid, "under a new uid");
    let other = fixture.ensure(&environment("pay", json!({"team": "shop"})), None).await;
    assert!(other.exists.is_none());
    assert_eq!(errors(&other.problems), ["record.already_exists"]);

    // The first state is superseded now.
    let (_, problems) = fixture.refresh(&first).await;
    assert!(codes(&problems).contains(&"record.superseded"), "Read warns");
    let update = fixture.ensure(&environment("pay", json!({"deletion_protection": true})), Some(&first)).await;
    assert_eq!(errors(&update.problems), ["record.superseded"], "Update refuses");
    let removed = fixture.remove(&first).await;
    assert!(removed.gone && errors(&removed.problems).is_empty(), "Delete does nothing");
    fixture.assert_quiet(&second, "the live one is untouched").await;
}

/// By a daemon whose journal does not hold its end, which the client may know.
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_run_again_finds_what_it_made() {
    let fixture = EngineFixture::ready().await;
    let (spec, wider) =
        (environment("pay", json!({})), environment("pay", json!({"quota": {"total": {"pods": "80"}}})));
    let create = || operation::within("op-1", fixture.ensure(&spec, None));
    let state = fixture.complete(&spec, create().await);
    let record = fixture.record("environment.pay");
    let again = create().await;
    assert_eq!(codes(&again.problems), Vec::<&str>::new(), "nothing is to be said");
    assert_eq!(fixture.complete(&spec, again).uid, state.uid);
    assert_eq!(fixture.record("environment.pay"), record, "nothing was written");
    fixture.delete("k8s/v1/ResourceQuota/pay/gp-base").await;
    let calls = fixture.count().await;
    assert_eq!(
        fixture.complete(&spec, create().await).uid,
        state.uid,
        "it has ended, and is the instance of that state"
    );
    fixture.assert_only_read(calls, "what somebody has done since is left to the next plan").await;

    let (state, _) = fixture.refresh(&state).await;
    let state = fixture.apply(&wider, Some(&state)).await;
    assert_eq!(errors(&create().await.problems), ["record.changed"], "what came after it stays");
    fixture.assert_quiet(&state, "as it was").await;

    let more = environment("pay", json!({"quota": {"total": {"pods": "90"}}}));
    let update = || operation::within("op-3", fixture.ensure(&more, Some(&state)));
    let made = fixture.complete(&more, update().await);
    fixture.delete("k8s/v1/ResourceQuota/pay/gp-base").await;
    let calls = fixture.count().await;
    assert_eq!(fixture.complete(&more, update().await).objects, made.objects, "an update has the outcome that it had");
    fixture.assert_only_read(calls, "and puts nothing back").await;
    let (made, _) = fixture.refresh(&made).await;
    let state = &fixture.apply(&wider, Some(&made)).await;
    let calls = fixture.count().await;
    assert_eq!(errors(&update().await.problems), ["record.changed"], "nor what was applied after it");
    fixture.assert_only_read(calls, "as it was").await;
    fixture.assert_quiet(state, "as it was").await;
    for _ in 0..2 {
        let removed = operation::within("op-2", fixture.remove(state)).await;
        assert!(removed.gone && codes(&removed.problems).is_empty(), "{:?}", removed.problems);
    }
}

#[tokio::test(start_paused = true)]
async fn create_before_destroy_takes_over() {
    let (fixture, old) = with_environment().await;
    let spec = environment("pay", json!({"tier": "staging", "deletion_protection": false}));
    let replacing = Some(Replacing { id: "demo/pay".into(), uid: old.uid.clone(), protected: false });
    let preview = fixture.engine().preview(preview_request(&spec, None, replacing.clone())).await;
    assert_eq!(errors(&preview.problems), Vec::<&str>::new());
    assert!(codes(&preview.problems).contains(&"deletion.loses"), "what goes is listed: {:?}", preview.problems);
    let mut request = ensure_request(&spec, None, None);
    request.replacing = replacing;
    let new = fixture.engine().ensure(request).await;
    assert!(codes(&new.problems).contains(&"record.take_over"));
    let new = fixture.complete(&spec, new);
    assert!(fixture.remove(&old).await.gone, "the old one's delete touches nothing");
    fixture.assert_quiet(&new, "the new one lives").await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_record_is_drift_and_is_rebuilt_under_the_same_uid() {
    let (fixture, state) = with_environment().await;
    fixture.delete(RECORD).await;
    let observed = fixture.engine().observe(observe_request(&state)).await;
    let Ok(Observation::Here(observed)) = observed else { panic!("its objects are there") };
    assert!(observed.record.is_none() && !observed.objects.contains_key(RECORD));
    let (fresh, _) = fixture.refresh(&state).await;
    let again = fixture.apply(&state.spec, Some(&fresh)).await;
    assert_eq!(again.uid, state.uid);
    assert_eq!(fixture.record("environment.pay").map(|record| record.uid), Some(state.uid.clone()));
    fixture.assert_quiet(&again, "rebuilt").await;

    fixture.delete(RECORD).await;
    assert!(fixture.remove(&state).await.gone, "the keys of state are the inventory");
    assert!(!fixture.keys().iter().any(|key| key.contains("pay")), "nothing is left: {:?}", fixture.keys());
}

#[tokio::test(start_paused = true)]
async fn the_baseline_goes_last_and_takes_its_namespace_along() {
    let fixture = EngineFixture::new().await;
    let state = fixture.create(&baseline()).await;
    fixture.assert_quiet(&state, "a baseline").await;
    let environment_state = fixture.create(&environment("pay", json!({}))).await;
    let refused = fixture.remove(&state).await;
    assert_eq!((refused.gone, errors(&refused.problems)), (false, vec!["deletion.in_use"]));
    assert!(fixture.remove(&environment_state).await.gone);
    assert!(fixture.remove(&state).await.gone);
    assert_eq!(fixture.keys(), [].into());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_gone_leaves_only_roles_to_delete() {
    let (fixture, state) = with_environment().await;
    fixture.sql("DELETE FROM cluster; DELETE FROM object WHERE home LIKE 'arn:%'");
    let removed = fixture.remove(&state).await;
    assert!(removed.gone && codes(&removed.problems) == ["cluster.gone"], "{:?}", removed.problems);
    assert_eq!(fixture.keys(), [].into(), "the roles of the account are gone");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_out_of_sight_of_a_wrong_profile_is_not_gone() {
    let (fixture, state) = with_environment().await;
    let before = fixture.keys();
    let refused = fixture.engine_elsewhere().remove(remove_request(&state)).await;
    assert_eq!((refused.gone, errors(&refused.problems)), (false, vec!["target.invalid"]), "state still holds it");
    assert_eq!(fixture.keys(), before);
}

#[tokio::test(start_paused = true)]
async fn a_slot_planned_with_its_environment_knows_it() {
    let fixture = EngineFixture::ready().await;
    let engine = fixture.engine();
    let (environment_spec, slot_spec) = (environment("pay", json!({})), slot("pay", "ledger", json!({})));
    let alone = engine.preview(preview_request(&slot_spec, None, None)).await;
    let is_unknown = codes(&alone.problems).contains(&"slot.environment_unknown");
    assert!(alone.decided.is_none() && is_unknown, "{:?}", alone.problems);
    engine.preview(preview_request(&environment_spec, None, None)).await;
    let planned = engine.preview(preview_request(&slot_spec, None, None)).await;
    let decided = planned.decided.unwrap_or_else(|| panic!("{:?}", planned.problems));
    let elsewhere = fixture.engine().preview(preview_request(&slot_spec, None, None)).await;
    assert!(elsewhere.decided.is_none(), "remembered for that connection only");
    fixture.create(&environment_spec).await;
    let request = ensure_request(&slot_spec, None, Some(planned_lines(&decided.outputs)));
    let outcome = fixture.engine().ensure(request).await;
    fixture.complete(&slot_spec, outcome);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_of_the_cluster_brings_a_baseline_its_guards_once() {
    let fixture = EngineFixture::new().await;
    fixture.declare(|cluster| cluster.version = "1.29".to_owned()).await;
    let preview = fixture.preview(&baseline(), None).await;
    assert!(codes(&preview.problems).contains(&"guards.unsupported"), "{:?}", preview.problems);
    let old = fixture.create(&baseline()).await;
    let guards = || fixture.keys().into_iter().filter(|key| key.contains("/gp-guard-")).count();
    assert_eq!(guards(), 0);
    fixture.declare(|cluster| cluster.version = "1.30".to_owned()).await;
    let (seen, _) = fixture.refresh(&old).await;
    let upgraded = fixture.apply(&baseline(), Some(&seen)).await;
    assert_eq!(guards(), 22, "each with its binding");
    fixture.declare(|cluster| cluster.version = "1.31".to_owned()).await;
    fixture.assert_quiet(&upgraded, "no other upgrade changes it").await;
}
