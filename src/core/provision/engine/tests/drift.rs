//! What others change: shown, healed, reported or refused.

use crate::provision::{Provisioner, testing::*};
use serde_json::json;

const QUOTA: &str = "k8s/v1/ResourceQuota/pay/gp-base";
const PODS: &str = "/spec/hard/pods";

fn told(problems: &[crate::domain::Problem], code: &str) -> String {
    let found = problems.iter().find(|problem| problem.code == code);
    found
        .map(|problem| format!("{} {}", problem.summary, problem.detail))
        .unwrap_or_else(|| panic!("no {code}: {problems:?}"))
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_shown_with_its_hand_and_healed() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    let before = bench.fake.text(QUOTA, PODS);
    bench.fake.edit(QUOTA, PODS, Some("500"), "kubectl-edit", false);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("it is there") };
    let words = told(&seen.problems, "drift.changed");
    assert!(words.contains("kubectl-edit") && words.contains("500") && words.contains(PODS), "{words}");
    assert_ne!(fresh.objects[QUOTA], held.objects[QUOTA], "the line is what was observed");
    let healed = bench.apply(&spec, Some(&fresh)).await;
    assert_eq!(healed.objects, held.objects);
    assert_eq!(bench.fake.text(QUOTA, PODS), before);
    bench.assert_quiet(&healed, "healed").await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_object_is_made_again() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    bench.fake.vanish(QUOTA);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("it is there") };
    assert!(told(&seen.problems, "drift.missing").contains(QUOTA));
    assert!(!fresh.objects.contains_key(QUOTA));
    let healed = bench.apply(&spec, Some(&fresh)).await;
    assert_eq!(healed.objects, held.objects);
}

#[tokio::test(start_paused = true)]
async fn what_others_add_is_no_diff() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    bench.fake.edit("k8s/v1/Namespace/pay", "/metadata/labels/team.example~1x", Some("y"), "kubectl-label", false);
    bench.assert_quiet(&held, "a foreign label").await;
}

#[tokio::test(start_paused = true)]
async fn reported_drift_stays_as_it_is() {
    let bench = Bench::ready().await;
    for (name, drift, reason) in [
        ("pay", json!({ "mode": "report" }), "report mode"),
        ("shop", json!({ "ignore": ["k8s/v1/ResourceQuota/*"] }), "an ignore pattern"),
    ] {
        let spec = environment(name, json!({ "drift": drift }));
        let quota = QUOTA.replace("pay", name);
        let held = bench.create(&spec).await;
        bench.fake.edit(&quota, PODS, Some("500"), "kubectl-edit", false);
        let Some((fresh, _)) = bench.refresh(&held).await else { panic!("{reason}") };
        let preview = bench.preview(&spec, Some(&fresh)).await;
        assert!(told(&preview.problems, "drift.reported").contains(&quota), "{reason}");
        let decided = preview.decided.unwrap_or_else(|| panic!("{reason}"));
        assert_eq!(known_lines(&decided.outputs), fresh.objects, "{reason}: the plan is empty");

        let mut wider = json!({ "drift": drift, "network": { "egress_presets": ["aws_services"] } });
        let after = bench.apply(&environment(name, wider.clone()), Some(&fresh)).await;
        assert_eq!(bench.fake.text(&quota, PODS).as_deref(), Some("500"), "{reason}: another edit leaves it alone");

        wider["quota"] = json!({ "total": { "pods": "60" } });
        let (after, _) = bench.refresh(&after).await.unwrap_or_else(|| panic!("{reason}"));
        let after = bench.apply(&environment(name, wider), Some(&after)).await;
        assert_ne!(bench.fake.text(&quota, PODS).as_deref(), Some("500"), "{reason}: an edit of the quota is made");
        bench.assert_quiet(&after, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_applier_is_not_fought() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    bench.fake.edit(QUOTA, PODS, Some("500"), "argocd-controller", true);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("it is there") };
    assert!(told(&seen.problems, "drift.changed").contains("held by argocd-controller"));
    let calls = bench.fake.calls().len();
    let outcome = bench.ensure(&spec, Some(&fresh)).await;
    assert!(outcome.exists.is_none(), "nothing was changed");
    let words = told(&outcome.problems, "object.held");
    assert!(words.contains(PODS) && words.contains("argocd-controller") && words.contains(QUOTA), "{words}");
    assert!(bench.fake.calls()[calls..].iter().all(|call| *call == Call::Observe), "not even the record");
}

#[tokio::test(start_paused = true)]
async fn an_addition_to_a_role_is_drift() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    let role = held.role();
    bench.fake.edit(&role, "/inline/extra", Some("{}"), "someone", false);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("it is there") };
    assert!(told(&seen.problems, "drift.changed").contains("/inline/extra"));
    bench.apply(&spec, Some(&fresh)).await;
    assert_eq!(bench.fake.text(&role, "/inline/extra"), None, "grants are owned whole");
}

#[tokio::test(start_paused = true)]
async fn labels_taken_away_are_put_back() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    for label in ["managed", "environment"] {
        bench.fake.edit(QUOTA, &format!("/metadata/labels/goldenpath.internal~1{label}"), None, "kubectl-label", false);
    }
    let Some((fresh, _)) = bench.refresh(&held).await else { panic!("it is there") };
    assert!(fresh.objects.contains_key(QUOTA), "still known by its name and its fields");
    let healed = bench.apply(&spec, Some(&fresh)).await;
    bench.assert_quiet(&healed, "labelled again").await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_grant_is_shown_and_left() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let key = "k8s/rbac.authorization.k8s.io/v1/RoleBinding/pay/backdoor";
    bench.fake.plant(key, "kubectl-create", None);
    let Some((fresh, seen)) = bench.refresh(&held).await else { panic!("it is there") };
    assert!(told(&seen.problems, "foreign_grant").contains("kubectl-create"));
    assert_eq!(fresh.objects, held.objects, "it is none of ours");
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_entry_is_used_and_never_changed() {
    let bench = Bench::ready().await;
    let arn = &facts().stable.permission_sets["PaymentsDev"];
    let key = format!("aws/eks/AccessEntry/{arn}");
    bench.fake.plant(&key, "terraform", None);
    let spec = environment("pay", json!({}));
    let preview = bench.preview(&spec, None).await;
    assert!(told(&preview.problems, "access.group_missing").contains("gp:p:"), "the group to add is named");
    let held = bench.create(&spec).await;
    assert!(held.objects.contains_key(&key));
    assert_eq!(bench.fake.text(&key, "/kubernetesGroups"), None, "it is as it was");
    let Some((fresh, _)) = bench.refresh(&held).await else { panic!("it is there") };
    assert_eq!(fresh.objects, held.objects, "never a diff");
    assert!(bench.remove(&held).await.gone);
    assert!(bench.fake.keys().contains(&key), "nor deleted");
}

#[tokio::test(start_paused = true)]
async fn drift_since_the_plan_is_healed_by_the_apply() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let wider = environment("pay", json!({ "deletion_protection": true }));
    let preview = bench.preview(&wider, Some(&held)).await;
    let planned = preview.decided.map(|decided| planned_lines(&decided.outputs));
    bench.fake.edit(QUOTA, PODS, Some("500"), "kubectl-edit", false);
    let outcome = bench.engine().ensure(ensure_request(&wider, Some(&held), planned)).await;
    let after = bench.complete(&wider, outcome);
    bench.assert_quiet(&after, "the objects are those of the plan").await;
}
