use super::*;
use crate::{
    path::{Path, Step},
    value::generate::{Unknowns, any_type, typed_value},
};
use proptest::prelude::*;

#[test]
fn state_is_read_as_core_reads_it() {
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let object = || Type::object([("a", Type::String), ("b", Type::Number)]);
    let cases: &[(&str, Type, Value, &str)] = &[
        ("", Type::String, Value::Null, "an absent value is null"),
        ("null", Type::String, Value::Null, "null"),
        ("0.1", Type::Number, number("0.1"), "a number by its text, not by a float"),
        ("123456789012345678901234567890", Type::Number, number("123456789012345678901234567890"), "of any size"),
        ("\"12\"", Type::Number, number("12"), "a number as a string"),
        ("12.0", Type::String, Value::string("12"), "a number where a string is wanted"),
        ("true", Type::String, Value::string("true"), "a bool where a string is wanted"),
        ("\"true\"", Type::Bool, Value::Bool(true), "a bool as a string"),
        ("[2,1,2]", Type::set(Type::Number), Value::set([1.into(), 2.into()]), "a set as an array"),
        (
            r#"{"b":1}"#,
            object(),
            Value::map([("a", Value::Null), ("b", 1.into())]),
            "an attribute newer than the state",
        ),
        (
            r#"{"value":["x"],"type":["list","string"]}"#,
            Type::Dynamic,
            Value::dynamic(Type::list(Type::String), Value::List(vec!["x".into()])),
            "a dynamic value with its type",
        ),
    ];
    for (text, ty, value, reason) in cases {
        assert_eq!(decode(text.as_bytes(), ty).as_ref(), Ok(value), "{reason}");
    }
}

#[test]
fn state_that_does_not_fit_is_refused_at_its_place() {
    let map = || Type::object([("m", Type::map(Type::Number))]);
    let key = || Path::attribute("m").then(Step::Key("k".into()));
    let cases: &[(&str, Type, Path, &str)] = &[
        ("{", Type::String, Path::root(), "not JSON"),
        (r#"{"x":1}"#, map(), Path::root(), "an attribute that the type does not know would be lost"),
        (r#"{"m":{"k":"one"}}"#, map(), key(), "not a number"),
        (r#"{"m":{"k":true}}"#, map(), key(), "a bool is no number"),
        (r#"{"m":{"k":1e9999999}}"#, map(), key(), "a number without bounds"),
        (r#"{"value":1}"#, Type::Dynamic, Path::root(), "a dynamic value without its type"),
        ("[1]", Type::Tuple(vec![]), Path::root(), "a tuple has its own length"),
    ];
    for (text, ty, path, reason) in cases {
        let error = decode(text.as_bytes(), ty).expect_err(reason);
        assert_eq!(&error.path, path, "{reason}: {error}");
    }
    let deep = "[".repeat(100_000);
    assert!(decode(deep.as_bytes(), &Type::Dynamic).is_err(), "nesting without end is an error and not an overflow");
}

#[test]
fn an_unknown_can_not_be_written() {
    let tree = Value::from(json!({"m": {"k": "?"}}));
    let error = encode(&tree, &Type::object([("m", Type::map(Type::Number))])).unwrap_err();
    assert_eq!(error.to_string(), r#"["m"]["k"]: an unknown value can't be written as JSON"#);
}

proptest! {
    #[test]
    fn values_round_trip((ty, value) in typed_value(Unknowns::Never)) {
        prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty), Ok(value));
    }

    #[test]
    fn types_round_trip(ty in any_type()) {
        prop_assert_eq!(Type::from_json(&ty.to_json()).unwrap(), ty);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}:,\"a-z0-9.eE+-]{0,40}", ty in any_type()) {
        let _ = decode(text.as_bytes(), &ty);
        let _ = Type::from_json(text.as_bytes());
    }
}
