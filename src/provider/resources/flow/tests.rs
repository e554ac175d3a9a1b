//! The flow on the sandbox: what a resource requests of the Provisioner, and what it makes of the responses. A whole life is
//! walked in `wiring`'s tests.

mod fourth;
mod reads;
mod recorder;

use super::managed::{Managed, UPDATE};
use crate::{
    resources::{
        cluster_baseline::ClusterBaseline,
        eks_workload_slot::EksWorkloadSlot,
        flow::ManagedResource,
        private::{Intent, Memory},
        session::{Configured, ConfiguredTarget, Session, Unreachable},
        team_environment::TeamEnvironment,
    },
    testing::{Core, State},
};
use plugin::{
    Diagnostic, Resource, Value,
    diagnostic::any_error,
    private::Private,
    resource::{ApplyRequest, Change},
};
use recorder::Recorder;
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

fn serve(target: &Arc<Recorder>, resource: &'static dyn ManagedResource, unreachable: Unreachable) -> Managed {
    let session = Session::new(Arc::new(|_| vec![]));
    let configured = Configured { provisioner: target.clone(), unreachable, refuses: None, finishes_alone: false };
    session.configure(ConfiguredTarget::Known(Arc::new(configured)));
    Managed::new(resource, session)
}

/// A cluster with its baseline, and environments on it.
async fn fixture() -> (TempDir, Arc<Recorder>, Managed) {
    let folder = tempfile::tempdir().unwrap();
    let target = Recorder::open(folder.path());
    create(&Core::new(&serve(&target, &ClusterBaseline, Unreachable::Error)), json!({ "cluster": "demo" })).await;
    // Another connection, which has remembered nothing of that.
    let target = Recorder::open(folder.path());
    let environments = serve(&target, &TeamEnvironment, Unreachable::Error);
    (folder, target, environments)
}

fn environment(name: &str) -> Json {
    json!({ "name": name, "team": "pay", "tier": "dev", "cluster": "demo" })
}

fn with(mut config: Json, name: &str, value: impl Into<Json>) -> Json {
    config[name] = value.into();
    config
}

fn text<'a>(state: &'a State, name: &str) -> &'a str {
    state.value.child(name).as_str().unwrap_or_default()
}

fn memory(private: &Private) -> Memory {
    Memory::read(private).unwrap()
}

async fn create(core: &Core<'_>, config: Json) -> State {
    let plan = core.plan(None, &core.config(config)).await.sound();
    let (state, found) = core.apply(&plan).await;
    assert!(!any_error(&found), "{found:?}");
    let state = state.expect("it was made");
    assert_eq!(memory(&state.private).uid, text(&state, "uid"));
    state
}

#[tokio::test]
async fn nothing_is_undecided_that_can_be_known() {
    let (_folder, target, _) = fixture().await;
    for (config, id, objects_known, reason) in [
        (environment("pay"), Some("demo/pay"), true, "all is known"),
        (environment("?"), None, false, "the name decides every key"),
        (with(environment("pay"), "tier", "?"), Some("demo/pay"), false, "the id needs no tier"),
        (
            with(environment("pay"), "quota", json!({ "total": { "pods": "?" } })),
            Some("demo/pay"),
            true,
            "an amount decides one block",
        ),
    ] {
        let environments = serve(&target, &TeamEnvironment, Unreachable::Error);
        let core = Core::new(&environments);
        let plan = core.plan(None, &core.config(config)).await.sound();
        assert_eq!(plan.planned.child("id").as_str(), id, "{reason}");
        assert_eq!(!plan.planned.child("objects").is_unknown(), objects_known, "{reason}");
        assert!(plan.planned.child("uid").is_unknown(), "{reason}: a uid is made at apply");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_decided_yet_fails_no_plan_and_applies_nothing() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let state = create(&core, environment("pay")).await;

    environments.session.configure(ConfiguredTarget::Undecided);
    let plan = core.plan(None, &core.config(environment("new"))).await.sound();
    assert_eq!(plan.planned.child("id").as_str(), Some("demo/new"));
    assert!(plan.planned.child("objects").is_unknown());
    let (_, found) = core.apply(&plan).await;
    assert!(found[0].summary.contains("not known yet"), "{found:?}");

    let (read, found) = core.read(&state).await;
    assert_eq!((read.unwrap().value, found), (state.value.clone(), vec![]), "a read goes by the state");
    let plan = core.plan(Some(&state), &core.config(environment("pay"))).await.sound();
    assert!(plan.is_empty(), "nothing was changed, so nothing changes");
}

#[tokio::test]
async fn an_unknown_never_replaces_and_a_known_change_does() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let state = create(&core, environment("pay")).await;
    let state = core.read(&state).await.0.unwrap();
    let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
    for (config, replaces, reason) in [
        (environment("?"), &[][..], "it may turn out to be the same"),
        (environment("other"), &["name"], "another name"),
        (with(environment("pay"), "cluster", "other"), &["cluster"], "another cluster"),
        (with(environment("pay"), "cluster", arn), &[], "the same cluster by its ARN"),
    ] {
        let plan = core.plan(Some(&state), &core.config(config)).await.sound();
        assert_eq!(plan.replaces, replaces, "{reason}");
    }
}

#[tokio::test]
async fn an_id_that_turned_out_different_needs_a_new_plan() {
    let (_folder, target, environments) = fixture().await;
    let core = Core::new(&environments);
    let state = create(&core, environment("pay")).await;

    // Core plans again while it applies, without a read; its own words for what follows would blame the provider.
    let plan = core.plan(Some(&state), &core.config(environment("other"))).await;
    let found = plan.diagnostics;
    assert!(found.iter().any(|found| found.is_error() && found.detail.contains("Make a new plan")), "{found:?}");

    // The same may be the first plan, of `-refresh=false`: then it is a replacement like any other, with a warning.
    let environments = serve(&target, &TeamEnvironment, Unreachable::Error);
    let core = Core::new(&environments);
    let plan = core.plan(Some(&state), &core.config(environment("other"))).await.sound();
    assert_eq!(plan.replaces, ["name"]);
    assert!(plan.diagnostics.iter().any(|found| found.detail.contains("Make a new plan")), "{:?}", plan.diagnostics);
    let (_, found) = core.apply(&plan).await;
    assert!(found[0].summary.contains("demo/pay would become demo/other"), "{found:?}");
    assert_eq!(target.ensures().len(), 1, "nothing was sent to the target");
}

#[tokio::test]
async fn a_replacement_knows_what_it_replaces() {
    let (_folder, target, environments) = fixture().await;
    let core = Core::new(&environments);
    let protected = |name| with(environment(name), "deletion_protection", true);
    let state = create(&core, protected("pay")).await;

    let first = core.plan(Some(&state), &core.config(environment("other"))).await;
    assert!(first.diagnostics.iter().any(Diagnostic::is_error), "protection in the prior state refuses");

    // `-replace` of the same id: the first half changes nothing, the second is a create that carries the instance.
    let first = core.plan(Some(&state), &core.config(protected("pay"))).await.sound();
    let second = core.plan_again(&first).await;
    let replacing = target.last_preview().replacing.expect("it replaces");
    assert_eq!(
        (replacing.id.as_str(), replacing.uid.as_str(), replacing.protected),
        ("demo/pay", text(&state, "uid"), true)
    );
    let carried = memory(&second.private);
    assert_eq!((carried.intent, carried.id.as_str()), (Intent::Create, "demo/pay"));

    // The delete of that replacement is passed the bytes of the create.
    let (left, _) = core.destroy(&state, second.private.clone()).await;
    let removal = target.removals().pop().expect("a removal");
    assert!(
        removal.hand_over && removal.protected,
        "the same id: a half-made one is handed over, a ready one is protected"
    );
    assert_eq!(removal.uid, text(&state, "uid"));
    assert_eq!(left.expect("it is protected").value, state.value);

    let elsewhere = Memory { intent: Intent::Create, id: "demo/other".into(), ..memory(&state.private) };
    core.destroy(&state, elsewhere.write()).await;
    let removal = target.removals().pop().expect("a removal");
    assert!(!removal.hand_over, "another id is a real delete");
    assert!(removal.facts.is_none(), "the facts of the new place are not those of the old");
}

#[tokio::test]
async fn what_exists_is_kept_when_a_step_failed() {
    let (_folder, target, environments) = fixture().await;
    let core = Core::new(&environments);
    let plan = core.plan(None, &core.config(environment("pay"))).await.sound();
    target.fail("deny", Some("ResourceQuota")).await;
    let (state, found) = core.apply(&plan).await;
    assert!(any_error(&found));
    let state = state.expect("it exists");
    assert_eq!(memory(&state.private).uid, text(&state, "uid"), "by the uid the next run finds it");
    assert!(state.value.is_wholly_known());
    assert!(memory(&state.private).incomplete, "what differs is unfinished work and not drift");

    core.plan(Some(&state), &core.config(environment("pay"))).await;
    assert!(target.last_preview().prior.unwrap().incomplete);
}

#[tokio::test]
async fn a_quiet_plan_knows_all_that_it_needs() {
    let (folder, _, environments) = fixture().await;
    let state = create(&Core::new(&environments), environment("pay")).await;
    let target = Recorder::open(folder.path());
    let environments = serve(&target, &TeamEnvironment, Unreachable::Error);
    let core = Core::new(&environments);
    let before = target.sandbox.calls().await.unwrap().len();
    assert!(core.plan(Some(&state), &core.config(environment("pay"))).await.sound().is_empty());
    assert_eq!(target.sandbox.calls().await.unwrap().len(), before, "no call is needed");
    assert!(memory(&state.private).facts.is_some());
    assert_eq!(target.last_preview().facts, memory(&state.private).facts);
}

#[tokio::test]
async fn limits_of_time_are_those_of_the_operation() {
    let (_folder, target, environments) = fixture().await;
    let core = Core::new(&environments);
    let config = with(environment("pay"), "timeouts", json!({ "create": "90s", "delete": "2m" }));
    let state = create(&core, config.clone()).await;
    assert_eq!(target.ensures()[0].timeout, Duration::from_secs(90));
    let update = core.plan(Some(&state), &core.config(with(config, "team", "other"))).await.sound();
    core.apply(&update).await;
    assert_eq!(target.ensures()[1].timeout, UPDATE, "not written: the usual");
    let (planned, _) = core.plan_destroy(&state).await;
    core.destroy(&state, planned).await;
    assert_eq!(target.removals()[0].timeout, Duration::from_secs(120));
}

#[tokio::test]
async fn damaged_bytes_are_an_error_and_never_a_fresh_start() {
    let (_folder, target, _) = fixture().await;
    let change = Change::Destroy { prior: Value::map([("id", Value::from("demo/a/b"))]) };
    let request = ApplyRequest { change, planned: None, private: Private::from_bytes(b"{".to_vec()) };
    let slots = serve(&target, &EksWorkloadSlot, Unreachable::Error);
    let response = slots.apply(&crate::testing::call(), request).await;
    assert!(any_error(&response.diagnostics));
    assert!(target.removals().is_empty());
}

#[tokio::test]
async fn an_update_keeps_the_ids_of_what_it_does_not_change() {
    let (_folder, target, environments) = fixture().await;
    create(&Core::new(&environments), environment("pay")).await;
    let slots = serve(&target, &EksWorkloadSlot, Unreachable::Error);
    let core = Core::new(&slots);
    for (name, identity, has_external_id, reason) in [
        ("a", json!({ "target_role_arn": "arn:aws:iam::444455556666:role/led" }), true, "a target role"),
        ("b", json!({ "mode": "pod_identity" }), false, "none"),
        ("c", json!({ "mode": "none" }), false, "no association"),
    ] {
        let slot = |cpu: &str| {
            let share = json!({ "cpu": cpu, "memory": "1Gi" });
            json!({ "name": name, "environment": "demo/pay", "identity": identity, "share": share })
        };
        let state = create(&core, slot("500m")).await;
        assert_eq!(!state.value.child("external_id").is_null(), has_external_id, "{reason}");
        let plan = core.plan(Some(&state), &core.config(slot("1"))).await.sound();
        assert!(!plan.is_empty(), "{reason}: the share changes");
        for id in ["external_id", "association_id", "role_unique_id"] {
            assert_eq!(plan.planned.child(id), state.value.child(id), "{reason}: {id}");
        }
    }
}
