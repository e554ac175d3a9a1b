use super::*;
use crate::value::Number;
use serde::{Deserialize, Deserializer, Serializer, de::Visitor};
use std::{collections::BTreeMap, marker::PhantomData};

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
enum Place {
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
    target: Place,
}

fn quota(total: Value, headroom: Value) -> Value {
    Value::map([("total", total), ("headroom", headroom)])
}

fn tree() -> Value {
    Value::map([
        ("name", Value::from("pay")),
        ("ratio", Value::Null),
        (
            "namespaces",
            Value::map([
                ("api", Value::Null),
                ("jobs", quota(Value::map([("pods", Value::from(4))]), Value::from(33))),
            ]),
        ),
        ("bucket", Value::unknown()),
        ("tags", Value::List(vec!["a".into(), "b".into()])),
        ("target", Value::map([("sandbox", Value::map([("path", Value::from("x"))]))])),
    ])
}

fn with(tree: Value, name: &str, value: Value) -> Value {
    let Value::Map(mut entries) = tree else { panic!("an object is needed") };
    entries.insert(name.into(), value);
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
    let read: Quota = from_value(&quota(Value::map([] as [(&str, Value); 0]), Value::Null)).unwrap();
    assert_eq!(read.headroom, 0, "the default of the struct holds");
    let fault = from_value::<Quota>(&quota(Value::Null, Value::Null)).unwrap_err();
    assert_eq!(fault.to_string(), "missing field `total`", "without a default it is missing");
}

#[test]
fn an_unknown_is_undecided_and_not_wrong() {
    let cases = [
        (with(tree(), "name", Value::unknown()), "name", "a plain string"),
        (with(tree(), "ratio", Value::unknown()), "ratio", "an option, which might be null"),
        (with(tree(), "target", Value::unknown()), "target", "a choice"),
        (
            with(tree(), "namespaces", Value::map([("x", quota(Value::unknown(), Value::Null))])),
            r#"namespaces["x"].total"#,
            "a place deep inside",
        ),
        (Value::unknown(), "", "the whole"),
    ];
    for (tree, path, reason) in cases {
        let fault = from_value::<Spec>(&tree).expect_err(reason);
        assert!(fault.unknown, "{reason}: {fault}");
        assert_eq!(fault.path.to_string(), path, "{reason}");
    }
}

#[test]
fn a_fault_names_its_place() {
    let wrong = Value::map([("x", quota(Value::map([("pods", Value::from("many"))]), Value::Null))]);
    let fault = from_value::<Spec>(&with(tree(), "namespaces", wrong)).unwrap_err();
    let text = r#"namespaces["x"].total["pods"]: invalid type: string "many", expected u64"#;
    assert!(!fault.unknown);
    assert_eq!(fault.to_string(), text);

    let mixed = Value::List(vec!["a".into(), 1.into()]);
    let fault = from_value::<Spec>(&with(tree(), "tags", mixed)).unwrap_err();
    assert_eq!(fault.path.to_string(), "tags[1]");

    let fault = from_value::<Spec>(&with(tree(), "nmae", 1.into())).unwrap_err();
    assert_eq!(fault.path.to_string(), "nmae", "an attribute that the struct does not know");
}

#[test]
fn a_choice_is_a_string_or_the_one_attribute_that_is_set() {
    let path = || Value::map([("path", Value::from("x"))]);
    let cases = [
        (Value::from("memory"), Some(Place::Memory), "a variant without data"),
        (Value::map([("named", Value::from("n"))]), Some(Place::Named("n".into())), "one with a value"),
        (
            Value::map([("named", Value::Null), ("sandbox", path())]),
            Some(Place::Sandbox { path: "x".into() }),
            "the others stay null",
        ),
        (Value::map([("named", Value::from("n")), ("sandbox", path())]), None, "two are set"),
        (Value::map([("named", Value::Null)]), None, "none is set"),
        (Value::from("moon"), None, "there is no such variant"),
        (Value::from(1), None, "a number chooses nothing"),
    ];
    for (tree, target, reason) in cases {
        let read = from_value::<Place>(&tree);
        assert_eq!(read.as_ref().ok(), target.as_ref(), "{reason}: {read:?}");
        if let Some(target) = target {
            assert_eq!(from_value::<Place>(&to_value(&target)).as_ref(), Ok(&target), "{reason}");
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
    assert!(try_to_value(&f64::NAN).is_err(), "not a number");
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
    let dynamic = Value::dynamic(crate::value::Type::String, "x".into());
    assert_eq!(from_value::<Option<String>>(&dynamic), Ok(Some("x".into())));
    let nothing = Value::dynamic(crate::value::Type::String, Value::Null);
    assert_eq!(from_value::<Option<String>>(&nothing), Ok(None));
}
