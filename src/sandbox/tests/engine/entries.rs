//! Access entries are shared: who keeps one, who takes it away, and whom it serves.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::domain::{AccessPolicy, Body};
use serde_json::json;

fn people(permission_sets: &[&str]) -> serde_json::Value {
    json!({"access": {"developer": {"permission_sets": permission_sets}}})
}

#[tokio::test(start_paused = true)]
async fn a_recreated_role_gets_a_new_entry() {
    let fixture = EngineFixture::ready().await;
    let spec = environment("pay", json!({}));
    let state = fixture.create(&spec).await;
    fixture.delete(&state.role()).await;
    let (fresh, _) = fixture.refresh(&state).await;
    let calls = fixture.count().await;
    fixture.apply(&spec, Some(&fresh)).await;
    let deleted = fixture.deletions(calls).await;
    assert_eq!(deleted.len(), 1, "only the entry that belonged to the old role: {deleted:?}");
    assert!(deleted[0].contains(":role/goldenpath/"), "{deleted:?}");
}

/// They go with the entry, which the plan says, and come back with it.
#[tokio::test(start_paused = true)]
async fn a_recreated_role_gets_its_access_policies_again() {
    let fixture = EngineFixture::ready().await;
    let deployer = json!({"create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"],
        "access_policies": ["AmazonEKSViewPolicy"]});
    let spec = environment("pay", json!({"access": {"deployer": deployer}}));
    let state = fixture.create(&spec).await;
    let is_policy = |key: &&String| key.contains("AccessPolicy");
    let before = fixture.keys().iter().filter(is_policy).count();
    assert!(before > 0, "one for each namespace");
    fixture.delete(&state.role()).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    assert!(message(&problems, "drift.dead_entry").contains("has no effect"));
    assert_eq!(fresh.objects.keys().filter(is_policy).count(), 0, "a plan shows that it is made again");
    let healed = fixture.apply(&spec, Some(&fresh)).await;
    assert_eq!(fixture.keys().iter().filter(is_policy).count(), before);
    fixture.assert_quiet(&healed, "all of it is there again").await;
}

/// The entry is everybody's: what isolated slots and other environments have by it is there again after the apply that makes it again.
#[tokio::test(start_paused = true)]
async fn a_recreated_role_gets_the_access_policies_of_others_again() {
    let fixture = EngineFixture::ready().await;
    let deployer = json!({"create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"],
        "access_policies": ["AmazonEKSViewPolicy"]});
    let quota = json!({"total": {"requests.cpu": "8", "requests.memory": "16Gi"}, "slots_percent": 50});
    let spec = environment("pay", json!({"quota": quota, "access": {"deployer": deployer}}));
    let state = fixture.create(&spec).await;
    let ledger = fixture.create(&slot("pay", "ledger", json!({"isolation": "namespace"}))).await;
    let entry = state.objects.keys().find(|key| key.contains("AccessEntry")).expect("an entry");
    let principal = entry.strip_prefix("aws/eks/AccessEntry/").expect("its principal").to_owned();
    let guest =
        json!({"access": {"developer": {"principal_arns": [principal], "access_policies": ["AmazonEKSViewPolicy"]}}});
    let shop = fixture.create(&environment("shop", guest)).await;
    let before = fixture.keys();
    for (place, policy, reason) in [
        ("/pay/", "AmazonEKSAdminPolicy", "nobody wants it in a namespace of its own"),
        ("/kube-system/", "AmazonEKSAdminPolicy", "no entry of ours may have it"),
    ] {
        let foreign = format!("aws/eks/AccessPolicy/{policy}{place}{principal}");
        fixture.make(&foreign, &Body::AccessPolicy(AccessPolicy {}), "somebody").await;
        assert!(fixture.keys().contains(&foreign), "{reason}");
    }

    fixture.delete(&state.role()).await;
    let (fresh, problems) = fixture.refresh(&state).await;
    assert!(message(&problems, "drift.dead_entry").contains("those of isolated slots and of other environments"));
    let (slot, problems) = fixture.refresh(&ledger).await;
    assert_eq!(codes(&problems), ["drift.dead_entry"], "{problems:?}");
    assert!(message(&problems, "drift.dead_entry").contains("The next apply of demo/pay recreates"), "{problems:?}");
    let has_policy = |state: &InstanceState| state.objects.keys().any(|key| key.contains("AccessPolicy"));
    assert!(has_policy(&ledger) && !has_policy(&slot), "the slot's plan shows it");

    let healed = fixture.apply(&spec, Some(&fresh)).await;
    assert_eq!(fixture.keys(), before, "all that was granted, and nothing else");
    let slot = fixture.apply(&ledger.spec, Some(&slot)).await;
    assert_eq!(slot.objects, ledger.objects);
    for (state, reason) in [(&healed, "the environment"), (&slot, "its slot"), (&shop, "another environment")] {
        fixture.assert_quiet(state, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn shared_entries_stay_for_as_long_as_somebody_names_them() {
    let fixture = EngineFixture::ready().await;
    let is_shared = |key: &String| key.contains("AWSReservedSSO_PaymentsDev");
    let first = fixture.create(&environment("pay", json!({}))).await;
    let second = fixture.create(&environment("shop", json!({}))).await;
    assert!(fixture.remove(&first).await.gone);
    assert!(fixture.keys().iter().any(is_shared), "the second one names it");
    fixture.assert_quiet(&second, "its people are still let in").await;
    assert!(fixture.remove(&second).await.gone);
    assert!(!fixture.keys().iter().any(is_shared), "nobody names it");
}

#[tokio::test(start_paused = true)]
async fn removing_everything_at_once_leaves_no_shared_entry() {
    let fixture = EngineFixture::ready().await;
    let first = fixture.create(&environment("pay", json!({}))).await;
    let second = fixture.create(&environment("shop", json!({}))).await;
    let (a, b) = tokio::join!(fixture.remove(&first), fixture.remove(&second));
    assert!(a.gone && b.gone, "{:?} {:?}", a.problems, b.problems);
    assert!(!fixture.keys().iter().any(|key| key.starts_with("aws/")), "{:?}", fixture.keys());
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_entry_is_never_deleted() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", people(&["PaymentsDev"]))).await;
    let entry = fixture.keys().into_iter().find(|key| key.contains("AccessEntry")).expect("an entry");
    let role = entry.rsplit('/').next().expect("a name");
    let caller = format!("arn:aws:sts::111122223333:assumed-role/{role}/me");
    fixture.declare(|cluster| cluster.caller = Some(caller)).await;
    let removed = fixture.remove(&state).await;
    assert!(removed.gone && codes(&removed.problems).contains(&"access.own_entry"), "{:?}", removed.problems);
    assert!(fixture.keys().contains(&entry));
}

#[tokio::test(start_paused = true)]
async fn two_who_release_a_principal_at_once_leave_nothing() {
    let fixture = EngineFixture::ready().await;
    let with = |name: &str| environment(name, people(&["PaymentsDev"]));
    let without = |name: &str| environment(name, json!({"access": {}}));
    let (pay, ship) = (fixture.create(&with("pay")).await, fixture.create(&with("ship")).await);
    let entries = || fixture.keys().into_iter().filter(|key| key.contains("AccessEntry")).count();
    assert_eq!(entries(), 1, "they share one");
    let (less_pay, less_ship) = (without("pay"), without("ship"));
    let (one, two) = tokio::join!(fixture.ensure(&less_pay, Some(&pay)), fixture.ensure(&less_ship, Some(&ship)));
    fixture.complete(&less_pay, one);
    fixture.complete(&less_ship, two);
    assert_eq!(entries(), 0, "nobody needs it");
    for name in ["environment.pay", "environment.ship"] {
        let record = fixture.record(name).expect("a record");
        assert!(!record.inventory.iter().any(|key| key.contains("AccessEntry")), "{name} names none");
    }
}

/// Grants are owned whole: what a colleague associates with an entry of ours is shown, and goes.
#[tokio::test(start_paused = true)]
async fn policies_of_others_are_shown_and_removed() {
    let fixture = EngineFixture::ready().await;
    let viewers = json!({"access": {"developer": {
        "permission_sets": ["PaymentsDev"], "access_policies": ["AmazonEKSViewPolicy"]
    }}});
    let state = fixture.create(&environment("pay", viewers)).await;
    let neighbour = fixture.create(&environment("pay-web", people(&["PaymentsDev"]))).await;
    let there = fixture.keys();
    let entry = there.iter().find(|key| key.contains("AccessEntry/") && key.contains("PaymentsDev")).expect("an entry");
    let principal = entry.strip_prefix("aws/eks/AccessEntry/").expect("its principal");
    for (place, code, reason) in [
        ("AmazonEKSEditPolicy/pay", "drift.foreign_policy", "a namespace of the environment"),
        ("AmazonEKSAdminPolicy/kube-system", "drift.changed", "a namespace of the cluster's own"),
        ("AmazonEKSAdminPolicy/pay-*", "drift.changed", "a wildcard"),
    ] {
        let foreign = format!("aws/eks/AccessPolicy/{place}/{principal}");
        fixture.make(&foreign, &Body::AccessPolicy(AccessPolicy {}), "somebody").await;
        let (seen, problems) = fixture.refresh(&state).await;
        assert_eq!(codes(&problems), [code], "{reason}: {problems:?}");
        assert!(seen.objects != state.objects, "{reason}: the plan shows it");
        let healed = fixture.apply(&state.spec, Some(&seen)).await;
        assert_eq!(healed.objects, state.objects, "{reason}");
        assert_eq!(fixture.keys(), there, "{reason}: it is gone, and nothing else");
    }
    fixture.assert_quiet(&neighbour, "an environment with the same people").await;
}

/// What the environment's people may do in its namespaces they may do in those of its isolated slots, for as long as these are there.
#[tokio::test(start_paused = true)]
async fn access_policies_reach_the_namespaces_of_isolated_slots() {
    let fixture = EngineFixture::ready().await;
    let people = |sets: &[&str]| {
        let quota = json!({"total": {"requests.cpu": "8", "requests.memory": "16Gi"}, "slots_percent": 50});
        let developer = json!({"permission_sets": sets, "access_policies": ["AmazonEKSViewPolicy"]});
        environment("pay", json!({"quota": quota, "access": {"developer": developer}}))
    };
    let state = fixture.create(&people(&["PaymentsDev"])).await;
    let slot = fixture.create(&slot("pay", "ledger", json!({"isolation": "namespace"}))).await;
    let policies =
        || fixture.keys().into_iter().filter(|key| key.contains("AccessPolicy") && key.contains("/pay-ledger/"));
    assert_eq!(policies().count(), 1, "made with the slot: {:?}", policies().collect::<Vec<_>>());
    fixture.assert_quiet(&slot, "the slot's own").await;
    fixture.assert_quiet(&state, "and none of the environment's").await;

    let state = fixture.apply(&people(&["PaymentsDev", "PaymentsView"]), Some(&state)).await;
    assert_eq!(policies().count(), 1, "an apply of the environment leaves the slot's alone");
    let slot = InstanceState { parent: state.parent.clone(), ..fixture.refresh(&slot).await.0 };
    let slot = fixture.apply(&slot.spec, Some(&slot)).await;
    assert_eq!(policies().count(), 2, "the slot's next apply follows");

    let ours = policies().next().expect("one");
    let foreign = ours.replace("AmazonEKSViewPolicy", "AmazonEKSEditPolicy");
    fixture.make(&foreign, &Body::AccessPolicy(AccessPolicy {}), "somebody").await;
    let (seen, problems) = fixture.refresh(&slot).await;
    assert_eq!(codes(&problems), ["drift.foreign_policy"], "what others associate there is the slot's to remove");
    let slot = fixture.apply(&slot.spec, Some(&seen)).await;
    assert!(policies().count() == 2 && !fixture.keys().contains(&foreign));

    assert!(fixture.remove(&slot).await.gone);
    assert_eq!(policies().count(), 0, "gone with the slot");
    fixture.assert_quiet(&state, "the environment keeps its own").await;
}
