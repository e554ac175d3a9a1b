//! What reads cost: they do not grow with the number of environments.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::provision::{Engine, Observation, Provisioner};
use goldenpath_sandbox::Verb;
use serde_json::json;
use std::collections::BTreeMap;

/// The lines of an instance that is there.
async fn observe(engine: &Engine, state: &InstanceState) -> BTreeMap<String, String> {
    match engine.observe(observe_request(state)).await {
        Ok(Observation::Here(observed)) => observed.objects,
        Ok(Observation::Gone(problems)) => panic!("gone: {problems:?}"),
        Err(problem) => panic!("{problem}"),
    }
}

async fn listings(fixture: &EngineFixture, since: usize) -> usize {
    fixture.calls(since, &[Verb::Observe]).await.len()
}

#[tokio::test(start_paused = true)]
async fn refreshing_many_costs_what_refreshing_two_does() {
    let mut costs = vec![];
    let fixture = EngineFixture::ready().await;
    let mut all = vec![];
    for n in 0..20 {
        let name = format!("team-{n}");
        all.push(fixture.create(&environment(&name, json!({}))).await);
        all.push(fixture.create(&slot(&name, "ledger", json!({}))).await);
        if ![2, 20].contains(&(n + 1)) {
            continue;
        }
        let before = fixture.count().await;
        let engine = fixture.engine();
        for state in &all {
            assert_eq!(observe(&engine, state).await, state.objects, "each sees its own");
            let preview = engine.preview(preview_request(&state.spec, Some(state), None)).await;
            let decided = preview.decided.unwrap_or_else(|| panic!("{:?}", preview.problems));
            assert_eq!(known_lines(&decided.outputs), state.objects, "and plans nothing");
        }
        costs.push(listings(&fixture, before).await);
    }
    assert_eq!(costs[0], costs[1], "the same for four resources and for forty: {costs:?}");
    assert!(costs[1] <= 4, "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn one_environment_is_read_by_its_own_selector() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let before = fixture.count().await;
    observe(&fixture.engine(), &state).await;
    assert!(listings(&fixture, before).await <= 2, "its listing, and the entries that others share");
}

#[tokio::test(start_paused = true)]
async fn environments_read_at_once_are_one_listing() {
    let fixture = EngineFixture::ready().await;
    let first = fixture.create(&environment("pay", json!({}))).await;
    let second = fixture.create(&environment("shop", json!({}))).await;
    let before = fixture.count().await;
    let engine = fixture.engine();
    tokio::join!(observe(&engine, &first), observe(&engine, &second));
    let cost = listings(&fixture, before).await;
    assert!(cost <= 3, "one listing, and for each the entries that others share: {cost}");
}

#[tokio::test(start_paused = true)]
async fn a_second_read_sees_what_is_there_now() {
    let fixture = EngineFixture::ready().await;
    let first = fixture.create(&environment("pay", json!({}))).await;
    let second = fixture.create(&environment("shop", json!({}))).await;
    let engine = fixture.engine();
    for state in [&first, &second, &first] {
        observe(&engine, state).await;
    }
    let quota = "k8s/v1/ResourceQuota/shop/gp-base";
    fixture.edit(quota, "/spec/hard/pods", Some("500".into()), "kubectl-edit", false).await;
    assert_ne!(observe(&engine, &second).await, second.objects, "a second read is a fresh one");

    // Made by someone else after the listing: never "gone" from memory.
    let third = fixture.create(&environment("late", json!({}))).await;
    assert_eq!(observe(&engine, &third).await, third.objects);

    // Changed over this very connection.
    let more = environment("pay", json!({"quota": {"total": {"pods": "80"}}}));
    let outcome = engine.ensure(ensure_request(&more, Some(&first), None)).await;
    let state = fixture.complete(&more, outcome);
    assert_eq!(observe(&engine, &state).await, state.objects, "an apply is seen by the read after it");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_plan_of_what_exists_reads_nothing() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let before = fixture.count().await;
    let preview = fixture.engine().preview(preview_request(&state.spec, Some(&state), None)).await;
    assert!(preview.decided.is_some());
    assert_eq!(fixture.count().await, before);
}
