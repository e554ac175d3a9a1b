//! What is reported about a configuration.

use super::*;

fn reported(schema: &Schema, tree: &Value) -> Vec<String> {
    let found = validate(schema, tree).into_iter();
    found.inspect(|found| assert_eq!(found.form_violation(), None)).map(|diagnostic| diagnostic.summary).collect()
}

#[test]
fn every_error_is_reported_at_its_place_even_beside_an_unknown() {
    let quota = |headroom: i64| json!({"total": {"pods": "4"}, "headroom": headroom});
    let config = tree(json!({
        "name": "much-too-long",
        "size": "?",
        "tier": "gold",
        "namespaces": {"api": quota(140), "jobs": quota(20), "later": "?"},
        "grants": [{"principal": null}],
        "timeouts": {"create": "soon"},
    }));
    assert_eq!(
        reported(&environment(), &config),
        [
            "name: must have 1 to 8 characters, not 13",
            r#"tier: "gold" is not one of dev, prod"#,
            r#"namespaces["api"].headroom: 140 is not between 0 and 100"#,
            "grants: a value is required",
            r#"timeouts.create: "soon" is not a duration; write it as 90s, 10m or 1h30m"#,
        ]
    );
}

#[test]
fn attributes_that_belong_together_are_judged_together() {
    let flags = || Schema::new(["a", "b", "c"].map(|name| optional(name, Type::String)));
    let cases: [(Schema, Json, &[&str], &str); 6] = [
        (flags().at_least_one_of(&["a", "b"]), json!({"c": "x"}), &["At least one of a, b must be set"], "none is set"),
        (flags().at_least_one_of(&["a", "b"]), json!({"b": "?"}), &[], "one may still be set"),
        (
            flags().conflicts(&["a", "b"]),
            json!({"a": "x", "b": "y"}),
            &["a: can't be set together with b: keep one of them"],
            "both are set",
        ),
        (flags().conflicts(&["a", "b"]), json!({"a": "x", "b": "?"}), &[], "one may still be null"),
        (
            flags().also_requires("a", &["b", "c"]),
            json!({"a": "x", "b": "y"}),
            &["a: requires c to be set"],
            "one of those that it needs is not set",
        ),
        (flags().exactly_one_of(&["a", "b"]), json!({"b": "x"}), &[], "exactly one is"),
    ];
    for (schema, config, expected, reason) in cases {
        let config = conform(config.into(), &schema.ty()).expect(reason);
        assert_eq!(reported(&schema, &config), expected, "{reason}");
    }
}

#[test]
fn a_rule_over_types_of_rust_is_reported_where_the_type_fails() {
    fn ordered(bounds: &(i64, i64)) -> Result<(), String> {
        if bounds.0 <= bounds.1 { Ok(()) } else { Err(format!("{} is above {}", bounds.0, bounds.1)) }
    }
    let schema = Schema::new([optional("bounds", Type::list(Type::String)).parses::<Vec<std::net::IpAddr>>()]);
    let found = reported(&schema, &json!({"bounds": ["10.0.0.1", "ten"]}).into());
    assert_eq!(found, ["bounds[1]: invalid IP address syntax"]);

    let schema = Schema::new([optional("bounds", Type::list(Type::Number)).check(ordered)]);
    assert_eq!(reported(&schema, &json!({"bounds": [3, 2]}).into()), ["bounds: 3 is above 2"]);
    assert_eq!(reported(&schema, &json!({"bounds": [3, "?"]}).into()), [] as [&str; 0], "undecided");
}

#[test]
fn what_is_secret_is_not_repeated() {
    let inner = object([optional("token", Type::String).sensitive().one_of(&["right"])]);
    let schema = Schema::new([optional("password", Type::String).sensitive().length(9, 99), optional("login", inner)]);
    let config = json!({"password": "hunter2", "login": {"token": "hunter2"}});
    let hidden = "invalid value (not shown because it is sensitive)";
    assert_eq!(reported(&schema, &config.into()), [format!("password: {hidden}"), format!("login.token: {hidden}")]);
}

#[test]
fn an_object_with_nothing_set_is_an_error_that_lists_its_names() {
    let inner = || {
        object([
            optional("enforce", Type::String),
            optional("version", Type::String).default("1"),
            refusal("Mode", Type::String, "leave it out"),
        ])
    };
    let schema = Schema::new([
        optional("level", inner()),
        optional("target", inner()).may_be_empty(),
        optional("spaces", map_of(object([optional("level", inner())]))),
        optional("owner", object([required("contact", Type::String), optional("docs", Type::String)])),
    ]);
    let nothing = |place: &str| format!("{place}: nothing is set in this object; set an attribute, or leave it out");
    for (config, expected, reason) in [
        (json!({"level": {}}), vec![nothing("level")], "a default does not count"),
        (json!({"level": {"enforce": "?"}}), vec![], "what is unknown may be set"),
        (json!({"level": "?"}), vec![], "so may all of it"),
        (json!({"target": {}}), vec![], "where nothing is a choice"),
        (json!({"spaces": {"a": {}}}), vec![], "an element of a map says enough by its key"),
        (json!({"spaces": {"a": {"level": {}}}}), vec![nothing("spaces[\"a\"].level")], "an object inside of one"),
        (json!({"owner": {}}), vec!["owner.contact: a value is required".to_owned()], "what is required is asked for"),
    ] {
        let config = conform(config.into(), &schema.ty()).expect(reason);
        assert_eq!(reported(&schema, &config), expected, "{reason}");
    }
    let config = conform(json!({"level": {}}).into(), &schema.ty()).expect("an object");
    assert!(
        validate(&schema, &config)[0].detail.contains("Known here: enforce, version. Set one"),
        "without what is refused"
    );
}

#[test]
fn a_refused_word_says_what_to_write() {
    let statement =
        object([optional("actions", Type::set(Type::String)), refusal("Action", Type::String, "write `actions`")]);
    let schema = Schema::new([optional("statements", list_of(statement))]);
    let element = |word: Value| Value::map([("actions", Value::Null), ("Action", word)]);
    let config = |word: Value| Value::map([("statements", Value::List(vec![element(word)]))]);
    let refusal = "statements[0].Action: not accepted; write `actions`";
    for (word, expected, reason) in [
        (Value::Null, &[][..], "not written"),
        (Value::unknown(), &[], "it may turn out to be null"),
        ("s3:*".into(), &[refusal], "written"),
    ] {
        assert_eq!(reported(&schema, &config(word)), expected, "{reason}");
    }
    let inputs = inputs(&schema, &config(Value::Null));
    assert_eq!(inputs.child("statements").elements().expect("a list")[0].child("Action"), &Value::Null);
    assert!(!format!("{inputs:?}").contains("Action"), "no spec has the word: {inputs:?}");
}

#[test]
fn elements_that_a_default_makes_equal_are_reported() {
    let port = object([required("port", Type::Number), optional("protocol", Type::String).default("TCP")]);
    let schema = Schema::new([optional("ports", set_of(port))]);
    let ports = |protocol: &str| {
        let ports = json!({"ports": [{"port": 80, "protocol": protocol}, {"port": 80, "protocol": null}]});
        reported(&schema, &conform(ports.into(), &schema.ty()).expect("ports"))
    };
    assert_eq!(ports("TCP"), ["ports: two elements are equal once their defaults are filled in"]);
    assert_eq!(ports("UDP"), [] as [&str; 0]);
}

#[test]
fn a_null_element_is_reported_at_its_place() {
    let schema = Schema::new([
        optional("tags", Type::map(Type::String)),
        optional("conditions", Type::map(Type::map(Type::list(Type::String)))),
        optional("names", Type::set(Type::String)),
        optional("spaces", map_of(object([optional("size", Type::Number)]))),
    ]);
    let null = |place: &str| format!("{place}: an element is null; set it to a value, or leave it out");
    for (config, expected, reason) in [
        (json!({"tags": {"a": null, "b": "c"}}), null(r#"tags["a"]"#), "of a map"),
        (json!({"conditions": {"a": {"b": ["c", null]}}}), null(r#"conditions["a"]["b"][1]"#), "of a list in a map"),
        (json!({"names": ["a", null]}), null("names"), "of a set, which has no places"),
        (json!({"spaces": {"a": null}}), null(r#"spaces["a"]"#), "an object"),
    ] {
        let config = conform(config.into(), &schema.ty()).expect(reason);
        assert_eq!(reported(&schema, &config), [expected], "{reason}");
    }
}

#[test]
fn whole_numbers_are_whole() {
    let number = || optional("count", Type::Number).between(0, 400);
    let schema = Schema::new([number(), Attribute { name: "ports", kind: Type::set(Type::Number).into(), ..number() }]);
    for (config, expected, reason) in [
        (json!({"count": 1.5}), vec!["count: 1.5 is not a whole number; write one from 0 to 400"], "a fraction"),
        (json!({"count": -1}), vec!["count: -1 is not between 0 and 400"], "below"),
        (json!({"ports": [80, 70000]}), vec!["ports: 70000 is not between 0 and 400"], "an element"),
        (json!({"ports": [80, 400], "count": 400}), vec![], "at the bound"),
    ] {
        let config = conform(config.into(), &schema.ty()).expect(reason);
        assert_eq!(reported(&schema, &config), expected, "{reason}");
    }
}
