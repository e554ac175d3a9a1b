//! What is planned, and what is in state after an apply.

use super::*;

fn prior() -> Value {
    tree([
        ("name", "pay".into()),
        ("size", "1000m".into()),
        ("tier", "dev".into()),
        ("namespaces", namespaces("4", 33)),
        (
            "grants",
            Value::set([
                grant("ann", "readers".into(), "arn:1".into()),
                grant("bob", "writers".into(), "arn:2".into()),
            ]),
        ),
        ("id", "main/pay".into()),
        ("objects", Value::map([("role", "old words #1".into()), ("quota", "pods=4 #2".into())])),
    ])
}

fn namespaces(pods: &str, headroom: i64) -> Value {
    let total = Value::map([("pods", Value::from(pods))]);
    Value::map([("api", Value::Null), ("jobs", Value::map([("total", total), ("headroom", headroom.into())]))])
}

fn grant(principal: &str, group: Value, arn: Value) -> Value {
    Value::map([("principal", principal.into()), ("group", group), ("arn", arn)])
}

/// The configuration that `prior` came from.
fn config() -> Value {
    let grants = ["bob", "ann"].map(|name| grant(name, Value::Null, Value::Null));
    tree([
        ("name", "pay".into()),
        ("size", "1000m".into()),
        ("namespaces", namespaces("4", 33)),
        ("grants", Value::set(grants)),
    ])
}

fn plan(config: &Value, computed: &Value) -> Value {
    overlay(&environment(), config, computed, &prior())
}

#[test]
fn an_output_that_is_null_is_known_and_one_that_is_absent_is_not() {
    let wider = with(&config(), "size", "2".into());
    let none = Value::map([("objects", Value::Null)]);
    assert_eq!(*plan(&wider, &none).child("objects"), Value::Null, "there will be none");
    let silent = Value::map::<String>([]);
    assert_eq!(*plan(&wider, &silent).child("objects"), Value::unknown(), "nobody said anything");
}

#[test]
fn nothing_changes_when_nothing_is_asked() {
    let later = Value::map([("objects", Value::unknown())]);
    let reworded = Value::map([("role", Value::from("new words #1")), ("quota", "pods=4 #2".into())]);
    let cases = [
        (config(), NULL.clone(), "no output: prior in place of unknown is prior"),
        (config(), later, "an unknown output too"),
        (config(), Value::map([("objects", reworded)]), "new wording of equal lines keeps the old"),
        (with(&config(), "size", "1".into()), NULL.clone(), "another spelling of the same quantity"),
        (with(&config(), "namespaces", namespaces("4000m", 33)), NULL.clone(), "the same inside a nested map"),
        (with(&config(), "token", "secret".into()), NULL.clone(), "a write-only value is not seen"),
    ];
    for (config, computed, reason) in cases {
        assert_eq!(plan(&config, &computed), prior(), "{reason}");
    }
}

#[test]
fn a_change_leaves_open_what_it_may_change() {
    let planned = plan(&with(&config(), "size", "2".into()), &NULL);
    assert_eq!(planned.child("size"), &"2".into());
    assert_eq!(planned.child("id"), &"main/pay".into(), "a stable output stays");
    assert_eq!(planned.child("objects"), &Value::unknown(), "another is known after apply");
    let grants = ["ann", "bob"].map(|name| {
        let arn = if name == "ann" { "arn:1" } else { "arn:2" };
        grant(name, Value::unknown(), arn.into())
    });
    assert_eq!(planned.child("grants"), &Value::set(grants), "elements of a set keep their own stable outputs");
}

#[test]
fn an_output_is_planned_line_by_line() {
    let lines = Value::map([
        ("role", Value::from("new words #1")),
        ("quota", "pods=9 #3".into()),
        ("policy", Value::unknown()),
    ]);
    let planned = plan(&with(&config(), "namespaces", namespaces("9", 33)), &Value::map([("objects", lines)]));
    let expected = Value::map([
        ("role", Value::from("old words #1")),
        ("quota", "pods=9 #3".into()),
        ("policy", Value::unknown()),
    ]);
    assert_eq!(planned.child("objects"), &expected);
}

#[test]
fn what_is_configured_comes_back_as_written() {
    let config = tree([
        ("name", Value::unknown()),
        ("namespaces", Value::map([("jobs", Value::map([("total", Value::unknown()), ("headroom", Value::Null)]))])),
    ]);
    let planned = overlay(&environment(), &config, &Value::map([("name", Value::from("other"))]), &NULL);
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
    let planned = plan(&with(&config(), "size", "2".into()), &NULL);
    let lines = Value::map([("role", Value::from("done #1"))]);
    let grants = Value::List(vec![
        grant("bob", "writers".into(), "arn:9".into()),
        grant("ann", "readers".into(), "arn:1".into()),
    ]);
    let done = Value::map([("id", Value::from("other")), ("objects", lines.clone()), ("grants", grants)]);
    let settled = settle(&environment(), &planned, &done);
    assert_eq!(settled.missing, []);
    assert_eq!(settled.value.child("id"), &"main/pay".into(), "what was promised stays");
    assert_eq!(settled.value.child("objects"), &lines);
    assert_eq!(settled.value.child("grants"), prior().child("grants"), "each element has its own outcome");

    let settled = settle(&environment(), &planned, &null_map());
    let missing: Vec<_> = settled.missing.iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["grants", "grants", "objects"]);
    assert!(settled.value.is_wholly_known(), "nothing unknown goes into state");

    let absent =
        settle(&environment(), &with(&planned, "grants", NULL.clone()), &Value::map([("objects", NULL.clone())]));
    assert_eq!(absent.missing, [], "null that was given is an answer");
}

#[test]
fn elements_that_differ_only_in_what_may_be_computed_find_their_outcome() {
    let grants = |arn: [Value; 2]| {
        let [first, second] = arn;
        let groups = ["readers".into(), if second.is_unknown() { Value::unknown() } else { "writers".into() }];
        let [readers, writers] = groups;
        Value::set([grant("ann", readers, first), grant("ann", writers, second)])
    };
    let planned = with(&prior(), "grants", grants([Value::unknown(), Value::unknown()]));
    let done = grants(["arn:1".into(), "arn:2".into()]);
    let settled = settle(&environment(), &planned, &Value::map([("grants", done.clone())]));
    assert_eq!((settled.value.child("grants"), settled.missing), (&done, vec![]));
}

#[test]
fn after_a_failure_the_truth_wins_over_the_plan() {
    let promised = Value::map([("role", Value::from("a #1")), ("quota", "b #2".into())]);
    let config = with(&config(), "size", "2".into());
    let planned = plan(&config, &Value::map([("objects", promised)]));
    let reached = Value::map([("objects", Value::map([("role", Value::from("a #1"))]))]);
    let settled = partial(&environment(), &planned, &reached);
    assert_eq!(settled.value.child("objects"), reached.child("objects"));
    assert_eq!(settled.value.child("id"), &"main/pay".into(), "what the outcome does not speak of is as planned");
    assert!(settled.value.is_wholly_known());
}

#[test]
fn a_thousand_elements_of_a_set_are_planned_at_once() {
    let grants = |arn: bool| {
        let arn = |n: i32| {
            if arn { Value::from(format!("arn:{n}")) } else { Value::Null }
        };
        Value::set((0..3_000).map(|n| grant(&format!("user-{n}"), Value::Null, arn(n))))
    };
    let before = with(&prior(), "grants", grants(true));
    let wanted = with(&with(&config(), "grants", grants(false)), "size", "2".into());
    let started = std::time::Instant::now();
    let planned = overlay(&environment(), &wanted, &NULL, &before);
    assert_eq!(validate(&environment(), &planned), []);
    let arns =
        planned.child("grants").elements().unwrap_or_default().iter().filter(|grant| !grant.child("arn").is_unknown());
    assert_eq!(arns.count(), 3_000, "each finds its own prior element");
    let settled = settle(&environment(), &planned, &with(&wanted, "grants", grants(true)));
    assert!(
        crate::laws::check_apply(&environment(), &planned, &with(&settled.value, "objects", null_map())).is_empty()
    );
    assert!(started.elapsed().as_secs() < 5, "a plan must not be quadratic in a set: {:?}", started.elapsed());
}

proptest! {
    /// Whatever the schema, the configuration, the prior state and the outputs are.
    #[test]
    fn a_plan_never_breaks_the_law(Life { schema, prior, config, at_plan, .. } in life()) {
        prop_assert_eq!(crate::laws::check_schema(&schema), []);
        let planned = overlay(&schema, &config, &at_plan, &prior);
        let replaced = replacements(&schema, &prior, &planned);
        prop_assert_eq!(crate::laws::check_plan(&schema, &prior, &config, &planned, &replaced), []);
    }

    #[test]
    fn an_apply_never_breaks_the_law(Life { schema, prior, final_config, at_plan, at_apply, .. } in life()) {
        let planned = overlay(&schema, &final_config, &forget_promises(at_plan), &prior);
        let settled = settle(&schema, &planned, &at_apply);
        prop_assert_eq!(crate::laws::check_apply(&schema, &planned, &settled.value), []);
        prop_assert_eq!(crate::laws::check_read(&schema, &partial(&schema, &planned, &at_apply).value), []);
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
        prop_assert_eq!(crate::laws::check_final_plan(&schema, &first, &last), []);
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
