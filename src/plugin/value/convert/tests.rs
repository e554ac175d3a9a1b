use super::*;
use crate::value::{Number, Type};
use serde::{Deserialize, Deserializer, Serializer, de::Visitor};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// As the domain writes it, without knowing this crate.
#[derive(Clone, Debug, PartialEq)]
enum Late<T> {
    Now(T),
    Later,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Late<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Late<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or an unknown")
            }
            fn visit_none<E>(self) -> Result<Late<T>, E> {
                Ok(Late::Later)
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Late<T>, D::Error> {
                T::deserialize(deserializer).map(Late::Now)
            }
        }
        deserializer.deserialize_newtype_struct("$late", Reader(PhantomData))
    }
}

impl<T: Serialize> Serialize for Late<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Now(value) => value.serialize(serializer),
            Self::Later => serializer.serialize_newtype_variant("Late", 0, "$late", &()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    Memory,
    Sandbox { path: String },
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    total: BTreeMap<String, u64>,
    #[serde(default)]
    headroom: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    name: String,
    ratio: Option<f64>,
    namespaces: BTreeMap<String, Option<Quota>>,
    bucket: Late<String>,
    tags: Option<Late<Vec<String>>>,
    target: Target,
}

fn tree() -> Value {
    let jobs = json!({"total": {"pods": 4}, "headroom": 33});
    Value::from(json!({
        "name": "pay",
        "ratio": null,
        "namespaces": {"api": null, "jobs": jobs},
        "bucket": "?",
        "tags": ["a", "b"],
        "target": {"sandbox": {"path": "x"}},
    }))
}

/// The tree with one attribute set otherwise.
fn with(name: &str, value: Json) -> Value {
    let Value::Map(mut entries) = tree() else { panic!("an object is needed") };
    entries.insert(name.into(), value.into());
    Value::Map(entries)
}

#[test]
fn a_struct_is_read_and_written_back() {
    let spec: Spec = from_value(&tree()).unwrap();
    assert_eq!(spec.bucket, Late::Later);
    assert_eq!(spec.namespaces["api"], None, "elements of a map keep their nulls");
    assert_eq!(to_value(&spec), tree());
}

#[test]
fn a_null_attribute_is_one_that_was_not_written() {
    let read: Quota = from_value(&json!({"total": {}, "headroom": null}).into()).unwrap();
    assert_eq!(read.headroom, 0, "the default of the struct holds");
    let error = from_value::<Quota>(&json!({"total": null, "headroom": null}).into()).unwrap_err();
    assert_eq!(error.to_string(), "missing attribute `total`", "without a default it is missing");
}

#[test]
fn an_unknown_is_undecided_and_not_wrong() {
    let deep = json!({"x": {"total": "?", "headroom": null}});
    let cases = [
        (with("name", json!("?")), "name", "a plain string"),
        (with("ratio", json!("?")), "ratio", "an option, which might be null"),
        (with("target", json!("?")), "target", "a choice"),
        (with("namespaces", deep), r#"namespaces["x"].total"#, "a place deep inside"),
        (Value::unknown(), "", "the whole"),
    ];
    for (tree, path, reason) in cases {
        let error = from_value::<Spec>(&tree).expect_err(reason);
        assert!(error.unknown, "{reason}: {error}");
        assert_eq!(error.path.to_string(), path, "{reason}");
    }
}

#[test]
fn an_error_names_its_place_in_words_of_hcl() {
    let pods = |value: Json| with("namespaces", json!({"x": {"total": {"pods": value}}}));
    let at_pods = r#"namespaces["x"].total["pods"]: a whole number in range is required, not"#;
    let cases = [
        (pods(json!("many")), format!(r#"{at_pods} "many""#), "a string for a number"),
        (pods(json!(-1)), format!("{at_pods} -1"), "a number out of range"),
        (pods(json!([1])), format!("{at_pods} a list"), "a list for a number"),
        (with("ratio", json!(true)), "ratio: a number is required, not true".into(), "a bool for a number"),
        (with("tags", json!(["a", 1])), "tags[1]: a string is required, not 1".into(), "an element of a list"),
        (with("namespaces", json!({"x": "y"})), r#"namespaces["x"]: an object is required, not "y""#.into(), "a leaf"),
        (with("nmae", json!(1)), "nmae: unsupported attribute `nmae`".into(), "unknown to the struct"),
        (with("target", json!("moon")), r#"target: "moon" is not one of memory, sandbox, named"#.into(), "a choice"),
    ];
    for (tree, text, reason) in cases {
        let error = from_value::<Spec>(&tree).expect_err(reason);
        assert_eq!((error.to_string(), error.unknown), (text, false), "{reason}");
    }
}

#[test]
fn a_choice_is_a_string_or_the_one_attribute_that_is_set() {
    let cases = [
        (json!("memory"), Some(Target::Memory), "a variant without data"),
        (json!({"named": "n"}), Some(Target::Named("n".into())), "one with a value"),
        (
            json!({"named": null, "sandbox": {"path": "x"}}),
            Some(Target::Sandbox { path: "x".into() }),
            "the others stay null",
        ),
        (json!({"named": "n", "sandbox": {"path": "x"}}), None, "two are set"),
        (json!({"named": null}), None, "none is set"),
        (json!("moon"), None, "there is no such variant"),
        (json!(1), None, "a number chooses nothing"),
    ];
    for (tree, target, reason) in cases {
        let read = from_value::<Target>(&tree.into());
        assert_eq!(read.as_ref().ok(), target.as_ref(), "{reason}: {read:?}");
        if let Some(target) = target {
            assert_eq!(from_value::<Target>(&to_value(&target)).as_ref(), Ok(&target), "{reason}");
        }
    }
}

#[test]
fn numbers_keep_their_value() {
    assert_eq!(from_value::<u64>(&to_value(&u64::MAX)), Ok(u64::MAX));
    assert_eq!(from_value::<i128>(&to_value(&i128::MIN)), Ok(i128::MIN));
    assert_eq!(from_value::<f64>(&to_value(&0.1)), Ok(0.1));
    assert_eq!(to_value(&0.1f32), Value::Number("0.1".parse().unwrap()), "by its shortest text");
    assert!(from_value::<i64>(&Value::Number("1.5".parse().unwrap())).is_err(), "nothing is rounded");
    assert!(from_value::<u8>(&Number::from(256i64).into()).is_err(), "nothing is cut off");
    assert_eq!(to_value(&f64::NAN), Value::Null, "not a number");
}

#[test]
fn keys_of_maps_are_strings() {
    assert_eq!(to_value(&BTreeMap::from([(1, true)])), Value::map([("1", Value::Bool(true))]));
    assert!(try_to_value(&BTreeMap::from([(vec![1], true)])).is_err(), "a list is not a key");
}

#[test]
fn sets_and_dynamic_values_are_read_as_what_they_hold() {
    let set = Value::set(["a".into(), "b".into()]);
    assert_eq!(from_value::<Vec<String>>(&set), Ok(vec!["a".into(), "b".into()]));
    let dynamic = Value::dynamic(Type::String, "x".into());
    assert_eq!(from_value::<Option<String>>(&dynamic), Ok(Some("x".into())));
    let nothing = Value::dynamic(Type::String, Value::Null);
    assert_eq!(from_value::<Option<String>>(&nothing), Ok(None));
}
