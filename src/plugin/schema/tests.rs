use super::*;
use crate::value::{NULL, from_value, to_value};
use generate::{Life, life};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

mod overlaid;
mod validated;

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
pub(super) fn tree<const N: usize>(entries: [(&str, Value); N]) -> Value {
    crate::value::codec::conform(Value::map(entries), &environment().ty()).expect("the tests' trees fit")
}

pub(super) fn with(tree: &Value, name: &str, value: Value) -> Value {
    let mut entries = tree.as_map().cloned().unwrap_or_default();
    entries.insert(name.to_owned(), value);
    Value::Map(entries)
}

fn quota(total: Value) -> Value {
    Value::map([("total", total), ("headroom", 33.into())])
}

fn null_map() -> Value {
    Value::map([] as [(&str, Value); 0])
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    total: std::collections::BTreeMap<String, String>,
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
    namespaces: std::collections::BTreeMap<String, Option<Quota>>,
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
    let written = crate::value::codec::conform(to_value(&spec), &schema.ty()).expect("the schema knows the struct");
    assert_eq!(inputs(&schema, &written), wanted);
    assert_eq!(validate(&schema, &full), [], "examples pass the checks");
    let ours = outputs(&schema, &full);
    assert_eq!(
        ours.as_map().map(|map| map.keys().map(String::as_str).collect::<Vec<_>>()),
        Some(vec!["id", "objects"])
    );
}

#[test]
fn a_fault_in_a_spec_has_the_path_of_the_protocol() {
    let total = Value::map([("pods", Value::from(4))]);
    let config = tree([("name", "a".into()), ("tier", "dev".into()), ("grants", Value::set([]))]);
    let cases = [
        (with(&config, "namespaces", Value::map([("api", quota(total))])), r#"namespaces["api"].total["pods"]"#, false),
        (
            with(&config, "namespaces", Value::map([("api", quota(Value::unknown()))])),
            r#"namespaces["api"].total"#,
            true,
        ),
        (with(&config, "grants", Value::set([Value::map([("principal", Value::unknown())])])), "grants", true),
    ];
    for (config, path, unknown) in cases {
        let fault = environment().read::<Spec>(&config).expect_err(path);
        assert_eq!((fault.path.to_string().as_str(), fault.unknown), (path, unknown));
    }
}

#[test]
fn paths_are_told_as_the_protocol_has_them() {
    let key = |path: Path, key: &str| path.then(Step::Key(key.into()));
    let attribute = |path: Path, name: &str| path.then(Step::Attribute(name.into()));
    let index = |path: Path, at: i64| path.then(Step::Index(at));
    let quota = || attribute(key(Path::attribute("namespaces"), "api"), "total");
    let cases = [
        (
            key(attribute(attribute(Path::attribute("namespaces"), "api"), "total"), "pods"),
            key(quota(), "pods"),
            "an element of a map of objects has a key",
        ),
        (key(Path::root(), "name"), Path::attribute("name"), "an attribute read into a map is an attribute"),
        (attribute(index(Path::attribute("grants"), 3), "arn"), Path::attribute("grants"), "a path ends at a set"),
        (Path::attribute("nothing"), Path::attribute("nothing"), "what the schema does not know stays"),
    ];
    for (given, resolved, reason) in cases {
        assert_eq!(environment().resolve_path(&given), resolved, "{reason}");
    }
}

#[test]
fn only_a_known_change_replaces() {
    let nested = || map_of(object([optional("zone", Type::String).replaces()]));
    let pick = |prior: &Value, new: &Value| prior.as_str() == Some("small") && new.as_str() == Some("large");
    let schema = Schema::new([
        optional("name", Type::String).replaces(),
        optional("list", Type::list(Type::String)).replaces(),
        optional("size", Type::String).replaces_if(pick),
        optional("groups", nested()),
    ]);
    let zone = |zone: Value| Value::map([("zone", zone)]);
    let strings = |items: &[Option<&str>]| {
        Value::List(items.iter().map(|item| item.map_or_else(Value::unknown, Value::from)).collect())
    };
    let cases: Vec<(&str, Value, Value, &[&str], &str)> = vec![
        ("name", "a".into(), "b".into(), &["name"], "a change"),
        ("name", "a".into(), Value::unknown(), &[], "an unknown may turn out the same"),
        ("name", "a".into(), Value::Null, &["name"], "taken away"),
        ("list", strings(&[Some("a"), Some("b")]), strings(&[None, Some("b")]), &[], "an unknown element"),
        ("list", strings(&[Some("a"), Some("b")]), strings(&[None, Some("c")]), &["list"], "another element differs"),
        ("list", strings(&[Some("a")]), strings(&[None, None]), &["list"], "another length is no question"),
        ("size", "small".into(), "large".into(), &["size"], "the condition holds"),
        ("size", "large".into(), "small".into(), &[], "the condition does not"),
        ("size", "small".into(), Value::unknown(), &[], "the condition is not asked about an unknown"),
        (
            "groups",
            Value::map([("a", zone("x".into())), ("b", zone("x".into()))]),
            Value::map([("a", zone("y".into())), ("b", zone("x".into()))]),
            &[r#"groups["a"].zone"#],
            "inside an element",
        ),
        ("groups", null_map(), Value::map([("a", zone("x".into()))]), &[], "a new element is not a change inside one"),
    ];
    for (name, prior, planned, paths, reason) in cases {
        let whole = |value: Value| crate::value::codec::conform(Value::map([(name, value)]), &schema.ty()).unwrap();
        let found = replacements(&schema, &whole(prior), &whole(planned));
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), paths, "{reason}");
    }
    assert_eq!(replacements(&schema, &NULL, &Value::map([("name", "a".into())])), [], "a create replaces nothing");
}

proptest! {
    #[test]
    fn defaults_are_filled_in_once(Life { schema, config, .. } in life()) {
        let once = with_defaults(&schema, &config);
        prop_assert_eq!(with_defaults(&schema, &once), once.clone());
        prop_assert_eq!(crate::value::codec::fits(&once, &schema.ty()), Ok(()));
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
