//! What a read and an import make of what is there, or is not.

use super::{Core, State, create, environment, fixture, json, memory, recorder::Recorder, serve, text, with};
use crate::resources::{flow::tree, session::Unreachable, team_environment::TeamEnvironment};
use plugin::{Value, diagnostic::any_error, private::Private};

#[tokio::test]
async fn a_read_keeps_out_of_reach_apart_from_gone_and_from_refused() {
    for (action, unreachable, stays, reason) in [
        ("unavailable", Unreachable::Error, false, "an error is the default"),
        ("unavailable", Unreachable::AssumeUnchanged, true, "as configured"),
        ("deny", Unreachable::AssumeUnchanged, false, "a refusal is a response"),
    ] {
        let (folder, _, environments) = fixture().await;
        let state = create(&Core::new(&environments), environment("pay")).await;
        let target = Recorder::open(folder.path());
        target.fail(action, None).await;
        let (read, found) = Core::new(&serve(&target, &TeamEnvironment, unreachable)).read(&state).await;
        assert_eq!(!any_error(&found), stays, "{reason}: {found:?}");
        assert!(!found.is_empty(), "{reason}");
        assert_eq!(read.expect("never gone").value, state.value, "{reason}");
    }
}

#[tokio::test]
async fn a_superseded_instance_keeps_its_own_uid() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let old = create(&core, environment("pay")).await;
    let (planned, _) = core.plan_destroy(&old).await;
    let (left, found) = core.destroy(&old, planned).await;
    assert!(left.is_none(), "{found:?}");
    let new = create(&core, environment("pay")).await;
    assert_ne!(text(&new, "uid"), text(&old, "uid"));
    let (read, found) = core.read(&old).await;
    assert_eq!(text(&read.unwrap(), "uid"), text(&old, "uid"), "so that a delete acts on nothing else");
    assert!(!found.is_empty());
}

#[tokio::test]
async fn an_import_is_the_spec_as_written_and_the_read_fills_the_rest() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let config = with(environment("pay"), "access", json!({ "viewer": { "oidc_groups": ["pay-all"] } }));
    let whole = create(&core, config.clone()).await;

    let (state, found) = core.import("pay").await;
    let state = state.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(text(&state, "id"), "demo/pay");
    let state = core.read(&state).await.0.unwrap();
    assert_eq!(text(&state, "uid"), text(&whole, "uid"));
    assert_eq!(memory(&state.private).protected, Some(false), "the tier's choice, for a destroy that comes next");
    let plan = core.plan(Some(&state), &core.config(config)).await.sound();
    assert!(plan.is_empty(), "an import is followed by an empty plan");

    let (state, found) = core.import("demo/nowhere").await;
    let expected = "Cannot import non-existent remote object: no goldenpath_team_environment has the ID demo/nowhere; check the ID and the target";
    assert!(state.is_none() && found[0].summary == expected, "{found:?}");
}

#[tokio::test]
async fn an_id_that_is_none_is_gone_and_no_error() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let state = create(&core, environment("pay")).await;
    for (id, reason) in [("", "a bridge's first read"), ("pay", "a short form"), ("a b/?", "garbage")] {
        let mut other = state.clone();
        tree::set(&mut other.value, "id", id);
        let (read, found) = core.read(&other).await;
        assert!(read.is_none() && !any_error(&found) && found.len() == 1, "{reason}: {found:?}");
    }
}

#[tokio::test]
async fn an_id_alone_finds_what_its_record_knows() {
    let (_folder, _, environments) = fixture().await;
    let core = Core::new(&environments);
    let state = create(&core, environment("pay")).await;
    let uid = text(&state, "uid");
    for (id, expected, reason) in [("demo/pay", Some(uid), "it exists"), ("demo/nowhere", None, "it does not")] {
        let nothing = state.value.as_map().unwrap().keys().map(|name| (name.clone(), Value::Null));
        let mut alone = State { value: Value::map(nothing), private: Private::default() };
        tree::set(&mut alone.value, "id", id);
        let (read, found) = core.read(&alone).await;
        assert!(!any_error(&found), "{reason}: {found:?}");
        assert_eq!(read.as_ref().map(|read| text(read, "uid")), expected, "{reason}");
    }
}
