//! "Provider produced invalid plan".

use super::*;

#[test]
fn the_law_of_plans() {
    let unknown = Value::unknown;
    // Attribute, prior, configured, planned, the breach (law, path), the reason.
    let cases: Vec<Case> = vec![
        ("name", "a".into(), "b".into(), "b".into(), None, "as configured"),
        ("name", "a".into(), "b".into(), "a".into(), None, "as before: no change of meaning"),
        ("name", "a".into(), "b".into(), "c".into(), Some(("configured_is_kept", "name")), "neither"),
        ("name", "a".into(), "b".into(), unknown(), Some(("configured_is_kept", "name")), "forgotten"),
        (
            "name",
            "a".into(),
            unknown(),
            "a".into(),
            Some(("unknown_stays", "name")),
            "core lets this pass, but the final plan could not keep it",
        ),
        ("name", "a".into(), unknown(), "c".into(), Some(("unknown_stays", "name")), "a guess"),
        ("note", "a".into(), NULL.clone(), NULL.clone(), None, "taken away"),
        ("note", "a".into(), NULL.clone(), "a".into(), Some(("absent_is_null", "note")), "kept against the will"),
        (
            "note",
            NULL.clone(),
            "a".into(),
            NULL.clone(),
            Some(("configured_is_kept", "note")),
            "null is no prior value",
        ),
        ("zone", NULL.clone(), NULL.clone(), unknown(), None, "not configured, so ours"),
        ("zone", "a".into(), "b".into(), unknown(), Some(("configured_is_kept", "zone")), "configured, so not ours"),
        ("id", NULL.clone(), NULL.clone(), "x".into(), None, "ours"),
        ("token", NULL.clone(), "s".into(), "s".into(), Some(("write_only_is_null", "token")), "a secret in a plan"),
        ("token", NULL.clone(), "s".into(), NULL.clone(), None, "no secret"),
        (
            "parts",
            NULL.clone(),
            parts([("a", part(1, NULL.clone()))]),
            parts([("a", part(1, unknown()))]),
            None,
            "the part that is ours",
        ),
        (
            "parts",
            NULL.clone(),
            parts([("a", part(1, NULL.clone()))]),
            parts([("a", part(2, unknown()))]),
            Some(("configured_is_kept", r#"parts["a"].size"#)),
            "the part that is not",
        ),
        (
            "parts",
            NULL.clone(),
            parts([("a", part(1, NULL.clone()))]),
            parts([]),
            Some(("elements_are_kept", "parts")),
            "an element is lost",
        ),
        (
            "items",
            NULL.clone(),
            Value::set([part(1, NULL.clone())]),
            Value::set([part(1, unknown()), part(2, unknown())]),
            Some(("elements_are_kept", "items")),
            "an element is invented",
        ),
    ];
    for (name, prior, config, planned, breach, reason) in cases {
        let found =
            check_plan(&schema(), &tree([(name, prior)]), &tree([(name, config)]), &tree([(name, planned)]), &[]);
        let expected: Vec<_> = breach.into_iter().map(|(law, path)| (law, path.to_owned())).collect();
        assert_eq!(laws(&found), expected, "{name}: {reason}");
    }
}

#[test]
fn a_plan_is_of_its_type_and_of_its_kind() {
    let (empty, stray) = (tree([]), Value::map([("name", NULL.clone())]));
    let cases = [
        (check_plan(&schema(), &NULL, &empty, &stray, &[]), "planned_fits", "attributes are missing"),
        (check_plan(&schema(), &NULL, &empty, &NULL, &[]), "planned_as_configured", "nothing is planned"),
        (check_plan(&schema(), &empty, &NULL, &empty, &[]), "planned_as_configured", "a destroy plans nothing"),
        (
            check_plan(&schema(), &empty, &empty, &empty, &[Path::attribute("nmae")]),
            "replaced_path_exists",
            "a replacement of nothing",
        ),
    ];
    for (found, law, reason) in cases {
        assert_eq!(found.iter().map(|breach| breach.law).collect::<Vec<_>>(), [law], "{reason}");
    }
    assert_eq!(check_plan(&schema(), &empty, &NULL, &NULL, &[]), [], "a destroy");
}
