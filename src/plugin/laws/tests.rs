//! Each law is broken once; that our own passes break none is shown beside them.

use super::*;
use crate::{
    path::Step,
    schema::{Schema, computed, map_of, object, optional, optional_computed, required, set_of},
    value::{NULL, Refinement, Type, Value, codec::conform},
};

mod plan;
mod result;

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
    breaches.iter().map(|breach| (breach.law, breach.path.to_string())).collect()
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

/// Attribute, three values of it, the breach (law and path), and the reason.
type Case = (&'static str, Value, Value, Value, Option<(&'static str, &'static str)>, &'static str);

#[test]
fn the_law_of_state() {
    let open = tree([("parts", parts([("a", part(1, Value::unknown()))]))]);
    let place = Path::attribute("parts").then(Step::Key("a".into())).then(Step::Attribute("arn".into()));
    assert_eq!(laws(&check_read(&schema(), &open)), [("state_is_known", place.to_string())]);
    assert_eq!(check_read(&schema(), &NULL), [], "gone");
    assert_eq!(laws(&check_import(&schema(), &NULL)), [("imported_exists", String::new())]);
    assert_eq!(laws(&check_apply(&schema(), &NULL, &tree([]))), [("present_as_planned", String::new())]);
}

#[test]
fn the_law_of_the_final_plan() {
    let of = |value: Value| tree([("id", value)]);
    let cases = [
        (Value::unknown(), "x".into(), vec![], "an unknown becomes known"),
        (Value::unknown(), Value::unknown(), vec![], "or stays"),
        ("x".into(), "y".into(), vec!["known_stays"], "a promise is changed"),
        ("x".into(), Value::unknown(), vec!["known_stays"], "a promise is taken back"),
    ];
    for (first, last, expected, reason) in cases {
        let found = check_final_plan(&schema(), &of(first), &of(last));
        assert_eq!(found.iter().map(|breach| breach.law).collect::<Vec<_>>(), expected, "{reason}");
    }
}

#[test]
fn the_law_of_schemas() {
    let cases: Vec<(Schema, &str, &str)> = vec![
        (Schema::new([optional("Name", Type::String)]), "name_form", "upper case"),
        (Schema::new([optional("1st", Type::String)]), "name_form", "a digit first"),
        (Schema::new([optional("count", Type::Number)]), "name_not_reserved", "a meta-argument"),
        (Schema::new([optional("a", Type::Bool), optional("a", Type::Bool)]), "name_once", "twice"),
        (Schema::new([required("a", Type::String).default("x")]), "default_is_optional", "never used"),
        (Schema::new([optional("a", Type::String).default(1)]), "default_fits", "a number for a string"),
        (Schema::new([computed("a", Type::String).write_only()]), "write_only_place", "computed and forgotten"),
        (
            Schema::new([optional("a", set_of(object([optional("b", Type::String).write_only()])))]),
            "write_only_place",
            "a secret in a set",
        ),
        (Schema::new([optional("a", set_of(object([optional("b", Type::Dynamic)])))]), "no_dynamic_in_sets", "nested"),
        (Schema::new([optional("a", Type::set(Type::list(Type::Dynamic)))]), "no_dynamic_in_sets", "in a plain type"),
        (
            Schema::new([optional("a", set_of(object([optional("b", Type::String).replaces()])))]),
            "replaces_has_a_path",
            "no path leads there",
        ),
        (Schema::new([computed("a", object([optional("b", Type::String)]))]), "inside_computed", "nobody can set it"),
        (Schema::new([optional("a", object([]))]), "nested_not_empty", "an object of nothing"),
        (Schema::new([]).version(-1), "version_not_negative", "a version"),
    ];
    for (schema, law, reason) in cases {
        let found = check_schema(&schema);
        assert!(found.iter().any(|breach| breach.law == law), "{reason}: {found:?}");
    }
    assert_eq!(check_schema(&schema()), []);
    let provider = Schema::new([optional("alias", Type::String), optional("count", Type::Number)]);
    assert_eq!(laws(&check_provider_schema(&provider)), [("name_not_reserved", "alias".to_owned())]);
}
