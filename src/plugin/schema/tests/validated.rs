//! What is said about a configuration.

use super::*;

fn told(schema: &Schema, tree: &Value) -> Vec<String> {
    validate(schema, &with_defaults(schema, tree)).into_iter().map(|diagnostic| diagnostic.summary).collect()
}

#[test]
fn every_fault_is_told_at_its_place_even_beside_an_unknown() {
    let total = |pods: &str| Value::map([("pods", Value::from(pods))]);
    let quota = |headroom: i64| Value::map([("total", total("4")), ("headroom", headroom.into())]);
    let config = tree([
        ("name", "much-too-long".into()),
        ("size", Value::unknown()),
        ("tier", "gold".into()),
        ("namespaces", Value::map([("api", quota(140)), ("jobs", quota(20)), ("later", Value::unknown())])),
        ("grants", Value::set([Value::map([("principal", NULL.clone())])])),
        ("timeouts", Value::map([("create", Value::from("soon"))])),
    ]);
    assert_eq!(
        told(&environment(), &config),
        [
            "name: it has 13 characters, 1 to 8 are allowed",
            r#"tier: "gold" is not one of dev, prod"#,
            r#"namespaces["api"].headroom: 140 is not between 0 and 100"#,
            "grants: a value is required",
            r#"timeouts.create: "soon" is not a duration; write it as 90s, 10m or 1h30m"#,
        ]
    );
}

#[test]
fn attributes_that_belong_together_are_judged_together() {
    let flags = || ["a", "b", "c"].map(|name| optional(name, Type::String));
    let cases: Vec<(Schema, [Value; 3], &[&str], &str)> = vec![
        (
            Schema::new(flags()).at_least_one_of(&["a", "b"]),
            [NULL.clone(), NULL.clone(), "x".into()],
            &["at least one of a, b must be set"],
            "none is set",
        ),
        (
            Schema::new(flags()).at_least_one_of(&["a", "b"]),
            [NULL.clone(), Value::unknown(), NULL.clone()],
            &[],
            "one may still be set",
        ),
        (
            Schema::new(flags()).conflicts(&["a", "b"]),
            ["x".into(), "y".into(), NULL.clone()],
            &["a: can't be set together with b"],
            "both are set",
        ),
        (
            Schema::new(flags()).conflicts(&["a", "b"]),
            ["x".into(), Value::unknown(), NULL.clone()],
            &[],
            "one may still be null",
        ),
        (
            Schema::new(flags()).also_requires("a", &["b", "c"]),
            ["x".into(), "y".into(), NULL.clone()],
            &["a: c must be set as well"],
            "one of those that it needs is not set",
        ),
        (
            Schema::new(flags()).exactly_one_of(&["a", "b"]),
            [NULL.clone(), "x".into(), NULL.clone()],
            &[],
            "exactly one is",
        ),
    ];
    for (schema, [a, b, c], expected, reason) in cases {
        assert_eq!(told(&schema, &Value::map([("a", a), ("b", b), ("c", c)])), expected, "{reason}");
    }
}

#[test]
fn a_rule_over_types_of_rust_is_told_where_the_type_fails() {
    fn ordered(bounds: &(i64, i64)) -> Result<(), String> {
        if bounds.0 <= bounds.1 { Ok(()) } else { Err(format!("{} is above {}", bounds.0, bounds.1)) }
    }
    let schema = Schema::new([optional("bounds", Type::list(Type::String)).parses::<Vec<std::net::IpAddr>>()]);
    let addresses = Value::List(vec!["10.0.0.1".into(), "ten".into()]);
    let found = told(&schema, &Value::map([("bounds", addresses)]));
    assert_eq!(found, ["bounds[1]: invalid IP address syntax"]);

    let schema = Schema::new([optional("bounds", Type::list(Type::Number)).check(ordered)]);
    let pair = |low: Value, high: Value| Value::map([("bounds", Value::List(vec![low, high]))]);
    assert_eq!(told(&schema, &pair(3.into(), 2.into())), ["bounds: 3 is above 2"]);
    assert_eq!(told(&schema, &pair(3.into(), Value::unknown())), [] as [&str; 0], "undecided");
}

#[test]
fn what_is_secret_is_not_repeated() {
    let inner = object([optional("token", Type::String).sensitive().one_of(&["right"])]);
    let schema = Schema::new([optional("password", Type::String).sensitive().length(9, 99), optional("login", inner)]);
    let login = Value::map([("token", Value::from("hunter2"))]);
    let config = Value::map([("password", Value::from("hunter2")), ("login", login)]);
    let hidden = "the value is not valid (it is sensitive, so it is not shown)";
    assert_eq!(told(&schema, &config), [format!("password: {hidden}"), format!("login.token: {hidden}")]);
}

#[test]
fn elements_that_a_default_makes_equal_are_told() {
    let schema = Schema::new([optional(
        "ports",
        set_of(object([required("port", Type::Number), optional("protocol", Type::String).default("TCP")])),
    )]);
    let port = |protocol: Value| Value::map([("port", Value::from(80)), ("protocol", protocol)]);
    let twice = Value::map([("ports", Value::set([port("TCP".into()), port(NULL.clone())]))]);
    let expected = "ports: two elements are equal once their defaults are filled in; remove one of them";
    assert_eq!(told(&schema, &twice), [expected]);
    let other = Value::map([("ports", Value::set([port("UDP".into()), port(NULL.clone())]))]);
    assert_eq!(told(&schema, &other), [] as [&str; 0]);
}
