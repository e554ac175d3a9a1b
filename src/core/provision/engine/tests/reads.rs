//! What reads cost: they do not grow with the number of environments.

use crate::provision::{Observation, Provisioner, testing::*};
use serde_json::json;
use std::sync::atomic::Ordering;

#[tokio::test(start_paused = true)]
async fn refreshing_many_costs_what_refreshing_two_does() {
    let mut costs = vec![];
    for count in [2, 60] {
        let bench = Bench::ready().await;
        let mut all = vec![];
        for n in 0..count {
            let name = format!("team-{n}");
            all.push(bench.create(&environment(&name, json!({}))).await);
            all.push(bench.create(&slot(&name, "ledger", json!({}))).await);
        }
        let before = bench.counted.observed.load(Ordering::Relaxed);
        let engine = bench.engine();
        for held in &all {
            let Ok(Observation::Here(seen)) = engine.observe(observe_request(held)).await else {
                panic!("it is there")
            };
            assert_eq!(seen.objects, held.objects, "each sees its own");
            let preview = engine.preview(preview_request(&held.spec, Some(held), None)).await;
            let Some(decided) = preview.decided else { panic!("{:?}", preview.problems) };
            assert_eq!(known_lines(&decided.outputs), held.objects, "and plans nothing");
        }
        costs.push(bench.counted.observed.load(Ordering::Relaxed) - before);
    }
    assert_eq!(costs[0], costs[1], "the same for four resources and for a hundred and twenty: {costs:?}");
    assert!(costs[1] <= 4, "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn one_environment_is_read_by_its_own_selector() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let before = bench.counted.observed.load(Ordering::Relaxed);
    let engine = bench.engine();
    assert!(engine.observe(observe_request(&held)).await.is_ok());
    assert!(
        bench.counted.observed.load(Ordering::Relaxed) - before <= 2,
        "its listing, and the entries that others share"
    );
}

#[tokio::test(start_paused = true)]
async fn environments_asked_for_at_once_are_one_listing() {
    let bench = Bench::ready().await;
    let first = bench.create(&environment("pay", json!({}))).await;
    let second = bench.create(&environment("shop", json!({}))).await;
    let before = bench.counted.observed.load(Ordering::Relaxed);
    let engine = bench.engine();
    let (one, two) = tokio::join!(engine.observe(observe_request(&first)), engine.observe(observe_request(&second)));
    assert!(one.is_ok() && two.is_ok());
    let cost = bench.counted.observed.load(Ordering::Relaxed) - before;
    assert!(cost <= 3, "one listing, and for each the entries that others share: {cost}");
}

#[tokio::test(start_paused = true)]
async fn asking_again_sees_what_is_there_now() {
    let bench = Bench::ready().await;
    let first = bench.create(&environment("pay", json!({}))).await;
    let second = bench.create(&environment("shop", json!({}))).await;
    let engine = bench.engine();
    for held in [&first, &second, &first] {
        assert!(engine.observe(observe_request(held)).await.is_ok());
    }
    bench.fake.edit("k8s/v1/ResourceQuota/shop/gp-base", "/spec/hard/pods", Some("500"), "kubectl-edit", false);
    let Ok(Observation::Here(seen)) = engine.observe(observe_request(&second)).await else { panic!("it is there") };
    assert_ne!(seen.objects, second.objects, "a second read is a fresh one");

    // Made by someone else after the listing: never "gone" from memory.
    let third = bench.create(&environment("late", json!({}))).await;
    let Ok(Observation::Here(seen)) = engine.observe(observe_request(&third)).await else { panic!("it is there") };
    assert_eq!(seen.objects, third.objects);

    // Changed over this very connection.
    let more = environment("pay", json!({ "quota": { "total": { "pods": "80" } } }));
    let outcome = engine.ensure(ensure_request(&more, Some(&first), None)).await;
    let held = bench.complete(&more, outcome);
    let Ok(Observation::Here(seen)) = engine.observe(observe_request(&held)).await else { panic!("it is there") };
    assert_eq!(seen.objects, held.objects, "an apply is seen by the read after it");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_plan_of_what_exists_asks_nobody() {
    let bench = Bench::ready().await;
    let held = bench.create(&environment("pay", json!({}))).await;
    let before = bench.fake.calls().len();
    let preview = bench.engine().preview(preview_request(&held.spec, Some(&held), None)).await;
    assert!(preview.decided.is_some());
    assert_eq!(bench.fake.calls().len(), before);
}
