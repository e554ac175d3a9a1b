//! What is refused before anything is changed.

use crate::{
    domain::{Late, Phase, Spec},
    provision::{Provisioner, Replacing, testing::*},
};
use serde_json::json;

fn only_looked(bench: &Bench, since: usize) -> bool {
    bench.fake.calls()[since..].iter().all(|call| *call == Call::Observe)
}

fn prod(over: serde_json::Value) -> Spec {
    let mut base = json!({ "tier": "prod", "owner": { "contact": "payments@corp", "cost_center": "CC12" } });
    for (key, value) in over.as_object().into_iter().flatten() {
        base[key] = value.clone();
    }
    environment("pay", base)
}

#[tokio::test(start_paused = true)]
async fn names_of_others_are_never_taken() {
    for (key, expected, reason) in [
        ("k8s/v1/Namespace/pay", "Helm", "a namespace"),
        ("aws/iam/Role", "Helm", "a role of the name that ours would have"),
    ] {
        let bench = Bench::ready().await;
        let spec = environment("pay", json!({}));
        let decided = bench.preview(&spec, None).await.decided.unwrap_or_else(|| panic!("{reason}"));
        let full = planned_lines(&decided.outputs)
            .into_keys()
            .find(|k| k.starts_with(key))
            .unwrap_or_else(|| panic!("{reason}"));
        bench.fake.plant(&full, expected, None);
        let preview = bench.preview(&spec, None).await;
        assert_eq!(errors(&preview.problems), ["object.foreign"], "{reason}: at plan");
        let calls = bench.fake.calls().len();
        let outcome = bench.ensure(&spec, None).await;
        assert!(
            outcome.exists.is_none() && outcome.problems.iter().any(|p| p.summary.contains(expected)),
            "{reason}: {:?}",
            outcome.problems
        );
        assert!(only_looked(&bench, calls), "{reason}: nothing was changed");
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
        let bench = Bench::ready().await;
        bench.fake.plant("k8s/v1/Namespace/pay", "kubectl-create", marked_for);
        let spec = environment("pay", json!({ "adopt": { "mode": mode } }));
        let preview = bench.preview(&spec, None).await;
        let told = codes(&preview.problems).contains(&"environment.adopts");
        assert_eq!(told, adopted, "{reason}: {:?}", preview.problems);
        let outcome = bench.ensure(&spec, None).await;
        assert_eq!(errors(&outcome.problems).is_empty(), adopted, "{reason}: {:?}", outcome.problems);
        if adopted {
            let held = bench.complete(&spec, outcome);
            bench.assert_quiet(&held, reason).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_baseline_is_a_hint_and_then_an_error() {
    let bench = Bench::new();
    let spec = environment("pay", json!({}));
    let preview = bench.preview(&spec, None).await;
    assert!(errors(&preview.problems).is_empty() && codes(&preview.problems).contains(&"baseline.missing"));
    assert!(preview.problems.iter().any(|p| p.detail.contains("depends_on")), "{:?}", preview.problems);
    let outcome = bench.ensure(&spec, None).await;
    assert!(outcome.exists.is_none());
    assert_eq!(errors(&outcome.problems), ["baseline.missing"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_boundary_is_an_error_before_any_change() {
    let bench = Bench::ready().await;
    bench.fake.drop_boundary();
    let spec = environment("pay", json!({}));
    assert!(codes(&bench.preview(&spec, None).await.problems).contains(&"boundary.missing"));
    let calls = bench.fake.calls().len();
    let outcome = bench.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["boundary.missing"]);
    assert!(only_looked(&bench, calls));
}

#[tokio::test(start_paused = true)]
async fn another_target_is_an_error_and_never_gone() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let keys = bench.fake.keys();
    bench.fake.move_to("another-target");
    let engine = bench.engine();
    let seen = engine.observe(observe_request(&held)).await;
    assert_eq!(seen.err().map(|problem| problem.code), Some("target.other"), "Read");
    let outcome = engine.ensure(ensure_request(&held.spec, Some(&held), None)).await;
    assert_eq!(errors(&outcome.problems), ["target.other"], "Apply");
    let problems = engine.preview_remove(&remove_request(&held)).await;
    assert_eq!(errors(&problems), ["target.other"], "the plan of a destroy");
    let removed = engine.remove(remove_request(&held)).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["target.other"]), "Delete");
    assert_eq!(bench.fake.keys(), keys);
}

#[tokio::test(start_paused = true)]
async fn an_outdated_plan_changes_nothing() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let decided = bench.preview(&spec, None).await.decided.unwrap_or_else(|| panic!("decided"));
    let planned = planned_lines(&decided.outputs);
    let first = planned.keys().next().cloned().unwrap_or_default();
    type Change<'a> = Box<dyn Fn(&mut std::collections::BTreeMap<String, Late<String>>) + 'a>;
    let changes: [(&str, Change<'_>); 3] = [
        ("another line", Box::new(|lines| drop(lines.insert(first.clone(), Late::Now("x #1:0000000000".into()))))),
        ("an object more", Box::new(|lines| drop(lines.insert("k8s/v1/Namespace/other".into(), Late::Later)))),
        ("an object less", Box::new(|lines| drop(lines.remove(&first)))),
    ];
    for (reason, change) in changes {
        let mut planned = planned.clone();
        change(&mut planned);
        let calls = bench.fake.calls().len();
        let outcome = bench.engine().ensure(ensure_request(&spec, None, Some(planned))).await;
        assert!(outcome.exists.is_none(), "{reason}");
        assert_eq!(errors(&outcome.problems), ["plan.outdated"], "{reason}");
        assert!(only_looked(&bench, calls), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn deletion_protection_holds_in_every_way_round_it() {
    let bench = Bench::ready().await;
    let held = bench.create(&prod(json!({}))).await;
    assert!(held.protected, "on by default in production");
    let keys = bench.fake.keys();

    let smaller = prod(json!({ "namespaces": { "default": {} } }));
    let preview = bench.preview(&smaller, Some(&held)).await;
    assert_eq!(errors(&preview.problems), ["deletion.protected"], "an update that loses a namespace");
    let outcome = bench.ensure(&smaller, Some(&held)).await;
    assert!(errors(&outcome.problems).contains(&"deletion.protected") && outcome.exists.is_none(), "the same in apply");

    let both = prod(json!({ "namespaces": { "default": {} }, "deletion_protection": false }));
    let preview = bench.preview(&both, Some(&held)).await;
    assert_eq!(
        errors(&preview.problems),
        ["deletion.protected"],
        "switched off in the same step: the prior state counts"
    );

    let engine = bench.engine();
    assert_eq!(
        errors(&engine.preview_remove(&remove_request(&held)).await),
        ["deletion.protected"],
        "a destroy, planned"
    );
    let removed = bench.remove(&held).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["deletion.protected"]), "a destroy, applied");

    for (id, reason) in [("demo/pay", "a replacement under the same name"), ("demo/pay2", "under another name")] {
        let name = id.trim_start_matches("demo/");
        let mut spec = prod(json!({}));
        if let Spec::Environment(spec) = &mut spec {
            spec.name = name.parse().unwrap_or_else(|e| panic!("{e}"));
            spec.deletion_protection = Some(false);
        }
        let replacing = Replacing { id: "demo/pay".into(), uid: held.uid.clone(), protected: true };
        let preview = bench.engine().preview(preview_request(&spec, None, Some(replacing))).await;
        assert!(errors(&preview.problems).contains(&"deletion.protected"), "{reason}: {:?}", preview.problems);
    }

    // The record is asked too, when state was lost and the same team creates it again with less.
    let mut lost = ensure_request(&smaller, None, None);
    lost.replacing = Some(Replacing { id: "demo/pay".into(), uid: held.uid.clone(), protected: false });
    let outcome = bench.engine().ensure(lost).await;
    assert!(
        errors(&outcome.problems).contains(&"deletion.protected"),
        "a take-over that loses a namespace: {:?}",
        outcome.problems
    );
    assert_eq!(bench.fake.keys(), keys, "nothing was lost");

    let off = bench.apply(&prod(json!({ "deletion_protection": false })), Some(&held)).await;
    let off = bench.apply(&both, Some(&off)).await;
    let warned = bench.engine().preview_remove(&remove_request(&off)).await;
    assert_eq!(codes(&warned), ["deletion.loses"], "off in the prior state: a warning that lists what goes");
    assert!(bench.remove(&off).await.gone);
}

#[tokio::test(start_paused = true)]
async fn an_isolated_slot_is_protected_and_a_shared_one_has_nothing_to_lose() {
    let bench = Bench::ready().await;
    bench.create(&prod(json!({ "deletion_protection": false }))).await;
    let isolated = bench.create(&slot("pay", "ledger", json!({}))).await;
    assert!(
        isolated.protected && isolated.objects.contains_key("k8s/v1/Namespace/pay-ledger"),
        "isolated by default in production"
    );
    let removed = bench.remove(&isolated).await;
    assert_eq!((removed.gone, errors(&removed.problems)), (false, vec!["deletion.protected"]));
    let shared = bench.create(&slot("pay", "gateway", json!({ "isolation": "shared" }))).await;
    assert!(!shared.protected);
    let keys = bench.fake.keys();
    assert!(bench.remove(&shared).await.gone);
    assert!(
        keys.contains("k8s/v1/Namespace/pay") && bench.fake.keys().contains("k8s/v1/Namespace/pay"),
        "never the environment's"
    );
}

#[tokio::test(start_paused = true)]
async fn another_teams_half_made_environment_is_refused_by_name() {
    let bench = Bench::ready().await;
    bench.fake.fail(8, Fault::Refuse(crate::domain::Class::Denied));
    let broken = bench.ensure(&environment("pay", json!({ "team": "shop" })), None).await;
    assert!(broken.exists.is_some_and(|exists| !exists.complete));
    let spec = environment("pay", json!({}));
    let preview = bench.preview(&spec, None).await;
    assert!(
        preview.problems.iter().any(|p| p.code == "record.other_team" && p.summary.contains("team shop")),
        "{:?}",
        preview.problems
    );
    let outcome = bench.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["record.other_team"]);
}

#[tokio::test(start_paused = true)]
async fn slots_need_a_ready_environment() {
    let bench = Bench::ready().await;
    let ledger = slot("pay", "ledger", json!({}));
    assert_eq!(errors(&bench.ensure(&ledger, None).await.problems), ["slot.no_environment"]);
    bench.fake.fail(10, Fault::Refuse(crate::domain::Class::Denied));
    bench.ensure(&environment("pay", json!({})), None).await;
    assert_eq!(bench.fake.record("environment.pay").map(|record| record.phase), Some(Phase::Creating));
    assert_eq!(errors(&bench.ensure(&ledger, None).await.problems), ["slot.environment_not_ready"]);
}

#[tokio::test(start_paused = true)]
async fn shares_wait_for_pending_decreases_and_not_for_ever() {
    let bench = Bench::ready().await;
    bench.create(&environment("pay", json!({}))).await;
    let cpu = |cpu: &str| json!({ "share": { "cpu": cpu, "memory": "1Gi" } });
    let ledger = bench.create(&slot("pay", "ledger", cpu("3"))).await;
    let gateway = slot("pay", "gateway", cpu("2"));
    let preview = bench.preview(&gateway, None).await;
    assert!(
        errors(&preview.problems).is_empty() && codes(&preview.problems).contains(&"slot.shares_over_total"),
        "{:?}",
        preview.problems
    );

    let refused = bench.ensure(&gateway, None).await;
    assert!(refused.exists.is_none());
    assert_eq!(errors(&refused.problems), ["slot.shares_exceed_total"], "nobody became smaller");

    let smaller = slot("pay", "ledger", cpu("2"));
    let (grown, shrunk) = tokio::join!(bench.ensure(&gateway, None), async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        bench.ensure(&smaller, Some(&ledger)).await
    });
    bench.complete(&smaller, shrunk);
    bench.complete(&gateway, grown);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_cluster_leaves_the_plan_undecided_and_refuses_the_apply() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({ "cluster": "other" }));
    let preview = bench.preview(&spec, None).await;
    assert!(preview.decided.is_none() && codes(&preview.problems).contains(&"cluster.undecided"));
    let outcome = bench.ensure(&spec, None).await;
    assert_eq!(errors(&outcome.problems), ["target.not_found"]);
}
