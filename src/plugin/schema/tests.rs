use super::*;
use crate::{
    path::{Path, Step},
    value::{
        NULL, Type, Value,
        codec::{conform, fits},
        from_value, to_value,
    },
};
use generate::{Life, life};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

mod overlay;
mod validate;

/// An environment in small: every kind of rule once.
pub(super) fn environment() -> Schema {
    let quota = object([
        required("total", Type::map(Type::String)).equal_elements_if(same_quantity),
        optional("headroom", Type::Number).default(33).between(0, 100),
    ]);
    let grant = object([
        required("principal", Type::String),
        optional_computed("group", Type::String),
        computed("arn", Type::String).stable(),
    ]);
    Schema::new([
        required("name", Type::String).length(1, 8).replaces(),
        optional("size", Type::String).equal_if(same_quantity).example("1"),
        optional("tier", Type::String).one_of(&["dev", "prod"]).default("dev"),
        optional("namespaces", map_of(quota)),
        optional("grants", set_of(grant)),
        optional("token", Type::String).write_only(),
        computed("id", Type::String).stable(),
        computed("objects", Type::map(Type::String)).equal_elements_if(same_digest),
        timeouts(&["create", "delete"]),
    ])
}

fn same_quantity(prior: &Value, new: &Value) -> bool {
    let milli = |value: &Value| {
        let text = value.as_str()?;
        match text.strip_suffix('m') {
            Some(milli) => milli.parse::<u64>().ok(),
            None => text.parse::<u64>().ok().map(|whole| whole * 1000),
        }
    };
    milli(prior).is_some() && milli(prior) == milli(new)
}

fn same_digest(prior: &Value, new: &Value) -> bool {
    let digest = |value: &Value| value.as_str().and_then(|line| line.rsplit_once('#')).map(|(_, d)| d.to_owned());
    digest(prior).is_some() && digest(prior) == digest(new)
}

/// A tree of the schema from what is set in it; everything else is null.
pub(super) fn tree(entries: Json) -> Value {
    conform(entries.into(), &environment().ty()).expect("the tests' trees fit")
}

/// The tree with one attribute set otherwise.
pub(super) fn with(tree: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut entries = tree.as_map().cloned().unwrap_or_default();
    entries.insert(name.to_owned(), value.into());
    conform(Value::Map(entries), &environment().ty()).expect("the tests' trees fit")
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    total: BTreeMap<String, String>,
    headroom: i64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    principal: String,
    group: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    name: String,
    size: Option<String>,
    tier: String,
    #[serde(default)]
    namespaces: BTreeMap<String, Option<Quota>>,
    grants: Vec<Grant>,
    token: Option<String>,
    timeouts: Option<Timeouts>,
}

#[test]
fn schema_and_struct_name_the_same_things() {
    let schema = environment();
    let full = example(&schema);
    let wanted = inputs(&schema, &full);
    let spec: Spec = from_value(&wanted).expect("the struct knows all that the schema has");
    // The struct writes a list where the schema has a set: conforming mends that, and finds what the schema has not.
    let written = conform(to_value(&spec), &schema.ty()).expect("the schema knows the struct");
    assert_eq!(inputs(&schema, &written), wanted);
    assert_eq!(validate(&schema, &full), [], "examples pass the checks");
    let ours = outputs(&schema, &full);
    assert!(ours.as_map().is_some_and(|ours| ours.keys().eq(["id", "objects"])), "{ours:?}");
}

#[test]
fn an_error_in_a_spec_has_the_path_of_the_protocol() {
    let namespaces = |total: Json| json!({"name": "a", "tier": "dev", "grants": [], "namespaces": {"api": {"total": total, "headroom": 33}}});
    let cases = [
        (namespaces(json!({"pods": 4})), r#"namespaces["api"].total["pods"]"#),
        (namespaces(json!("?")), r#"namespaces["api"].total"#),
        (json!({"name": "a", "tier": "dev", "grants": [{"principal": "?"}]}), "grants"),
    ];
    for (config, path) in cases {
        let config = Value::from(config);
        let error = from_value::<Spec>(&inputs(&environment(), &config)).expect_err(path);
        assert_eq!(environment().resolve_path(&error.path).to_string(), path);
        assert_eq!(error.unknown, !config.is_wholly_known(), "{path}");
    }
}

#[test]
fn paths_are_resolved_as_the_protocol_has_them() {
    let key = |path: Path, key: &str| path.then(Step::Key(key.into()));
    let attribute = |path: Path, name: &str| path.then(Step::Attribute(name.into()));
    let namespaces = || Path::attribute("namespaces");
    let cases = [
        (
            key(attribute(attribute(namespaces(), "api"), "total"), "pods"),
            key(attribute(key(namespaces(), "api"), "total"), "pods"),
            "an element of a map of objects has a key",
        ),
        (key(Path::root(), "name"), Path::attribute("name"), "an attribute read into a map is an attribute"),
        (
            attribute(Path::attribute("grants").then(Step::Index(3)), "arn"),
            Path::attribute("grants"),
            "a path ends at a set",
        ),
        (Path::attribute("nothing"), Path::attribute("nothing"), "what the schema does not know stays"),
    ];
    for (given, resolved, reason) in cases {
        assert_eq!(environment().resolve_path(&given), resolved, "{reason}");
    }
}

#[test]
fn only_a_known_change_replaces() {
    let pick = |prior: &Value, new: &Value| prior.as_str() == Some("small") && new.as_str() == Some("large");
    let schema = Schema::new([
        optional("name", Type::String).replaces(),
        optional("list", Type::list(Type::String)).replaces(),
        optional("size", Type::String).replaces_if(pick),
        optional("groups", map_of(object([optional("zone", Type::String).replaces()]))),
    ]);
    let zones = |a: &str| json!({"a": {"zone": a}, "b": {"zone": "x"}});
    let cases: [(_, Json, Json, &[&str], _); 11] = [
        ("name", json!("a"), json!("b"), &["name"], "a change"),
        ("name", json!("a"), json!("?"), &[], "an unknown may turn out the same"),
        ("name", json!("a"), Json::Null, &["name"], "taken away"),
        ("list", json!(["a", "b"]), json!(["?", "b"]), &[], "an unknown element"),
        ("list", json!(["a", "b"]), json!(["?", "c"]), &["list"], "another element differs"),
        ("list", json!(["a"]), json!(["?", "?"]), &["list"], "another length differs in any case"),
        ("size", json!("small"), json!("large"), &["size"], "the condition holds"),
        ("size", json!("large"), json!("small"), &[], "the condition does not"),
        ("size", json!("small"), json!("?"), &[], "the condition is not put to an unknown"),
        ("groups", zones("x"), zones("y"), &[r#"groups["a"].zone"#], "inside an element"),
        ("groups", json!({}), zones("x"), &[], "a new element is not a change inside one"),
    ];
    for (name, prior, planned, paths, reason) in cases {
        let whole = |value: Json| conform(Value::map([(name, value.into())]), &schema.ty()).unwrap();
        let found = replacements(&schema, &whole(prior), &whole(planned));
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), paths, "{reason}");
    }
    assert_eq!(replacements(&schema, &NULL, &Value::from(json!({"name": "a"}))), [], "a create replaces nothing");
}

proptest! {
    #[test]
    fn defaults_are_filled_in_once(Life { schema, config, .. } in life()) {
        let once = with_defaults(&schema, &config);
        prop_assert_eq!(with_defaults(&schema, &once), once.clone());
        prop_assert_eq!(fits(&once, &schema.ty()), Ok(()));
        let _ = validate(&schema, &once);
    }

    #[test]
    fn nothing_write_only_is_left(Life { schema, config, .. } in life()) {
        let safe = null_write_only(&schema, &config);
        prop_assert_eq!(write_only_set(&schema, &safe), []);
        let is_set = !write_only_set(&schema, &config).is_empty();
        prop_assert_eq!(is_set, safe != config);
    }
}
