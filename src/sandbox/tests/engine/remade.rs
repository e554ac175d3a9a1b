//! A role that somebody deleted and made again: its access entry is bound to the role of before.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::domain::{Body, Role};
use serde_json::{Value, json};
use std::time::Duration;

/// IAM shows a new role within seconds.
const SEEN_BY_ALL: Duration = Duration::from_secs(60);

async fn show(fixture: &EngineFixture, key: &str) -> Value {
    fixture.sandbox.show(&key.parse().expect("a key")).await.expect("it is there")
}

/// Nothing but a new entry lets the new role in: neither time, nor somebody's change of the entry.
#[tokio::test(start_paused = true)]
async fn an_entry_stays_with_the_role_that_it_was_made_for() {
    let fixture = EngineFixture::ready().await;
    let deployer = json!({"create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"],
        "access_policies": ["AmazonEKSViewPolicy"]});
    let spec = environment("pay", json!({"access": {"deployer": deployer}}));
    let state = fixture.create(&spec).await;
    let there = fixture.keys();
    let entry = there.iter().find(|key| key.starts_with("aws/eks/AccessEntry/")).expect("an entry");
    let (role, before) = (state.role(), show(&fixture, entry).await);
    assert_eq!(before["principal_id"], show(&fixture, &role).await["role_id"]);

    let body: Role = serde_json::from_str(&fixture.text(&role, "").expect("its body")).expect("a role");
    fixture.delete(&role).await;
    fixture.make(&role, &Body::Role(body), "somebody").await;
    tokio::time::sleep(SEEN_BY_ALL).await;
    fixture.edit(entry, "/tags/cost-centre", Some(json!("4711")), "somebody", false).await;
    let again = show(&fixture, &role).await["role_id"].clone();
    assert_ne!(again, before["principal_id"], "another role under the name");
    assert_eq!(show(&fixture, entry).await["principal_id"], before["principal_id"], "the entry is of the one before");
    let (seen, problems) = fixture.refresh(&state).await;
    assert_eq!(codes(&problems), ["drift.changed"], "{problems:?}");
    assert!(seen.objects != state.objects, "the plan shows it");

    let healed = fixture.apply(&spec, Some(&seen)).await;
    let now = show(&fixture, entry).await;
    assert_eq!(now["principal_id"], again, "the entry is of the role of now");
    assert_eq!(now["tags"]["cost-centre"], "4711", "tags of others stay");
    assert_eq!(fixture.keys(), there, "and its policies");
    fixture.assert_quiet(&healed, "all of it is there again").await;
}
