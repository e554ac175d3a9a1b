//! "Provider produced inconsistent result after apply".

use super::*;

#[test]
fn the_law_of_results() {
    let promised = |refinement| Value::Unknown(refinement);
    let v = |json: Json| Value::from(json);
    let part = |size: i32, arn: &str| json!({"size": size, "arn": arn});
    // Attribute, planned, new, the law and the path, the reason.
    let cases: [(_, Value, Value, _, _); 15] = [
        ("id", v(json!("?")), v(json!("x")), None, "an unknown becomes known"),
        ("id", v(json!("?")), Value::Null, None, "or null"),
        (
            "id",
            promised(Refinement::not_null()),
            Value::Null,
            Some(("refinement_holds", "id")),
            "not if the plan said so",
        ),
        (
            "id",
            promised(Refinement::prefix("arn:")),
            "x".into(),
            Some(("refinement_holds", "id")),
            "nor without its prefix",
        ),
        ("id", "x".into(), "y".into(), Some(("known_stays", "id")), "another value than was planned"),
        ("note", Value::Null, "".into(), Some(("null_stays", "note")), "the classic: null became empty"),
        ("note", "x".into(), Value::Null, Some(("known_stays", "note")), "the other way"),
        ("token", Value::Null, "s".into(), Some(("write_only_is_null", "token")), "a secret in state"),
        (
            "parts",
            v(json!({"a": part(1, "?")})),
            v(json!({"a": part(1, "x"), "b": part(1, "x")})),
            Some(("elements_are_kept", r#"parts["b"]"#)),
            "an element appears",
        ),
        ("tags", v(json!(["a", "?"])), v(json!(["b", "a"])), None, "an unknown element"),
        ("tags", v(json!(["a", "?"])), v(json!(["a"])), None, "may equal another"),
        ("tags", v(json!(["a", "?"])), v(json!(["b"])), Some(("set_keeps_elements", "tags")), "a known one stays"),
        ("tags", v(json!(["a"])), v(json!(["a", "b"])), Some(("set_never_grows", "tags")), "nothing is added"),
        (
            "items",
            v(json!([part(1, "?"), part(2, "?")])),
            v(json!([part(2, "y"), part(1, "x")])),
            None,
            "objects are found by what is known of them",
        ),
        ("items", v(json!([part(1, "?")])), v(json!([part(3, "x")])), Some(("set_keeps_elements", "items")), "another"),
    ];
    for (name, planned, new, violation, reason) in cases {
        // Write-only values are wrong in state and, being unplanned, in the comparison too: the first is the law's name.
        let found = check_apply(&schema(), &with(name, planned), &with(name, new));
        let first = laws(&found).into_iter().next();
        assert_eq!(first, violation.map(|(law, path)| (law, path.to_owned())), "{name}: {reason}");
    }
}
