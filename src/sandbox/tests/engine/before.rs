//! A change is held against what was there before, also where state does not say it, and where nobody can render it any more.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::provision::{EnsureRequest, Outcome, Provisioner, Replacing, Spec};
use serde_json::json;

/// `-replace` with `create_before_destroy`.
async fn replace(fixture: &EngineFixture, spec: &Spec, old: &InstanceState) -> Outcome {
    let replacing = Some(Replacing { id: spec.id().to_string(), uid: old.uid.clone(), protected: false });
    let preview = fixture.engine().preview(preview_request(spec, None, replacing.clone())).await;
    assert_eq!(errors(&preview.problems), Vec::<&str>::new(), "the delete may come first: {:?}", preview.problems);
    fixture.engine().ensure(EnsureRequest { replacing, ..ensure_request(spec, None, None) }).await
}

#[tokio::test(start_paused = true)]
async fn a_total_below_what_slots_hold_is_refused_unless_they_go_first() {
    let fixture = EngineFixture::ready().await;
    let total = |cpu: &str| json!({"namespaces": {"default": {}}, "quota": {"total": {"requests.cpu": cpu}}});
    let pay = fixture.create(&environment("pay", total("4"))).await;
    let ledger = fixture.create(&slot("pay", "ledger", json!({"share": {"cpu": "3", "memory": "1Gi"}}))).await;
    let smaller = environment("pay", total("2"));
    let calls = fixture.count().await;
    let outcome = replace(&fixture, &smaller, &pay).await;
    assert!(outcome.exists.is_none(), "{:?}", outcome.problems);
    assert_eq!(errors(&outcome.problems), ["environment.total_below_shares"], "{:?}", outcome.problems);
    fixture.assert_only_read(calls, "the slot lives in it").await;

    assert!(fixture.remove(&ledger).await.gone);
    let taken_over = fixture.complete(&smaller, replace(&fixture, &smaller, &pay).await);
    fixture.assert_quiet(&taken_over, "the slot went before it").await;
    assert!(fixture.remove(&taken_over).await.gone, "destroyed first");
    let again = fixture.complete(&smaller, fixture.ensure(&smaller, None).await);
    fixture.assert_quiet(&again, "it is made by whatever request").await;
}

const NEWER: &str = "
changelog: [Nothing is otherwise.]
";

#[tokio::test(start_paused = true)]
async fn a_total_is_held_against_slots_when_the_version_before_is_gone() {
    let fixture = EngineFixture::ready().await;
    let catalogue = next_version(NEWER);
    let of = |cpu: &str, version: &str| {
        let quota = json!({"total": {"requests.cpu": cpu}});
        environment("pay", json!({"namespaces": {"default": {}}, "quota": quota, "golden_path_version": version}))
    };
    let made = async |spec: &Spec| {
        let outcome = fixture.engine_of(&catalogue).ensure(ensure_request(spec, None, None)).await;
        fixture.complete(spec, outcome)
    };
    let pay = made(&of("4", "1.1.0")).await;
    made(&slot("pay", "ledger", json!({"share": {"cpu": "3", "memory": "1Gi"}}))).await;
    let (smaller, same) = (of("2", "1.0.0"), of("4", "1.0.0"));
    let refused = fixture.preview(&smaller, Some(&pay)).await.problems;
    assert_eq!(errors(&refused), ["environment.total_below_shares"], "{refused:?}");
    let moved = fixture.preview(&same, Some(&pay)).await.problems;
    assert!(errors(&moved).is_empty() && codes(&moved).contains(&"environment.not_compared"), "{moved:?}");
}
