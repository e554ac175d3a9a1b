//! Each law is broken once; that our own passes break none is shown beside them.

use super::*;
use crate::{
    path::Step,
    schema::{Schema, computed, map_of, object, optional, optional_computed, required, set_of},
    value::{NULL, Refinement, Type, Value, codec::conform},
};

fn schema() -> Schema {
    let part = object([required("size", Type::Number), computed("arn", Type::String)]);
    Schema::new([
        required("name", Type::String),
        optional("note", Type::String),
        optional_computed("zone", Type::String),
        optional("tags", Type::set(Type::String)),
        optional("parts", map_of(part.clone())),
        optional("items", set_of(part)),
        optional("token", Type::String).write_only(),
        computed("id", Type::String),
    ])
}

fn tree<const N: usize>(entries: [(&str, Value); N]) -> Value {
    conform(Value::map(entries), &schema().ty()).unwrap()
}

fn laws(breaches: &[Breach]) -> Vec<(&str, String)> {
    breaches
        .iter()
        .map(|breach| (breach.law, breach.path.to_string()))
        .collect()
}

fn part(size: i64, arn: Value) -> Value {
    Value::map([("size", size.into()), ("arn", arn)])
}

fn parts<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(entries)
}

fn set(elements: &[&str]) -> Value {
    Value::set(elements.iter().map(|text| Value::from(*text)))
}

type Case = (
    &'static str,
    Value,
    Value,
    Value,
    Option<(&'static str, &'static str)>,
    &'static str,
);

#[test]
fn the_law_of_plans() {
    let unknown = Value::unknown;
    // Attribute, prior, configured, planned, the breach (law, path), the reason.
    let cases: Vec<Case> = vec![
        ("name", "a".into(), "b".into(), "b".into(), None, "as configured"),
        (
            "name",
            "a".into(),
            "b".into(),
            "a".into(),
            None,
            "as before: no change of meaning",
        ),
        (
            "name",
            "a".into(),
            "b".into(),
            "c".into(),
            Some(("configured_is_kept", "name")),
            "neither",
        ),
        (
            "name",
            "a".into(),
            "b".into(),
            unknown(),
            Some(("configured_is_kept", "name")),
            "forgotten",
        ),
        (
            "name",
            "a".into(),
            unknown(),
            "a".into(),
            None,
            "core lets prior stand for an unknown",
        ),
        (
            "name",
            "a".into(),
            unknown(),
            "c".into(),
            Some(("unknown_stays", "name")),
            "a guess",
        ),
        ("note", "a".into(), NULL.clone(), NULL.clone(), None, "taken away"),
        (
            "note",
            "a".into(),
            NULL.clone(),
            "a".into(),
            Some(("absent_is_null", "note")),
            "kept against the will",
        ),
        (
            "note",
            NULL.clone(),
            "a".into(),
            NULL.clone(),
            Some(("configured_is_kept", "note")),
            "null is no prior value",
        ),
        (
            "zone",
            NULL.clone(),
            NULL.clone(),
            unknown(),
            None,
            "not configured, so ours",
        ),
        (
            "zone",
            "a".into(),
            "b".into(),
            unknown(),
            Some(("configured_is_kept", "zone")),
            "configured, so not ours",
        ),
        ("id", NULL.clone(), NULL.clone(), "x".into(), None, "ours"),
        (
            "token",
            NULL.clone(),
            "s".into(),
            "s".into(),
            Some(("write_only_is_null", "token")),
            "a secret in a plan",
        ),
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
        let found = check_plan(
            &schema(),
            &tree([(name, prior)]),
            &tree([(name, config)]),
            &tree([(name, planned)]),
            &[],
        );
        let expected: Vec<_> = breach.into_iter().map(|(law, path)| (law, path.to_owned())).collect();
        assert_eq!(laws(&found), expected, "{name}: {reason}");
    }
}

#[test]
fn a_plan_is_of_its_type_and_of_its_kind() {
    let (empty, stray) = (tree([]), Value::map([("name", NULL.clone())]));
    let cases = [
        (
            check_plan(&schema(), &NULL, &empty, &stray, &[]),
            "planned_fits",
            "attributes are missing",
        ),
        (
            check_plan(&schema(), &NULL, &empty, &NULL, &[]),
            "planned_as_configured",
            "nothing is planned",
        ),
        (
            check_plan(&schema(), &empty, &NULL, &empty, &[]),
            "planned_as_configured",
            "a destroy plans nothing",
        ),
        (
            check_plan(&schema(), &empty, &empty, &empty, &[Path::attribute("nmae")]),
            "replaced_path_exists",
            "a replacement of nothing",
        ),
    ];
    for (found, law, reason) in cases {
        assert_eq!(
            found.iter().map(|breach| breach.law).collect::<Vec<_>>(),
            [law],
            "{reason}"
        );
    }
    assert_eq!(check_plan(&schema(), &empty, &NULL, &NULL, &[]), [], "a destroy");
}

#[test]
fn the_law_of_results() {
    let unknown = Value::unknown;
    let promised = |refinement| Value::Unknown(refinement);
    // Attribute, planned, new, the breach (law, path), the reason; the second value of a case is not used here.
    let cases: Vec<Case> = vec![
        (
            "id",
            unknown(),
            NULL.clone(),
            "x".into(),
            None,
            "an unknown becomes known",
        ),
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
        (
            "id",
            "x".into(),
            NULL.clone(),
            "y".into(),
            Some(("known_stays", "id")),
            "another value than was planned",
        ),
        (
            "note",
            NULL.clone(),
            NULL.clone(),
            "".into(),
            Some(("null_stays", "note")),
            "the classic: null became empty",
        ),
        (
            "note",
            "x".into(),
            NULL.clone(),
            NULL.clone(),
            Some(("known_stays", "note")),
            "the other way",
        ),
        (
            "token",
            NULL.clone(),
            NULL.clone(),
            "s".into(),
            Some(("write_only_is_null", "token")),
            "a secret in state",
        ),
        (
            "parts",
            parts([("a", part(1, unknown()))]),
            NULL.clone(),
            parts([("a", part(1, "x".into())), ("b", part(1, "x".into()))]),
            Some(("elements_are_kept", r#"parts["b"]"#)),
            "an element appears",
        ),
        (
            "tags",
            Value::set(["a".into(), unknown()]),
            NULL.clone(),
            set(&["b", "a"]),
            None,
            "an unknown element",
        ),
        (
            "tags",
            Value::set(["a".into(), unknown()]),
            NULL.clone(),
            set(&["a"]),
            None,
            "may equal another",
        ),
        (
            "tags",
            Value::set(["a".into(), unknown()]),
            NULL.clone(),
            set(&["b"]),
            Some(("set_keeps_elements", "tags")),
            "a known one stays",
        ),
        (
            "tags",
            set(&["a"]),
            NULL.clone(),
            set(&["a", "b"]),
            Some(("set_never_grows", "tags")),
            "nothing is added",
        ),
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
        assert_eq!(
            first,
            breach.map(|(law, path)| (law, path.to_owned())),
            "{name}: {reason}"
        );
    }
}

#[test]
fn the_law_of_state() {
    let open = tree([("parts", parts([("a", part(1, Value::unknown()))]))]);
    let place = Path::attribute("parts")
        .then(Step::Key("a".into()))
        .then(Step::Attribute("arn".into()));
    assert_eq!(
        laws(&check_read(&schema(), &open)),
        [("state_is_known", place.to_string())]
    );
    assert_eq!(check_read(&schema(), &NULL), [], "gone");
    assert_eq!(
        laws(&check_import(&schema(), &NULL)),
        [("imported_exists", String::new())]
    );
    assert_eq!(
        laws(&check_apply(&schema(), &NULL, &tree([]))),
        [("present_as_planned", String::new())]
    );
}

#[test]
fn the_law_of_the_final_plan() {
    let of = |value: Value| tree([("id", value)]);
    let cases = [
        (Value::unknown(), "x".into(), vec![], "an unknown becomes known"),
        (Value::unknown(), Value::unknown(), vec![], "or stays"),
        ("x".into(), "y".into(), vec!["known_stays"], "a promise is changed"),
        (
            "x".into(),
            Value::unknown(),
            vec!["known_stays"],
            "a promise is taken back",
        ),
    ];
    for (first, last, expected, reason) in cases {
        let found = check_final_plan(&schema(), &of(first), &of(last));
        assert_eq!(
            found.iter().map(|breach| breach.law).collect::<Vec<_>>(),
            expected,
            "{reason}"
        );
    }
}

#[test]
fn the_law_of_schemas() {
    let cases: Vec<(Schema, &str, &str)> = vec![
        (Schema::new([optional("Name", Type::String)]), "name_form", "upper case"),
        (
            Schema::new([optional("1st", Type::String)]),
            "name_form",
            "a digit first",
        ),
        (
            Schema::new([optional("count", Type::Number)]),
            "name_not_reserved",
            "a meta-argument",
        ),
        (
            Schema::new([optional("a", Type::Bool), optional("a", Type::Bool)]),
            "name_once",
            "twice",
        ),
        (
            Schema::new([required("a", Type::String).default("x")]),
            "default_is_optional",
            "never used",
        ),
        (
            Schema::new([optional("a", Type::String).default(1)]),
            "default_fits",
            "a number for a string",
        ),
        (
            Schema::new([computed("a", Type::String).write_only()]),
            "write_only_place",
            "computed and forgotten",
        ),
        (
            Schema::new([optional(
                "a",
                set_of(object([optional("b", Type::String).write_only()])),
            )]),
            "write_only_place",
            "a secret in a set",
        ),
        (
            Schema::new([optional("a", set_of(object([optional("b", Type::Dynamic)])))]),
            "no_dynamic_in_sets",
            "nested",
        ),
        (
            Schema::new([optional("a", Type::set(Type::list(Type::Dynamic)))]),
            "no_dynamic_in_sets",
            "in a plain type",
        ),
        (
            Schema::new([optional("a", set_of(object([optional("b", Type::String).replaces()])))]),
            "replaces_has_a_path",
            "no path leads there",
        ),
        (
            Schema::new([computed("a", object([optional("b", Type::String)]))]),
            "inside_computed",
            "nobody can set it",
        ),
        (
            Schema::new([optional("a", object([]))]),
            "nested_not_empty",
            "an object of nothing",
        ),
        (Schema::new([]).version(-1), "version_not_negative", "a version"),
    ];
    for (schema, law, reason) in cases {
        let found = check_schema(&schema);
        assert!(found.iter().any(|breach| breach.law == law), "{reason}: {found:?}");
    }
    assert_eq!(check_schema(&schema()), []);
    let provider = Schema::new([optional("alias", Type::String), optional("count", Type::Number)]);
    assert_eq!(
        laws(&check_provider_schema(&provider)),
        [("name_not_reserved", "alias".to_owned())]
    );
}
