//! All that is recorded on a cluster, compared without anybody's state.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::{
    domain::{ClusterRef, Record},
    provision::{Provisioner, Survey, Surveyed},
};
use goldenpath_sandbox::Verb;
use serde_json::json;
use std::time::Duration;

const PODS: &str = "/spec/hard/pods";

async fn survey(fixture: &EngineFixture) -> Vec<Surveyed> {
    let cluster: ClusterRef = "demo".parse().unwrap();
    fixture.engine().survey(&cluster, &|_| true).await.unwrap()
}

fn quota(environment: &str) -> String {
    format!("k8s/v1/ResourceQuota/{environment}/gp-base")
}

fn of<'a>(surveyed: &'a [Surveyed], id: &str) -> &'a Surveyed {
    surveyed.iter().find(|one| one.record.id == id).unwrap()
}

#[tokio::test(start_paused = true)]
async fn drift_is_in_words_and_put_back_under_the_same_uid() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let report = json!({ "drift": { "mode": "report" } });
    fixture.create(&environment("shop", report)).await;
    let calm = survey(&fixture).await;
    let ids: Vec<&str> = calm.iter().map(|one| one.record.id.as_str()).collect();
    assert_eq!(ids, ["demo", "demo/pay", "demo/shop"]);
    assert!(calm.iter().all(|one| one.drift.is_empty() && one.heal().is_none()), "{calm:#?}");

    for environment in ["pay", "shop"] {
        fixture.edit(&quota(environment), PODS, Some("500".into()), "kubectl-edit", false).await;
    }
    let found = survey(&fixture).await;
    for id in ["demo/pay", "demo/shop"] {
        let words = &of(&found, id).drift[0].detail;
        assert!(words.contains("kubectl-edit") && words.contains("500"), "{words}");
    }
    assert!(of(&found, "demo/shop").heal().is_none(), "what is only reported is not put back");
    let mut request = of(&found, "demo/pay").heal().unwrap();
    request.timeout = Duration::from_secs(60);
    let outcome = fixture.engine().ensure(request).await;
    let exists = outcome.exists.unwrap();
    assert!(exists.complete && exists.uid == state.uid, "{:?}", outcome.problems);
    assert!(of(&survey(&fixture).await, "demo/pay").drift.is_empty());
    fixture.assert_quiet(&state, "the state knows what was put back").await;
    fixture.delete(&quota("pay")).await;
    let found = survey(&fixture).await;
    assert_eq!(of(&found, "demo/pay").drift[0].code, "drift.missing");
    assert!(of(&found, "demo/pay").heal().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_healing_does_not_undo_the_apply_that_came_after_its_look() {
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    fixture.edit(&quota("pay"), PODS, Some("500".into()), "kubectl-edit", false).await;
    let request = of(&survey(&fixture).await, "demo/pay").heal().unwrap();
    let wider = environment("pay", json!({ "quota": { "total": { "pods": "80" } } }));
    let (fresh, _) = fixture.refresh(&state).await;
    let wider = fixture.apply(&wider, Some(&fresh)).await;
    let calls = fixture.count().await;
    let outcome = fixture.engine().ensure(request).await;
    assert!(outcome.exists.is_none() && codes(&outcome.problems) == ["record.changed"], "{:?}", outcome.problems);
    fixture.assert_only_read(calls, "what the apply wants").await;
    fixture.assert_quiet(&wider, "stays").await;
}

/// Records are listed first, and looked at one after another.
#[tokio::test(start_paused = true)]
async fn an_apply_that_comes_between_the_list_of_records_and_the_look_is_no_drift() {
    const RECORD: &str = "k8s/v1/ConfigMap/goldenpath-system/environment.pay";
    let fixture = EngineFixture::ready().await;
    let state = fixture.create(&environment("pay", json!({}))).await;
    let keep = |name: &str| format!("CREATE TABLE {name} AS SELECT * FROM object WHERE key = '{RECORD}'");
    let put =
        |name: &str| format!("DELETE FROM object WHERE key = '{RECORD}'; INSERT INTO object SELECT * FROM {name}");
    fixture.sql(&keep("earlier"));
    let wider = environment("pay", json!({ "quota": { "total": { "pods": "80" } } }));
    let wider = fixture.apply(&wider, Some(&state)).await;
    fixture.sql(&format!("{}; {}", keep("later"), put("earlier")));

    let (path, come) = (fixture.sandbox.path().to_owned(), put("later"));
    let listed = |record: &Record| {
        let file = rusqlite::Connection::open(&path).expect("the file");
        file.execute_batch(&come).expect("the record of the apply");
        record.id == "demo/pay"
    };
    let cluster: ClusterRef = "demo".parse().unwrap();
    let found = fixture.engine().survey(&cluster, &listed).await.unwrap();
    let of_pay = of(&found, "demo/pay");
    assert!(of_pay.drift.is_empty() && of_pay.heal().is_none(), "what it wants is there: {of_pay:#?}");
    assert_eq!(of_pay.record.spec["quota"]["total"]["pods"], "80", "the one that was compared");
    fixture.assert_quiet(&wider, "as it was applied").await;
}

/// As a restore by hand may leave them.
#[tokio::test(start_paused = true)]
async fn two_records_that_name_each_other_are_not_looked_at_for_ever() {
    let fixture = EngineFixture::ready().await;
    for name in ["left", "right"] {
        fixture.create(&environment(name, json!({}))).await;
    }
    let rename = |from: &str, to: &str| {
        let name = |name: &str| format!(r#"\"name\":\"{name}\""#);
        let (from_text, to_text) = (name(from), name(to));
        format!(
            "UPDATE object SET body = replace(body, '{from_text}', '{to_text}') \
             WHERE key = 'k8s/v1/ConfigMap/goldenpath-system/environment.{from}'"
        )
    };
    fixture.sql(&format!("{}; {}", rename("left", "right"), rename("right", "left")));
    let cluster: ClusterRef = "demo".parse().unwrap();
    let found = fixture.engine().survey(&cluster, &|_| true).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|one| one.record.id.as_str()).collect();
    assert_eq!(ids, ["demo"], "nobody knows what is wanted of the others");
}

#[tokio::test(start_paused = true)]
async fn many_environments_are_one_listing() {
    let fixture = EngineFixture::ready().await;
    let mut counts = vec![];
    for name in ["a", "b", "c", "d", "e", "f"] {
        fixture.create(&environment(name, json!({}))).await;
        let since = fixture.count().await;
        survey(&fixture).await;
        counts.push(fixture.calls(since, &[Verb::Observe]).await.len());
    }
    assert_eq!(counts[2], counts[5], "however many there are: {counts:?}");
}

const EXEMPT: &str = "
changelog: [Quotas are named otherwise.]
policies:
  - inline:
      apiVersion: goldenpath.internal/v1
      kind: Policy
      name: quota-names
      version: 1.0.0
      description: Quotas have other names.
      match: [{ groups: [''], versions: [v1], resources: [resourcequotas], operations: [CREATE] }]
      validations:
        - { expression: object.metadata.name != 'gp-base', message: A quota has an old name, remedy: Rename it. }
    exemptions: [{ reason: it moves, until: 2026-09-22, exempt: { names: [gp-base] } }]
";

#[tokio::test(start_paused = true)]
async fn an_exemption_that_has_ended_is_noticed_and_stops_nothing() {
    let fixture = EngineFixture::ready().await;
    let catalogue = next_version(EXEMPT);
    let made = fixture.engine_of(&catalogue).ensure(ensure_request(&environment("pay", json!({})), None, None)).await;
    assert!(made.exists.is_some_and(|exists| exists.complete), "it is exempt: {:?}", made.problems);
    let notices = || async {
        let cluster: ClusterRef = "demo".parse().unwrap();
        let surveyed = fixture.engine_of(&catalogue).survey(&cluster, &|_| true).await.unwrap();
        let of_pay = of(&surveyed, "demo/pay");
        assert!(of_pay.drift.is_empty() && of_pay.heal().is_none(), "{of_pay:#?}");
        of_pay.notices.clone()
    };
    assert_eq!(notices().await, [], "in its time");
    tokio::time::advance(Duration::from_secs(3 * 86_400)).await;
    let late = notices().await;
    assert_eq!(late.len(), 2, "of each of its namespaces: {late:?}");
    for notice in &late {
        assert!(notice.code == "policy.violated" && !notice.is_error(), "{notice:?}");
        assert!(notice.detail.contains("Its exemption ended on 2026-09-22"), "{notice:?}");
    }
}
