//! The flow against a target that is told what to say: what the resource asks, and what it makes of the answers. The whole
//! way through the engine and the sandbox is walked in `wiring`'s tests.

mod fake;

use super::*;
use crate::{
    resources::{
        eks_workload_slot::EksWorkloadSlot,
        private::Intent,
        session::{ConfiguredTarget, Unreachable},
        team_environment::TeamEnvironment,
    },
    testing::{Core, State},
};
use fake::{Fake, environment_outputs, facts as some_facts};
use goldenpath_core::domain::Severity;
use plugin::private::Private;
use serde_json::json;

fn managed<K: Kind>(fake: &Arc<Fake>, unreachable: Unreachable) -> Managed<K> {
    let session = Session::new(Arc::new(|_| vec![]));
    session.configure(ConfiguredTarget::Known(Arc::new(Configured {
        provisioner: fake.clone(),
        unreachable,
        refuses: None,
    })));
    Managed::new(session)
}

fn environment(name: &str) -> serde_json::Value {
    json!({ "name": name, "team": "pay", "tier": "dev", "cluster": "demo" })
}

fn changed(mut config: serde_json::Value, name: &str, value: serde_json::Value) -> serde_json::Value {
    config[name] = value;
    config
}

/// A state as an apply would have left it.
async fn made(core: &Core<'_>, config: serde_json::Value) -> State {
    let plan = core.plan(None, &core.config(config)).await.sound();
    let (state, found) = core.apply(&plan).await;
    assert!(!plugin::diagnostic::any_error(&found), "{found:?}");
    let state = state.expect("it was made");
    assert_eq!(Memory::read(&state.private).unwrap().uid, "uid-1");
    state
}

#[tokio::test]
async fn nothing_is_undecided_that_can_be_told() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    for (config, id, objects_known, reason) in [
        (environment("pay"), Some("demo/pay"), true, "all is known"),
        (environment("?"), None, false, "the name decides every key"),
        (changed(environment("pay"), "tier", json!("?")), Some("demo/pay"), false, "the id needs no tier"),
        (
            changed(environment("pay"), "quota", json!({ "total": { "pods": "?" } })),
            Some("demo/pay"),
            false,
            "an amount",
        ),
    ] {
        let plan = core.plan(None, &core.config(config)).await.sound();
        assert_eq!(plan.planned.child("id").as_str(), id, "{reason}");
        assert_eq!(!plan.planned.child("objects").is_unknown(), objects_known, "{reason}");
        assert!(plan.planned.child("uid").is_unknown(), "{reason}: a uid is made at apply");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_decided_yet_fails_no_plan_and_applies_nothing() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;

    resource.session.configure(ConfiguredTarget::Undecided);
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
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;
    let (state, _) = core.read(&state).await;
    let state = state.unwrap();
    for (config, replaces, reason) in [
        (environment("?"), &[][..], "it may turn out to be the same"),
        (environment("other"), &["name"], "another name"),
        (changed(environment("pay"), "cluster", json!("other")), &["cluster"], "another cluster"),
        (
            changed(environment("pay"), "cluster", json!("arn:aws:eks:eu-west-1:111122223333:cluster/demo")),
            &[],
            "the same cluster by its ARN",
        ),
    ] {
        let plan = core.plan(Some(&state), &core.config(config)).await.sound();
        assert_eq!(plan.replaces, replaces, "{reason}");
    }
}

#[tokio::test]
async fn an_id_that_turned_out_different_asks_for_a_new_plan() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;

    // Core plans again while it applies, without a read; its own words for what follows would blame the provider.
    let plan = core.plan(Some(&state), &core.config(environment("other"))).await;
    assert!(
        plan.diagnostics[0].is_error() && plan.diagnostics[0].detail.contains("Make a new plan"),
        "{:?}",
        plan.diagnostics
    );

    // The same may be the first plan, of `-refresh=false`: then it is a replacement like any other, with a warning.
    let another = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&another);
    let plan = core.plan(Some(&state), &core.config(environment("other"))).await.sound();
    assert_eq!(plan.replaces, ["name"]);
    assert!(plan.diagnostics.iter().any(|told| told.detail.contains("Make a new plan")), "{:?}", plan.diagnostics);
    let (_, found) = core.apply(&plan).await;
    assert!(found[0].summary.contains("demo/pay would become demo/other"), "{found:?}");
    assert_eq!(fake.ensured().len(), 1, "nothing was asked of the target");
}

#[tokio::test]
async fn a_replacement_knows_what_it_replaces() {
    let fake = Arc::new(Fake::protecting());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;

    let first = core.plan(Some(&state), &core.config(environment("other"))).await;
    assert!(first.diagnostics.iter().any(Diagnostic::is_error), "protection in the prior state refuses");

    // `-replace` of the same id: the first half changes nothing, the second is a create that carries the instance.
    let first = core.plan(Some(&state), &core.config(environment("pay"))).await.sound();
    let second = core.plan_again(&first).await;
    let replacing = fake.previewed().last().and_then(|request| request.replacing.clone()).expect("it replaces");
    assert_eq!((replacing.id.as_str(), replacing.uid.as_str(), replacing.protected), ("demo/pay", "uid-1", true));
    let memory = Memory::read(&second.private).unwrap();
    assert_eq!((memory.intent, memory.id.as_str()), (Intent::Create, "demo/pay"));

    // The delete of that replacement is handed the bytes of the create.
    core.destroy(&state, second.private.clone()).await;
    let removal = fake.removed().pop().expect("it was asked");
    assert!(
        removal.hand_over && removal.protected,
        "the same id: a half-made one is handed over, a ready one is protected"
    );
    assert_eq!(removal.uid, "uid-1");

    let elsewhere = Memory {
        intent: Intent::Create,
        id: "demo/other".into(),
        facts: Some(some_facts("other")),
        ..Memory::default()
    };
    core.destroy(&state, elsewhere.write()).await;
    let removal = fake.removed().pop().expect("it was asked");
    assert!(!removal.hand_over, "another id is a real delete");
    assert!(removal.facts.is_none(), "the facts of the new place are not those of the old");
}

#[tokio::test]
async fn what_exists_is_kept_when_a_step_failed() {
    let fake = Arc::new(Fake::failing());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let plan = core.plan(None, &core.config(environment("pay"))).await.sound();
    let (state, found) = core.apply(&plan).await;
    assert!(plugin::diagnostic::any_error(&found));
    let state = state.expect("it exists");
    assert_eq!(state.value.child("uid").as_str(), Some("uid-1"), "by the uid the next run finds it");
    assert!(state.value.is_wholly_known());
    let memory = Memory::read(&state.private).unwrap();
    assert!(memory.incomplete, "what differs is unfinished work and not drift");

    core.plan(Some(&state), &core.config(environment("pay"))).await;
    assert!(fake.previewed().last().unwrap().prior.as_ref().unwrap().incomplete);
}

#[tokio::test]
async fn a_quiet_plan_is_asked_with_all_that_is_remembered() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;
    let plan = core.plan(Some(&state), &core.config(environment("pay"))).await.sound();
    assert!(plan.is_empty());
    let asked = fake.previewed().pop().unwrap();
    assert_eq!(asked.facts, Some(some_facts("demo")), "so that no call is needed");
    assert_eq!(asked.prior.unwrap().objects, fake::objects());
}

#[tokio::test]
async fn facts_of_the_configuration_go_before_those_that_are_remembered() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;
    let mut given = serde_json::to_value(fake::all_facts("demo")).unwrap();
    given["stable"]["auto_mode"] = json!(true);
    given["stable"]["pod_security_version"] = json!("1.37");
    let config = changed(environment("pay"), "facts", given);
    core.plan(Some(&state), &core.config(config)).await.sound();
    let asked = fake.previewed().pop().unwrap().facts.unwrap();
    assert!(asked.auto_mode, "what is written counts");
    assert_eq!(asked.pod_security_version, "1.36", "but an upgrade of the cluster doesn't move Pod Security");
}

#[tokio::test]
async fn a_read_tells_away_from_gone_and_from_refused() {
    for (code, unreachable, stays, reason) in [
        ("target.unavailable", Unreachable::Error, false, "an error is the default"),
        ("target.unavailable", Unreachable::AssumeUnchanged, true, "asked for"),
        ("target.denied", Unreachable::AssumeUnchanged, false, "a refusal is an answer"),
    ] {
        let fake = Arc::new(Fake::default());
        let resource = managed::<TeamEnvironment>(&fake, unreachable);
        let core = Core::new(&resource);
        let state = made(&core, environment("pay")).await;
        fake.observes(Err(Problem::error(code, "no answer", "try again")));
        let (read, found) = core.read(&state).await;
        assert_eq!(!plugin::diagnostic::any_error(&found), stays, "{reason}: {found:?}");
        assert_eq!(read.expect("never gone").value, state.value, "{reason}");
    }
}

#[tokio::test]
async fn a_superseded_instance_keeps_its_own_uid() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let state = made(&core, environment("pay")).await;
    let mut seen = fake::seen("uid-2");
    seen.problems
        .push(Problem { severity: Severity::Warning, ..Problem::error("record.superseded", "another instance", "") });
    fake.observes(Ok(seen));
    let (read, found) = core.read(&state).await;
    assert_eq!(read.unwrap().value.child("uid").as_str(), Some("uid-1"), "so that a delete acts on nothing else");
    assert!(!found.is_empty());
}

#[tokio::test]
async fn an_import_is_the_spec_as_written_and_the_read_fills_the_rest() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let config = core.config(changed(environment("pay"), "access", json!({ "viewer": { "oidc_groups": ["all"] } })));
    let made = core.plan(None, &config).await.sound();
    core.apply(&made).await;
    fake.records(&fake.ensured()[0].spec);

    let (state, found) = core.import("pay").await;
    let state = state.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(state.value.child("id").as_str(), Some("demo/pay"));
    let mut seen = fake::seen("uid-9");
    seen.outputs = Some(environment_outputs("demo/pay", "uid-9"));
    fake.observes(Ok(seen));
    let (state, _) = core.read(&state).await;
    let state = state.unwrap();
    assert_eq!(state.value.child("uid").as_str(), Some("uid-9"));
    let memory = Memory::read(&state.private).unwrap();
    assert_eq!(memory.protected, Some(false), "the tier's choice, for a destroy that comes next");
    assert!(core.plan(Some(&state), &config).await.sound().is_empty(), "an import is followed by an empty plan");

    let (state, found) = core.import("demo/nowhere").await;
    assert!(state.is_none() && found[0].summary.contains("demo/nowhere"), "{found:?}");
}

#[tokio::test]
async fn limits_of_time_are_those_of_the_operation() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<TeamEnvironment>(&fake, Unreachable::Error);
    let core = Core::new(&resource);
    let config = changed(environment("pay"), "timeouts", json!({ "create": "90s", "delete": "2m" }));
    let state = made(&core, config.clone()).await;
    assert_eq!(fake.ensured()[0].timeout, Duration::from_secs(90));
    let update = core.plan(Some(&state), &core.config(changed(config, "team", json!("other")))).await.sound();
    core.apply(&update).await;
    assert_eq!(fake.ensured()[1].timeout, UPDATE, "not written: the usual");
    let (planned, _) = core.plan_destroy(&state).await;
    core.destroy(&state, planned).await;
    assert_eq!(fake.removed()[0].timeout, Duration::from_secs(120));
}

#[tokio::test]
async fn damaged_bytes_are_told_and_never_a_fresh_start() {
    let fake = Arc::new(Fake::default());
    let resource = managed::<EksWorkloadSlot>(&fake, Unreachable::Error);
    let response = resource
        .apply(
            &crate::testing::call(),
            ApplyRequest {
                change: plugin::resource::Change::Destroy { prior: Value::map([("id", Value::from("demo/a/b"))]) },
                planned: None,
                private: Private::from_bytes(b"{".to_vec()),
            },
        )
        .await;
    assert!(plugin::diagnostic::any_error(&response.diagnostics));
    assert!(fake.removed().is_empty());
}
