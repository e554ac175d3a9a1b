//! "Provider produced inconsistent result after apply".

use super::*;

#[test]
fn the_law_of_results() {
    let unknown = Value::unknown;
    let promised = |refinement| Value::Unknown(refinement);
    // Attribute, planned, new, the breach (law, path), the reason; the second value of a case is not used here.
    let cases: Vec<Case> = vec![
        ("id", unknown(), NULL.clone(), "x".into(), None, "an unknown becomes known"),
        ("id", unknown(), NULL.clone(), NULL.clone(), None, "or null"),
        (
            "id",
            promised(Refinement::not_null()),
            NULL.clone(),
            NULL.clone(),
            Some(("refinement_holds", "id")),
            "but not if the plan said so",
        ),
        (
            "id",
            promised(Refinement::prefix("arn:")),
            NULL.clone(),
            "x".into(),
            Some(("refinement_holds", "id")),
            "nor without its prefix",
        ),
        ("id", "x".into(), NULL.clone(), "y".into(), Some(("known_stays", "id")), "another value than was planned"),
        ("note", NULL.clone(), NULL.clone(), "".into(), Some(("null_stays", "note")), "the classic: null became empty"),
        ("note", "x".into(), NULL.clone(), NULL.clone(), Some(("known_stays", "note")), "the other way"),
        ("token", NULL.clone(), NULL.clone(), "s".into(), Some(("write_only_is_null", "token")), "a secret in state"),
        (
            "parts",
            parts([("a", part(1, unknown()))]),
            NULL.clone(),
            parts([("a", part(1, "x".into())), ("b", part(1, "x".into()))]),
            Some(("elements_are_kept", r#"parts["b"]"#)),
            "an element appears",
        ),
        ("tags", Value::set(["a".into(), unknown()]), NULL.clone(), set(&["b", "a"]), None, "an unknown element"),
        ("tags", Value::set(["a".into(), unknown()]), NULL.clone(), set(&["a"]), None, "may equal another"),
        (
            "tags",
            Value::set(["a".into(), unknown()]),
            NULL.clone(),
            set(&["b"]),
            Some(("set_keeps_elements", "tags")),
            "a known one stays",
        ),
        ("tags", set(&["a"]), NULL.clone(), set(&["a", "b"]), Some(("set_never_grows", "tags")), "nothing is added"),
        (
            "items",
            Value::set([part(1, unknown()), part(2, unknown())]),
            NULL.clone(),
            Value::set([part(2, "y".into()), part(1, "x".into())]),
            None,
            "objects are found by what is known of them",
        ),
        (
            "items",
            Value::set([part(1, unknown())]),
            NULL.clone(),
            Value::set([part(3, "x".into())]),
            Some(("set_keeps_elements", "items")),
            "another object",
        ),
    ];
    for (name, planned, _, new, breach, reason) in cases {
        // Write-only values are wrong in state and, being unplanned, in the comparison too: the first is the law's name.
        let found = check_apply(&schema(), &tree([(name, planned)]), &tree([(name, new)]));
        let first = laws(&found).into_iter().next();
        assert_eq!(first, breach.map(|(law, path)| (law, path.to_owned())), "{name}: {reason}");
    }
}
