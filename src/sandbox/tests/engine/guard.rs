//! What is refused before anything is changed.

use super::{
    fixture::{EngineFixture, Wrong},
    requests::*,
};
use goldenpath_core::{
    domain::{Body, Late, Phase, Role},
    provision::{Provisioner, Replacing, Spec},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn prod(over: Value) -> Spec {
    let mut base = json!({"tier": "prod", "owner": {"contact": "payments@corp", "cost_center": "CC12"}});
    for (key, value) in over.as_object().into_iter().flatten() {
        base[key] = value.clone();
    }
    environment("pay", base)
}

#[tokio::test(start_paused = true)]
async fn names_of_others_are_never_taken() {
    for (key, expected, reason) in [
        ("k8s/v1/Namespace/pay", "Helm", "a namespace"),
        ("aws/iam/Role", "CloudFormation", "a role of the name that ours would have"),
    ] {
        let fixture = EngineFixture::ready().await;
        let spec = environment("pay", json!({}));
        let decided = fixture.preview(&spec, None).await.decided.expect(reason);
        let key = planned_lines(&decided.outputs).into_keys().find(|found| found.starts_with(key)).expect(reason);
        if key.starts_with("k8s/") {
            fixture.make_namespace("pay", json!({"meta.helm.sh/release-name": "pay"})).await;
        } else {
            let role = json!({"path": "/", "inline": {}, "attached": [], "boundary": "", "description": "",
                "max_session_seconds": 3600, "tags": {"aws:cloudformation:stack-name": "pay"}});
            let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}]});
            let mut role: Value = role;
            role["trust"] = trust;
            // Only AWS itself sets such a tag.
            let theirs = Role { tags: BTreeMap::new(), ..serde_json::from_value(role.clone()).expect("a role") };
            fixture.make(&key, &Body::Role(theirs), "somebody").await;
            fixture.edit(&key, "/tags", Some(role["tags"].clone()), "somebody", false).await;
        }
        let preview = fixture.preview(&spec, None).await;
        assert_eq!(errors(&preview.problems), ["object.foreign"], "{reason}: at plan");
        let calls = fixture.count().await;
        let outcome = fixture.ensure(&spec, None).await;
        let names_it = outcome.problems.iter().any(|problem| problem.summary.contains(expected));
        assert!(outcome.exists.is_none() && names_it, "{reason}: {:?}", outcome.problems);
        fixture.assert_only_read(calls, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_marked_namespace_is_adopted() {
    for (marked_for, mode, adopted, reason) in [
        (Some("demo/pay"), "if_marked", true, "marked, and asked for"),
        (Some("demo/pay"), "fail", false, "not asked for"),
        (Some("demo/shop"), "if_marked", false, "marked for another one"),
        (None, "if_marked", false, "not marked"),
    ] {
        let fixture = EngineFixture::ready().await;
        let annotations = marked_for.map_or(json!({}), |id| json!({"goldenpath.internal/adoptable-by": id}));
        fixture.make_namespace("pay", annotations).await;
        let spec = environment("pay", json!({"adopt": {"mode": mode}}));
        let preview = fixture.preview(&spec, None).await;
        let says_so = codes(&preview.problems).contains(&"environment.adopts");
        assert_eq!(says_so, adopted, "{reason}: {:?}", preview.problems);
        let outcome = fixture.ensure(&spec, None).await;
        assert_eq!(errors(&outcome.problems).is_empty(), adopted, "{reason}: {:?}", outcome.problems);
        if adopted {
            let state = fixture.complete(&spec, outcome);
            fixture.assert_quiet(&state, reason).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_baseline_is_a_hint_and_then_an_error() {
    let fixture = EngineFixture::new().await;
    let spec = environment("pay", json!({}));
    let preview = fixture.preview(&spec, None).await;
    assert!(errors(&preview.problems).is_empty());
    assert!(message(&preview.problems, "baseline.missing").contains("depends_on"), "{:?}", preview.problems);
    let outcome = fixture.ensure(&spec, None).await;
    assert!(outcome.exists.is_none());
    assert_eq!(errors(&outcome.problems), ["baseline.missing"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_boundary_is_an_error_before_any_change() {
    let fixture = EngineFixture::ready().await;
    fixture.sql("DELETE FROM policy");
    let spec = environment("pay", json!({}));
    assert!(codes(&fixture.preview(&spec, None).await.problems).contains(&"boundary.missing"));
    let calls = fixture.count().await;
    let outcome = fixture.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["boundary.missing"]);
    fixture.assert_only_read(calls, "no boundary").await;
}

#[tokio::test(start_paused = true)]
async fn another_target_is_an_error_and_never_gone() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let keys = fixture.keys();
    fixture.sql("UPDATE target SET uuid = 'another'");
    let engine = fixture.engine();
    let observed = engine.observe(observe_request(&state)).await;
    assert_eq!(observed.err().map(|problem| problem.code), Some("target.other"), "Read");
    let outcome = engine.ensure(ensure_request(&state.spec, Some(&state), None)).await;
    assert_eq!(errors(&outcome.problems), ["target.other"], "Apply");
    let problems = engine.preview_remove(&remove_request(&state)).await;
    assert_eq!(errors(&problems), ["target.other"], "the plan of a destroy");
    let removed = engine.remove(remove_request(&state)).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["target.other"]), "Delete");
    assert_eq!(fixture.keys(), keys);
}

#[tokio::test(start_paused = true)]
async fn an_outdated_plan_changes_nothing() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    let decided = fixture.preview(&spec, None).await.decided.expect("decided");
    let planned = planned_lines(&decided.outputs);
    let first = planned.keys().next().cloned().expect("an object");
    type Change<'a> = Box<dyn Fn(&mut BTreeMap<String, Late<String>>) + 'a>;
    let changes: [(&str, Change<'_>); 3] = [
        ("another line", Box::new(|lines| drop(lines.insert(first.clone(), Late::Now("x #2:0000000000".into()))))),
        ("an object more", Box::new(|lines| drop(lines.insert("k8s/v1/Namespace/other".into(), Late::Later)))),
        ("an object less", Box::new(|lines| drop(lines.remove(&first)))),
    ];
    for (reason, change) in changes {
        let mut planned = planned.clone();
        change(&mut planned);
        let calls = fixture.count().await;
        let outcome = fixture.engine().ensure(ensure_request(&spec, None, Some(planned))).await;
        assert!(outcome.exists.is_none(), "{reason}");
        assert_eq!(errors(&outcome.problems), ["plan.outdated"], "{reason}");
        fixture.assert_only_read(calls, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asked_is_named_where_protection_was_lifted() {
    const TEAM: &str = "github \"repo:acme/payments\"";
    for (caller, expected, reason) in
        [(Some(TEAM), TEAM, "a caller of a daemon"), (None, "arn:aws:iam::", "whom the target knows")]
    {
        let fixture = EngineFixture::ready().await;
        let spec = prod(json!({}));
        let state = fixture.create(&spec).await;
        let engine = caller.map_or_else(|| fixture.engine(), |caller| fixture.engine_for(caller));
        let unprotected = engine.unprotect(&spec.id()).await.expect(reason);
        assert!(unprotected.by.starts_with(expected), "{reason}: {unprotected:?}");
        let record = fixture.record("environment.pay").expect("a record");
        assert_eq!(record.unprotected, Some(unprotected), "{reason}");
        assert!(fixture.remove(&state).await.gone, "{reason}: the next destroy is admitted");
    }
}

#[tokio::test(start_paused = true)]
async fn deletion_protection_holds_in_every_way_round_it() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&prod(json!({}))).await;
    assert!(state.protected, "on by default in production");
    let keys = fixture.keys();

    let smaller = prod(json!({"namespaces": {"default": {}}}));
    let both = prod(json!({"namespaces": {"default": {}}, "deletion_protection": false}));
    for (spec, reason) in [
        (&smaller, "an update that loses a namespace"),
        (&both, "switched off in the same step: the prior state counts"),
    ] {
        let preview = fixture.preview(spec, Some(&state)).await;
        assert_eq!(errors(&preview.problems), ["deletion.protected"], "{reason}");
    }
    let outcome = fixture.ensure(&smaller, Some(&state)).await;
    assert!(errors(&outcome.problems).contains(&"deletion.protected") && outcome.exists.is_none(), "the same in apply");

    let planned = fixture.engine().preview_remove(&remove_request(&state)).await;
    assert_eq!(errors(&planned), ["deletion.protected"], "a destroy, planned");
    let removed = fixture.remove(&state).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["deletion.protected"]), "a destroy, applied");

    for (name, reason) in [("pay", "a replacement under the same name"), ("pay2", "under another name")] {
        let spec = prod(json!({"name": name, "deletion_protection": false}));
        let replacing = Replacing { id: "demo/pay".into(), uid: state.uid.clone(), protected: true };
        let preview = fixture.engine().preview(preview_request(&spec, None, Some(replacing))).await;
        assert!(errors(&preview.problems).contains(&"deletion.protected"), "{reason}: {:?}", preview.problems);
    }

    // The record counts too, when state was lost and the same team creates it again with less.
    let mut lost = ensure_request(&smaller, None, None);
    lost.replacing = Some(Replacing { id: "demo/pay".into(), uid: state.uid.clone(), protected: false });
    let outcome = fixture.engine().ensure(lost).await;
    let found = errors(&outcome.problems);
    assert!(found.contains(&"deletion.protected"), "a take-over that loses a namespace: {:?}", outcome.problems);
    assert_eq!(fixture.keys(), keys, "nothing was lost");

    let off = fixture.apply(&prod(json!({"deletion_protection": false})), Some(&state)).await;
    let off = fixture.apply(&both, Some(&off)).await;
    let warned = fixture.engine().preview_remove(&remove_request(&off)).await;
    assert_eq!(codes(&warned), ["deletion.loses"], "off in the prior state: a warning that lists what goes");
    assert!(fixture.remove(&off).await.gone);
}

#[tokio::test(start_paused = true)]
async fn an_isolated_slot_is_protected_and_a_shared_one_has_nothing_to_lose() {
    let fixture = EngineFixture::ready().await;
    fixture.create(&prod(json!({"deletion_protection": false}))).await;
    let isolated = fixture.create(&slot("pay", "ledger", json!({}))).await;
    let has_namespace = isolated.objects.contains_key("k8s/v1/Namespace/pay-ledger");
    assert!(isolated.protected && has_namespace, "isolated by default in production");
    let removed = fixture.remove(&isolated).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["deletion.protected"]));
    let shared = fixture.create(&slot("pay", "gateway", json!({"isolation": "shared"}))).await;
    assert!(!shared.protected);
    assert!(fixture.remove(&shared).await.gone);
    // A slot with a namespace of its own would have this one.
    let jobs = fixture.create(&slot("pay", "jobs", json!({"isolation": "shared", "namespace": "jobs"}))).await;
    let planned = fixture.engine().preview_remove(&remove_request(&jobs)).await;
    assert_eq!(codes(&planned), Vec::<&str>::new(), "nothing is lost");
    assert!(fixture.remove(&InstanceState { protected: true, ..jobs }).await.gone, "and so nothing protects it");
    for namespace in ["k8s/v1/Namespace/pay", "k8s/v1/Namespace/pay-jobs"] {
        assert!(fixture.keys().contains(namespace), "never the environment's: {namespace}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_teams_half_made_environment_is_refused_by_name() {
    let fixture = EngineFixture::ready().await;
    fixture.fail(12, Wrong::Denied).await;
    let unfinished = fixture.ensure(&environment("pay", json!({"team": "shop"})), None).await;
    assert!(unfinished.exists.is_some_and(|exists| !exists.complete));
    let spec = environment("pay", json!({}));
    let preview = fixture.preview(&spec, None).await;
    assert!(message(&preview.problems, "record.other_team").contains("team shop"), "{:?}", preview.problems);
    let outcome = fixture.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["record.other_team"]);
}

#[tokio::test(start_paused = true)]
async fn slots_need_a_ready_environment() {
    let fixture = EngineFixture::ready().await;
    let ledger = slot("pay", "ledger", json!({}));
    assert_eq!(errors(&fixture.ensure(&ledger, None).await.problems), ["slot.no_environment"]);
    fixture.fail(12, Wrong::Denied).await;
    fixture.ensure(&environment("pay", json!({})), None).await;
    assert_eq!(fixture.record("environment.pay").map(|record| record.phase), Some(Phase::Creating));
    assert_eq!(errors(&fixture.ensure(&ledger, None).await.problems), ["slot.environment_not_ready"]);
}

#[tokio::test(start_paused = true)]
async fn shares_wait_for_pending_decreases_and_not_for_ever() {
    let fixture = EngineFixture::ready().await;
    fixture.create(&environment("pay", json!({"namespaces": {"default": {}}}))).await;
    let cpu = |cpu: &str| json!({"share": {"cpu": cpu, "memory": "1Gi"}});
    let ledger = fixture.create(&slot("pay", "ledger", cpu("3"))).await;
    let gateway = slot("pay", "gateway", cpu("2"));
    let preview = fixture.preview(&gateway, None).await;
    let is_warned = codes(&preview.problems).contains(&"slot.shares_over_total");
    assert!(errors(&preview.problems).is_empty() && is_warned, "{:?}", preview.problems);

    let refused = fixture.ensure(&gateway, None).await;
    assert!(refused.exists.is_none());
    assert_eq!(errors(&refused.problems), ["slot.shares_exceed_total"], "nobody became smaller");

    let smaller = slot("pay", "ledger", cpu("2"));
    let (grown, shrunk) = tokio::join!(fixture.ensure(&gateway, None), async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        fixture.ensure(&smaller, Some(&ledger)).await
    });
    fixture.complete(&smaller, shrunk);
    fixture.complete(&gateway, grown);
}

/// It is warned that an update finds no room, and made so all the same.
#[tokio::test(start_paused = true)]
async fn a_total_is_lowered_to_what_the_slots_hold() {
    let fixture = EngineFixture::ready().await;
    let total = |cpu: &str| json!({"namespaces": {"default": {}}, "quota": {"total": {"requests.cpu": cpu}}});
    let pay = fixture.create(&environment("pay", total("4"))).await;
    fixture.create(&slot("pay", "ledger", json!({}))).await;
    let lower = environment("pay", total("1"));
    let preview = fixture.preview(&lower, Some(&pay)).await;
    assert!(codes(&preview.problems).contains(&"environment.no_room_for_update"), "{:?}", preview.problems);
    fixture.apply(&lower, Some(&pay)).await;
}

/// Of the same total, a slot that says nothing of its replicas.
#[tokio::test(start_paused = true)]
async fn a_tier_whose_slots_take_more_is_held_against_the_total() {
    let fixture = EngineFixture::ready().await;
    let total = json!({"total": {"pods": "6"}});
    let of = |tier: &str| environment("pay", json!({"tier": tier, "namespaces": {"default": {}}, "quota": total}));
    let pay = fixture.create(&of("dev")).await;
    for name in ["ledger", "gateway"] {
        fixture.create(&slot("pay", name, json!({}))).await;
    }
    let preview = fixture.preview(&of("staging"), Some(&pay)).await;
    assert_eq!(errors(&preview.problems), ["environment.total_below_shares"], "{:?}", preview.problems);
    let words = message(&preview.problems, "environment.total_below_shares");
    assert!(words.contains("gateway 6, ledger 6"), "by the new tier: {words}");
}

/// Where all are known the plan says so, and not the apply of the last one.
#[tokio::test(start_paused = true)]
async fn slots_of_one_plan_that_never_fit_are_refused_in_it() {
    let fixture = EngineFixture::ready().await;
    fixture.create(&environment("pay", json!({}))).await;
    fixture.create(&prod(json!({"name": "shop"}))).await;
    for (environment, fit, reason) in [
        ("pay", 4, "four shares of 1 CPU in 4"),
        (
            "shop",
            6,
            "isolated slots of 2 CPU in 12, three quarters of the total: the rest is for the environment itself",
        ),
    ] {
        let engine = fixture.engine();
        for number in 1..=fit + 1 {
            let spec = slot(environment, &format!("s{number}"), json!({"share": null}));
            let problems = engine.preview(preview_request(&spec, None, None)).await.problems;
            let is_refused = errors(&problems).contains(&"slot.shares_exceed_total");
            assert_eq!(is_refused, number > fit, "{reason}: {number}: {problems:?}");
            // Isolated ones have room of their own.
            let is_full = environment == "pay" && number == fit;
            let is_warned = codes(&problems).contains(&"slot.no_room_for_update");
            assert_eq!(is_warned, is_full, "{reason}: {number}: {problems:?}");
            if is_full {
                let words = message(&problems, "slot.no_room_for_update");
                assert!(words.contains("takes 333m more of requests.cpu") && words.contains("leave 0 of 4"), "{words}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_cluster_leaves_the_plan_undecided_and_refuses_the_apply() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({"cluster": "other"}));
    let preview = fixture.preview(&spec, None).await;
    assert!(preview.decided.is_none() && codes(&preview.problems).contains(&"cluster.undecided"));
    let outcome = fixture.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["target.not_found"]);
}
