//! Access entries are shared: who keeps one, who takes it away, and whom it serves.

use crate::provision::testing::*;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_role_made_anew_gets_a_new_entry() {
    let bench = Bench::ready().await;
    let spec = environment("pay", json!({}));
    let held = bench.create(&spec).await;
    let role = held.role();
    bench.fake.vanish(&role);
    let Some((fresh, _)) = bench.refresh(&held).await else { panic!("it is there") };
    let calls = bench.fake.calls().len();
    bench.apply(&spec, Some(&fresh)).await;
    let deleted: Vec<String> = bench.fake.calls()[calls..]
        .iter()
        .filter_map(|call| match call {
            Call::Delete(key) => Some(key.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(deleted.len(), 1, "only the entry that belonged to the old role: {deleted:?}");
    assert!(deleted[0].contains(":role/goldenpath/"), "{deleted:?}");
}

#[tokio::test(start_paused = true)]
async fn shared_entries_stay_for_as_long_as_somebody_names_them() {
    let bench = Bench::ready().await;
    let shared = |key: &String| key.contains("AWSReservedSSO_PaymentsDev");
    let first = bench.create(&environment("pay", json!({}))).await;
    let second = bench.create(&environment("shop", json!({}))).await;
    assert!(bench.remove(&first).await.gone);
    assert!(bench.fake.keys().iter().any(shared), "the second one names it");
    bench.assert_quiet(&second, "its people are still let in").await;
    assert!(bench.remove(&second).await.gone);
    assert!(!bench.fake.keys().iter().any(shared), "nobody names it");
}

#[tokio::test(start_paused = true)]
async fn removing_everything_at_once_leaves_no_shared_entry() {
    let bench = Bench::ready().await;
    let first = bench.create(&environment("pay", json!({}))).await;
    let second = bench.create(&environment("shop", json!({}))).await;
    let (a, b) = tokio::join!(bench.remove(&first), bench.remove(&second));
    assert!(a.gone && b.gone, "{:?} {:?}", a.problems, b.problems);
    assert!(!bench.fake.keys().iter().any(|key| key.starts_with("aws/")), "{:?}", bench.fake.keys());
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_entry_is_never_deleted() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    bench.fake.caller("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_PaymentsDev_0123456789abcdef/me");
    let removed = bench.remove(&held).await;
    assert!(removed.gone && codes(&removed.problems).contains(&"access.own_entry"), "{:?}", removed.problems);
    assert!(bench.fake.keys().iter().any(|key| key.contains("AWSReservedSSO_PaymentsDev")));
}

#[tokio::test(start_paused = true)]
async fn two_who_let_go_of_a_principal_at_once_leave_nothing() {
    let bench = Bench::ready().await;
    let people = |permission_sets: &[&str]| json!({"access": {"developer": {"permission_sets": permission_sets}}});
    let with = |name: &str| environment(name, people(&["PaymentsDev"]));
    let without = |name: &str| environment(name, json!({"access": {}}));
    let (pay, ship) = (bench.create(&with("pay")).await, bench.create(&with("ship")).await);
    let entries = || bench.fake.keys().into_iter().filter(|key| key.contains("AccessEntry")).count();
    assert_eq!(entries(), 1, "they share one");
    let (less_pay, less_ship) = (without("pay"), without("ship"));
    let (one, two) =
        futures_util::future::join(bench.ensure(&less_pay, Some(&pay)), bench.ensure(&less_ship, Some(&ship))).await;
    bench.complete(&less_pay, one);
    bench.complete(&less_ship, two);
    assert_eq!(entries(), 0, "nobody needs it");
    for name in ["environment.pay", "environment.ship"] {
        let record = bench.fake.record(name).expect("a record");
        assert!(!record.inventory.iter().any(|key| key.contains("AccessEntry")), "{name} names none");
    }
}
