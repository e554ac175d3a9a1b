//! "Provider produced invalid plan".

use super::*;

#[test]
fn the_law_of_plans() {
    let null = || Json::Null;
    let part = |size: i32, arn: Json| json!({"size": size, "arn": arn});
    // Attribute, prior, configured, planned, the law and the path, the reason.
    let cases: [(_, Json, Json, Json, _, _); 18] = [
        ("name", json!("a"), json!("b"), json!("b"), None, "as configured"),
        ("name", json!("a"), json!("b"), json!("a"), None, "as before: no change of meaning"),
        ("name", json!("a"), json!("b"), json!("c"), Some(("configured_is_kept", "name")), "neither"),
        ("name", json!("a"), json!("b"), json!("?"), Some(("configured_is_kept", "name")), "forgotten"),
        // Core lets this pass, but the final plan could not keep it.
        ("name", json!("a"), json!("?"), json!("a"), Some(("unknown_stays", "name")), "as before"),
        ("name", json!("a"), json!("?"), json!("c"), Some(("unknown_stays", "name")), "a guess"),
        ("note", json!("a"), null(), null(), None, "taken away"),
        ("note", json!("a"), null(), json!("a"), Some(("absent_is_null", "note")), "kept against the will"),
        ("note", null(), json!("a"), null(), Some(("configured_is_kept", "note")), "null is no prior value"),
        ("zone", null(), null(), json!("?"), None, "not configured, so ours"),
        ("zone", json!("a"), json!("b"), json!("?"), Some(("configured_is_kept", "zone")), "configured, so not ours"),
        ("id", null(), null(), json!("x"), None, "ours"),
        ("token", null(), json!("s"), json!("s"), Some(("write_only_is_null", "token")), "a secret in a plan"),
        ("token", null(), json!("s"), null(), None, "no secret"),
        (
            "parts",
            null(),
            json!({"a": part(1, null())}),
            json!({"a": part(1, json!("?"))}),
            None,
            "the part that is ours",
        ),
        (
            "parts",
            null(),
            json!({"a": part(1, null())}),
            json!({"a": part(2, json!("?"))}),
            Some(("configured_is_kept", r#"parts["a"].size"#)),
            "the part that is not",
        ),
        (
            "parts",
            null(),
            json!({"a": part(1, null())}),
            json!({}),
            Some(("elements_are_kept", "parts")),
            "one is lost",
        ),
        (
            "items",
            null(),
            json!([part(1, null())]),
            json!([part(1, json!("?")), part(2, json!("?"))]),
            Some(("elements_are_kept", "items")),
            "an element is invented",
        ),
    ];
    for (name, prior, config, planned, violation, reason) in cases {
        let [prior, config, planned] = [prior, config, planned].map(|value| with(name, value));
        let found = check_plan(&schema(), &prior, &config, &planned, &[]);
        let expected: Vec<_> = violation.into_iter().map(|(law, path)| (law, path.to_owned())).collect();
        assert_eq!(laws(&found), expected, "{name}: {reason}");
    }
}

#[test]
fn a_plan_is_of_its_type_and_there_when_it_is_configured() {
    let (empty, stray) = (tree(json!({})), Value::from(json!({"name": null})));
    let misspelt = [Path::attribute("nmae")];
    let cases = [
        (check_plan(&schema(), &NULL, &empty, &stray, &[]), "planned_fits", "attributes are missing"),
        (check_plan(&schema(), &NULL, &empty, &NULL, &[]), "planned_as_configured", "nothing is planned"),
        (check_plan(&schema(), &empty, &NULL, &empty, &[]), "planned_as_configured", "a destroy plans nothing"),
        (check_plan(&schema(), &empty, &empty, &empty, &misspelt), "replaced_path_exists", "a replacement of nothing"),
    ];
    for (found, law, reason) in cases {
        assert_eq!(found.iter().map(|violation| violation.law).collect::<Vec<_>>(), [law], "{reason}");
    }
    assert_eq!(check_plan(&schema(), &empty, &NULL, &NULL, &[]), [], "a destroy");
}
