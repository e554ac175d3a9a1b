//! Plans and what becomes of them: the overlay, and the outcome settled on it.

use super::*;
use crate::laws::{check_apply, check_final_plan, check_plan, check_read, check_schema};

fn prior() -> Value {
    tree(json!({
        "name": "pay",
        "size": "1000m",
        "tier": "dev",
        "namespaces": namespaces("4"),
        "grants": [grant("ann", "readers", "arn:1"), grant("bob", "writers", "arn:2")],
        "id": "main/pay",
        "objects": {"role": "old words #1", "quota": "pods=4 #2"},
    }))
}

fn namespaces(pods: &str) -> Json {
    json!({"api": null, "jobs": {"total": {"pods": pods}, "headroom": 33}})
}

fn grant(principal: &str, group: &str, arn: &str) -> Json {
    json!({"principal": principal, "group": group, "arn": arn})
}

/// The configuration that `prior` came from.
fn config() -> Value {
    tree(json!({
        "name": "pay",
        "size": "1000m",
        "namespaces": namespaces("4"),
        "grants": [{"principal": "bob"}, {"principal": "ann"}],
    }))
}

fn plan(config: &Value, computed: Json) -> Value {
    overlay(&environment(), config, &computed.into(), &prior())
}

#[test]
fn an_output_that_is_null_is_known_and_one_that_is_absent_is_not() {
    let wider = with(&config(), "size", "2");
    assert_eq!(*plan(&wider, json!({"objects": null})).child("objects"), Value::Null, "there will be none");
    assert_eq!(*plan(&wider, json!({})).child("objects"), Value::unknown(), "nothing was given");
}

#[test]
fn nothing_changes_when_nothing_is_configured_otherwise() {
    let reworded = json!({"objects": {"role": "new words #1", "quota": "pods=4 #2"}});
    let cases = [
        (config(), Json::Null, "no output: prior in place of unknown is prior"),
        (config(), json!({"objects": "?"}), "an unknown output too"),
        (config(), reworded, "new wording of equal lines keeps the old"),
        (with(&config(), "size", "1"), Json::Null, "another spelling of the same quantity"),
        (with(&config(), "namespaces", namespaces("4000m")), Json::Null, "the same inside a nested map"),
        (with(&config(), "token", "secret"), Json::Null, "a write-only value is not seen"),
    ];
    for (config, computed, reason) in cases {
        assert_eq!(plan(&config, computed), prior(), "{reason}");
    }
}

#[test]
fn a_change_leaves_open_what_it_may_change() {
    let planned = plan(&with(&config(), "size", "2"), Json::Null);
    let grants = json!([grant("ann", "?", "arn:1"), grant("bob", "?", "arn:2")]);
    assert_eq!(planned.child("size"), &"2".into());
    assert_eq!(planned.child("id"), &"main/pay".into(), "a stable output stays");
    assert_eq!(planned.child("objects"), &Value::unknown(), "another is known after apply");
    assert_eq!(planned, with(&planned, "grants", grants), "elements of a set keep their own stable outputs");
}

#[test]
fn an_output_is_planned_line_by_line() {
    let lines = json!({"objects": {"role": "new words #1", "quota": "pods=9 #3", "policy": "?"}});
    let planned = plan(&with(&config(), "namespaces", namespaces("9")), lines);
    let expected = json!({"role": "old words #1", "quota": "pods=9 #3", "policy": "?"});
    assert_eq!(planned.child("objects"), &expected.into());
}

#[test]
fn what_is_configured_comes_back_as_written() {
    let config = tree(json!({"name": "?", "namespaces": {"jobs": {"total": "?"}}}));
    let planned = overlay(&environment(), &config, &json!({"name": "other"}).into(), &NULL);
    assert_eq!(planned.child("name"), &Value::unknown(), "an output never overwrites it");
    let jobs = planned.child("namespaces").child("jobs");
    assert_eq!(jobs.child("total"), &Value::unknown());
    assert_eq!(jobs.child("headroom"), &33.into(), "a default is planned, nested too");
    assert_eq!(planned.child("tier"), &"dev".into());
    assert_eq!(planned.child("size"), &NULL, "nothing is invented");
    assert_eq!(overlay(&environment(), &NULL, &NULL, &prior()), NULL, "a destroy plans nothing");
}

#[test]
fn an_apply_fills_the_gaps_and_names_those_it_can_not() {
    let planned = plan(&with(&config(), "size", "2"), Json::Null);
    let done = |json: Json| settle(&environment(), &planned, &json.into());
    let grants = json!([grant("bob", "writers", "arn:9"), grant("ann", "readers", "arn:1")]);
    let settled = done(json!({"id": "other", "objects": {"role": "done #1"}, "grants": grants}));
    assert_eq!(settled.missing, []);
    assert_eq!(settled.value.child("id"), &"main/pay".into(), "what was promised stays");
    assert_eq!(settled.value.child("objects"), &json!({"role": "done #1"}).into());
    assert_eq!(settled.value.child("grants"), prior().child("grants"), "each element has its own outcome");

    let settled = done(json!({}));
    let missing: Vec<_> = settled.missing.iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["grants", "objects"]);
    assert!(settled.value.is_wholly_known(), "nothing unknown goes into state");

    let planned = with(&planned, "grants", NULL.clone());
    let absent = settle(&environment(), &planned, &json!({"objects": null}).into());
    assert_eq!(absent.missing, [], "a null that was given is no gap");
}

#[test]
fn elements_that_differ_only_in_what_may_be_computed_find_their_outcome() {
    let planned = with(&prior(), "grants", json!([grant("ann", "readers", "?"), grant("ann", "?", "?")]));
    let done = json!([grant("ann", "readers", "arn:1"), grant("ann", "writers", "arn:2")]);
    let settled = settle(&environment(), &planned, &json!({"grants": done}).into());
    assert_eq!((settled.value, settled.missing), (with(&planned, "grants", done), vec![]));
}

#[test]
fn after_a_failure_the_truth_wins_over_the_plan() {
    let planned = plan(&with(&config(), "size", "2"), json!({"objects": {"role": "a #1", "quota": "b #2"}}));
    let reached = Value::from(json!({"objects": {"role": "a #1"}}));
    let settled = partial(&environment(), &planned, &reached);
    assert_eq!(settled.value.child("objects"), reached.child("objects"));
    assert_eq!(settled.value.child("id"), &"main/pay".into(), "what the outcome does not speak of is as planned");
    assert!(settled.value.is_wholly_known());
}

#[test]
fn thousands_of_elements_of_a_set_are_planned_at_once() {
    let grants = |arn: fn(i32) -> Json| {
        Json::from_iter((0..3_000).map(|n| json!({"principal": format!("user-{n}"), "group": null, "arn": arn(n)})))
    };
    let known = |n: i32| json!(format!("arn:{n}"));
    let before = with(&prior(), "grants", grants(known));
    let wanted = with(&with(&config(), "grants", grants(|_| Json::Null)), "size", "2");
    let started = std::time::Instant::now();
    let planned = overlay(&environment(), &wanted, &NULL, &before);
    assert_eq!(validate(&environment(), &with(&planned, "namespaces", Json::Null)), []);
    let arns = planned.child("grants").elements().unwrap_or_default();
    assert_eq!(arns.iter().filter(|grant| !grant.child("arn").is_unknown()).count(), 3_000, "each finds its own");
    let done = with(&with(&wanted, "grants", grants(known)), "objects", json!({}));
    let settled = settle(&environment(), &planned, &done);
    assert_eq!(check_apply(&environment(), &planned, &settled.value), []);
    assert!(started.elapsed().as_secs() < 5, "a plan must not be quadratic in a set: {:?}", started.elapsed());
}

proptest! {
    /// Whatever the schema, the configuration, the prior state and the outputs are.
    #[test]
    fn a_plan_keeps_the_laws(Life { schema, prior, config, at_plan, .. } in life()) {
        prop_assert_eq!(check_schema(&schema), []);
        let planned = overlay(&schema, &config, &at_plan, &prior);
        let replaced = replacements(&schema, &prior, &planned);
        prop_assert_eq!(check_plan(&schema, &prior, &config, &planned, &replaced), []);
    }

    #[test]
    fn an_apply_keeps_the_laws(Life { schema, prior, final_config, at_plan, at_apply, .. } in life()) {
        let planned = overlay(&schema, &final_config, &forget_promises(at_plan), &prior);
        let settled = settle(&schema, &planned, &at_apply);
        prop_assert_eq!(check_apply(&schema, &planned, &settled.value), []);
        prop_assert_eq!(check_read(&schema, &partial(&schema, &planned, &at_apply).value), []);
    }

    #[test]
    fn a_plan_after_its_apply_is_empty(Life { schema, final_config, at_apply, .. } in life()) {
        let planned = overlay(&schema, &final_config, &NULL, &NULL);
        let state = settle(&schema, &planned, &at_apply).value;
        prop_assert_eq!(overlay(&schema, &final_config, &NULL, &state), state);
    }

    #[test]
    fn the_final_plan_keeps_the_first(Life { schema, prior, config, final_config, .. } in life()) {
        let config = forget_promises(config);
        let first = overlay(&schema, &config, &NULL, &prior);
        let last = overlay(&schema, &final_config, &NULL, &prior);
        prop_assert_eq!(check_final_plan(&schema, &first, &last), []);
    }
}

/// A random promise about an unknown is not kept by a random outcome; that law has a test of its own.
fn forget_promises(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::unknown(),
        Value::List(elements) => Value::List(elements.into_iter().map(forget_promises).collect()),
        Value::Set(elements) => Value::Set(elements.into_iter().map(forget_promises).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, forget_promises(value))).collect())
        }
        other => other,
    }
}
