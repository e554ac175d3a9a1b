//! What others change: shown, healed, reported or refused.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::{
    domain::{AccessEntry, Body, ClusterRef},
    kinds::aws::access_entry,
    ports::Clusters,
    provision::Provisioner,
};
use serde_json::{Value, json};

const QUOTA: &str = "k8s/v1/ResourceQuota/pay/gp-base";
/// As messages have it.
const SHOWN: &str = "ResourceQuota pay/gp-base";
const PODS: &str = "/spec/hard/pods";

async fn with_environment() -> (EngineFixture, InstanceState) {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    (fixture, state)
}

/// Someone with kubectl sets the pods of a quota.
async fn edit_pods(fixture: &EngineFixture, quota: &str) {
    fixture.edit(quota, PODS, Some("500".into()), "kubectl-edit", false).await;
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_shown_with_its_manager_and_healed() {
    let (fixture, state) = with_environment().await;
    let before = fixture.text(QUOTA, PODS);
    edit_pods(&fixture, QUOTA).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    let words = message(&problems, "drift.changed");
    assert!(words.contains("kubectl-edit") && words.contains("500") && words.contains(PODS), "{words}");
    assert_ne!(fresh.objects[QUOTA], state.objects[QUOTA], "the line is what was observed");
    let healed = fixture.apply(&state.spec, Some(&fresh)).await;
    assert_eq!(healed.objects, state.objects);
    assert_eq!(fixture.text(QUOTA, PODS), before);
    fixture.assert_quiet(&healed, "healed").await;
}

#[tokio::test(start_paused = true)]
async fn what_another_state_applied_is_named_as_such() {
    let (fixture, state) = with_environment().await;
    fixture.apply(&environment("pay", json!({"quota": {"total": {"pods": "50"}}})), Some(&state)).await;
    let (_, problems) = fixture.refresh(&state).await;
    let words = message(&problems, "drift.changed");
    assert!(words.contains("another run of this provider") && !words.contains("outside"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_object_is_made_again() {
    let (fixture, state) = with_environment().await;
    fixture.delete(QUOTA).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    assert!(message(&problems, "drift.missing").contains(SHOWN));
    assert!(!fresh.objects.contains_key(QUOTA));
    let healed = fixture.apply(&state.spec, Some(&fresh)).await;
    assert_eq!(healed.objects, state.objects);
}

#[tokio::test(start_paused = true)]
async fn what_was_tagged_for_another_owner_is_not_deleted_too() {
    let (fixture, environment) = with_environment().await;
    let slot = fixture.create(&slot("pay", "ledger", json!({}))).await;
    let association = slot.objects.keys().find(|key| key.contains("PodIdentityAssociation")).expect("one").clone();
    for (state, key, reason) in [(&environment, environment.role(), "a role"), (&slot, association, "an association")] {
        fixture.edit(&key, "/tags/goldenpath:environment", Some("shop".into()), "console", false).await;
        let (_, problems) = fixture.refresh(state).await;
        assert_eq!(codes(&problems), ["drift.taken"], "{reason}: {problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_add_is_no_diff() {
    let (fixture, state) = with_environment().await;
    let label = "/metadata/labels/team.example~1x";
    fixture.edit("k8s/v1/Namespace/pay", label, Some("y".into()), "kubectl-label", false).await;
    fixture.assert_quiet(&state, "a foreign label").await;
}

#[tokio::test(start_paused = true)]
async fn reported_drift_stays_as_it_is() {
    let fixture = EngineFixture::ready().await;
    for (name, drift, reason) in [
        ("pay", json!({"mode": "report"}), "report mode"),
        ("shop", json!({"ignore": ["ResourceQuota *"]}), "an ignore pattern"),
    ] {
        let spec = environment(name, json!({"drift": drift}));
        let quota = QUOTA.replace("pay", name);
        let state = fixture.create(&spec).await;
        edit_pods(&fixture, &quota).await;
        let (fresh, _) = fixture.refresh(&state).await;
        let preview = fixture.preview(&spec, Some(&fresh)).await;
        assert!(message(&preview.problems, "drift.reported").contains(&SHOWN.replace("pay", name)), "{reason}");
        let decided = preview.decided.expect(reason);
        assert_eq!(known_lines(&decided.outputs), fresh.objects, "{reason}: the plan is empty");

        let mut wider = json!({"drift": drift, "network": {"egress_presets": ["aws_services"]}});
        let after = fixture.apply(&environment(name, wider.clone()), Some(&fresh)).await;
        assert_eq!(fixture.text(&quota, PODS).as_deref(), Some("500"), "{reason}: another edit leaves it alone");

        wider["quota"] = json!({"total": {"pods": "60"}});
        let (after, _) = fixture.refresh(&after).await;
        let after = fixture.apply(&environment(name, wider), Some(&after)).await;
        assert_ne!(fixture.text(&quota, PODS).as_deref(), Some("500"), "{reason}: an edit of the quota is made");
        fixture.assert_quiet(&after, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_applier_is_not_fought() {
    let (fixture, state) = with_environment().await;
    fixture.edit(QUOTA, PODS, Some("500".into()), "argocd-controller", true).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    let words = message(&problems, "drift.changed");
    assert!(words.contains("held by argocd-controller"), "{words}");
    let calls = fixture.count().await;
    let outcome = fixture.ensure(&state.spec, Some(&fresh)).await;
    assert!(outcome.exists.is_none(), "nothing was changed");
    let words = message(&outcome.problems, "object.held");
    assert!(words.contains(PODS) && words.contains("argocd-controller") && words.contains(SHOWN), "{words}");
    fixture.assert_only_read(calls, "held").await;
}

#[tokio::test(start_paused = true)]
async fn an_addition_to_a_role_is_drift() {
    let (fixture, state) = with_environment().await;
    let role = state.role();
    let extra = json!({"Version": "2012-10-17", "Statement": []});
    fixture.edit(&role, "/inline/extra", Some(extra), "someone", false).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    assert!(message(&problems, "drift.changed").contains("/inline/extra"));
    fixture.apply(&state.spec, Some(&fresh)).await;
    assert_eq!(fixture.text(&role, "/inline/extra"), None, "grants are owned whole");
}

#[tokio::test(start_paused = true)]
async fn another_user_name_of_an_entry_is_drift() {
    let (fixture, state) = with_environment().await;
    let entry = state.objects.keys().find(|key| key.starts_with("aws/eks/AccessEntry/")).expect("an entry").clone();
    let principal = entry.strip_prefix("aws/eks/AccessEntry/").expect("its principal");
    let set = async |name: String| fixture.edit(&entry, "/username", Some(name.into()), "console", false).await;
    set(access_entry::default_username(principal)).await;
    fixture.assert_quiet(&state, "the one that it would have without").await;

    set("admin".to_owned()).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    assert_eq!(codes(&problems), ["drift.changed"], "{problems:?}");
    assert!(message(&problems, "drift.changed").contains("/username is admin, not absent"), "{problems:?}");
    assert_ne!(fresh.objects[&entry], state.objects[&entry], "the plan shows it");
    let healed = fixture.apply(&state.spec, Some(&fresh)).await;
    assert_eq!(healed.objects, state.objects);
    assert_eq!(fixture.text(&entry, "/username"), None, "EKS's own again");
    fixture.assert_quiet(&healed, "healed").await;
}

#[tokio::test(start_paused = true)]
async fn labels_taken_away_are_put_back() {
    let (fixture, state) = with_environment().await;
    for label in ["goldenpath.internal~1managed", "goldenpath.internal~1environment", "app.kubernetes.io~1managed-by"] {
        fixture.edit(QUOTA, &format!("/metadata/labels/{label}"), None, "kubectl-label", false).await;
    }
    let (fresh, _) = fixture.refresh(&state).await;
    assert!(fresh.objects.contains_key(QUOTA), "still known by its name and its fields");
    let healed = fixture.apply(&state.spec, Some(&fresh)).await;
    fixture.assert_quiet(&healed, "labelled again").await;
}

/// Whoever may write a binding may set our labels.
#[tokio::test(start_paused = true)]
async fn a_foreign_grant_is_shown_and_left() {
    let managed = json!({"goldenpath.internal/managed": "true"});
    let mark = |labels: Value| merge(managed.clone(), labels);
    for (labels, reason) in [
        (json!({}), "it is none of ours"),
        (mark(json!({})), "nor is it with a mark of the cluster"),
        (mark(json!({"goldenpath.internal/environment": "pay"})), "nor with our own"),
        (mark(json!({"goldenpath.internal/environment": "shop"})), "nor with that of another environment"),
        (
            mark(json!({"goldenpath.internal/environment": "pay", "goldenpath.internal/slot": "x"})),
            "nor with that of a slot that there never was",
        ),
    ] {
        let (fixture, state) = with_environment().await;
        let backdoor = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "backdoor", "namespace": "pay", "labels": labels},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}});
        let key = "k8s/rbac.authorization.k8s.io/v1/RoleBinding/pay/backdoor";
        fixture.make(key, &Body::Kube(backdoor), "kubectl-create").await;
        let (fresh, problems) = fixture.refresh(&state).await;
        assert!(message(&problems, "foreign_grant").contains("kubectl-create"), "{reason}");
        assert_eq!(fresh.objects, state.objects, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_entry_is_used_and_never_changed() {
    let fixture = EngineFixture::ready().await;
    let demo: ClusterRef = "demo".parse().expect("a name");
    let principal = fixture.sandbox.facts(&demo).await.expect("facts").stable.permission_sets["PaymentsDev"].clone();
    let key = format!("aws/eks/AccessEntry/{principal}");
    let theirs = AccessEntry::new("theirs", [("by".to_owned(), "terraform".to_owned())].into());
    fixture.make(&key, &Body::AccessEntry(theirs), "terraform").await;
    let before = fixture.text(&key, "");
    let spec = environment("pay", json!({}));
    let preview = fixture.preview(&spec, None).await;
    assert!(message(&preview.problems, "access.group_missing").contains("gp:p:"), "the group to add is named");
    let state = fixture.create(&spec).await;
    assert!(state.objects.contains_key(&key));
    let (fresh, _) = fixture.refresh(&state).await;
    assert_eq!(fresh.objects, state.objects, "never a diff");
    assert!(fixture.remove(&state).await.gone);
    assert_eq!(fixture.text(&key, ""), before, "neither changed nor deleted");
}

#[tokio::test(start_paused = true)]
async fn drift_since_the_plan_is_healed_by_the_apply() {
    let (fixture, state) = with_environment().await;
    let wider = environment("pay", json!({"deletion_protection": true}));
    let preview = fixture.preview(&wider, Some(&state)).await;
    let planned = preview.decided.map(|decided| planned_lines(&decided.outputs));
    edit_pods(&fixture, QUOTA).await;
    let outcome = fixture.engine().ensure(ensure_request(&wider, Some(&state), planned)).await;
    let after = fixture.complete(&wider, outcome);
    fixture.assert_quiet(&after, "the objects are those of the plan").await;
}

/// With two budgets on one pod neither lets it be evicted, which nobody sees before a node is to go.
#[tokio::test(start_paused = true)]
async fn a_second_budget_is_named_by_the_slot_that_it_is_beside() {
    let (fixture, environment) = with_environment().await;
    let availability = json!({"availability": {"max_unavailable": "1"}});
    let ledger = fixture.create(&slot("pay", "ledger", availability.clone())).await;
    let other = fixture.create(&slot("pay", "mailer", availability)).await;
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "chart", "namespace": "pay"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels":
            {"app.kubernetes.io/name": "ledger", "app.kubernetes.io/instance": "blue"}}}});
    fixture.make("k8s/policy/v1/PodDisruptionBudget/pay/chart", &Body::Kube(budget), "helm").await;
    let (fresh, problems) = fixture.refresh(&ledger).await;
    assert!(message(&problems, "slot.second_budget").contains("pay/chart"), "{problems:?}");
    assert_eq!(fresh.objects, ledger.objects, "it is none of ours");
    fixture.assert_quiet(&other, "it selects none of its pods").await;
    fixture.assert_quiet(&environment, "nor has the environment a budget").await;
    let without = slot("pay", "ledger", json!({"availability": {"pdb": false}}));
    let without = fixture.apply(&without, Some(&fresh)).await;
    fixture.assert_quiet(&without, "the budget is the chart's").await;
}
