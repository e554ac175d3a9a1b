//! Each law is violated once; that our own passes violate none is shown beside them.

use super::*;
use crate::{
    diagnostic::Diagnostic,
    path::Path,
    schema::{Schema, computed, map_of, object, optional, optional_computed, required, set_of},
    value::{NULL, Refinement, Type, Value, codec::conform},
};
use serde_json::{Value as Json, json};

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

fn tree(entries: Json) -> Value {
    conform(entries.into(), &schema().ty()).unwrap()
}

/// With one attribute set.
fn with(name: &str, value: impl Into<Value>) -> Value {
    conform(Value::map([(name, value.into())]), &schema().ty()).unwrap()
}

/// Law and path of each.
fn laws(violations: &[Violation]) -> Vec<(&str, String)> {
    violations.iter().map(|violation| (violation.law, violation.path.to_string())).collect()
}

#[test]
fn the_law_of_state() {
    let open = tree(json!({"parts": {"a": {"size": 1, "arn": "?"}}}));
    assert_eq!(laws(&check_read(&schema(), &open)), [("state_is_known", r#"parts["a"].arn"#.to_owned())]);
    assert_eq!(check_read(&schema(), &NULL), [], "gone");
    assert_eq!(laws(&check_import(&schema(), &NULL)), [("imported_exists", String::new())]);
    assert_eq!(laws(&check_apply(&schema(), &NULL, &tree(json!({})))), [("present_as_planned", String::new())]);
}

#[test]
fn the_law_of_the_final_plan() {
    let cases = [
        ("?", "x", None, "an unknown becomes known"),
        ("?", "?", None, "or stays"),
        ("x", "y", Some("known_stays"), "a promise is changed"),
        ("x", "?", Some("known_stays"), "a promise is taken back"),
    ];
    for (first, last, law, reason) in cases {
        let found = check_final_plan(&schema(), &with("id", json!(first)), &with("id", json!(last)));
        assert_eq!(found.iter().map(|violation| violation.law).collect::<Vec<_>>(), Vec::from_iter(law), "{reason}");
    }
}

#[test]
fn the_law_of_schemas() {
    let one = |attribute| Schema::new([attribute]);
    let set = |attribute| Schema::new([optional("a", set_of(object([attribute])))]);
    let text = |name| optional(name, Type::String);
    let cases: Vec<(Schema, &str, &str)> = vec![
        (one(text("Name")), "name_form", "upper case"),
        (one(text("1st")), "name_form", "a digit first"),
        (one(optional("count", Type::Number)), "name_not_reserved", "a meta-argument"),
        (Schema::new([text("a"), text("a")]), "name_once", "twice"),
        (one(required("a", Type::String).default("x")), "default_is_optional", "never used"),
        (one(text("a").default(1)), "default_fits", "a number for a string"),
        (one(computed("a", Type::String).write_only()), "write_only_place", "computed and forgotten"),
        (set(text("b").write_only()), "write_only_place", "a secret in a set"),
        (set(optional("b", Type::Dynamic)), "no_dynamic_in_sets", "nested"),
        (one(optional("a", Type::set(Type::list(Type::Dynamic)))), "no_dynamic_in_sets", "in a plain type"),
        (set(text("b").replaces()), "replaces_has_a_path", "no path leads there"),
        (one(computed("a", object([text("b")]))), "inside_computed", "nobody can set it"),
        (one(optional("a", object([]))), "nested_not_empty", "an object of nothing"),
        (Schema::new([]).version(-1), "version_not_negative", "a version"),
    ];
    for (schema, law, reason) in cases {
        let found = check_schema(&schema);
        assert!(found.iter().any(|violation| violation.law == law), "{reason}: {found:?}");
    }
    assert_eq!(check_schema(&schema()), []);
    let provider = Schema::new([text("alias"), optional("count", Type::Number)]);
    assert_eq!(laws(&check_provider_schema(&provider)), [("name_not_reserved", "alias".to_owned())]);
}

#[test]
fn the_law_of_messages() {
    let long = format!("Quota {}", "x".repeat(200));
    let cases = [
        ("No target: set `aws`", "The provider needs one. Set `aws`.", true, "a fragment, sentences"),
        ("quota.total: \"x\" is not a quantity", "", true, "begins with a path; no detail"),
        ("`team` is required", "`team` names the owner.", true, "begins with a name"),
        ("No environment demo", "Run this command:\n\n  terraform plan", true, "ends with a block"),
        (
            "Internal error",
            "This is a bug.\n\n  called `Option::unwrap()` on a `None` value",
            true,
            "quoted in a block",
        ),
        ("\"None\" is not a tier", "Set \"Some\" other.", true, "what is quoted may be anything"),
        ("", "Set it.", false, "no summary"),
        ("One\ntwo", "", false, "two lines"),
        (long.as_str(), "", false, "too long"),
        ("No target.", "", false, "a sentence"),
        ("demo is taken over", "demo keeps its objects.", true, "begins with the name of a cluster"),
        ("No target", "Set one", false, "no full stop"),
        ("No target", "Set one of these:", false, "and then nothing"),
        ("No target", "Run this:\n\n  spec:", false, "a block that has lost its end"),
        ("Quota is None", "", false, "a word of Rust"),
        ("No quota", "It is Some(4).", false, "a word of Rust in the detail"),
    ];
    for (summary, detail, sound, reason) in cases {
        let diagnostic = Diagnostic::error(summary, detail);
        assert_eq!(diagnostic.form_violation().is_none(), sound, "{reason}: {:?}", diagnostic.form_violation());
        assert_eq!(check_message(&diagnostic).is_none(), sound, "{reason}");
    }
}
