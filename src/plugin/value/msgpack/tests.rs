use super::*;
use crate::{
    path::{Path, Step},
    value::{
        Bounds, Refinement,
        generate::{Unknowns, any_type, typed_value},
    },
};
use proptest::prelude::*;

fn refined(value: &Value) -> Bounds {
    let Value::Unknown(refinement) = value else { panic!("{value:?} is not unknown") };
    refinement.bounds().cloned().unwrap_or_default()
}

#[test]
fn bytes_that_core_sends_are_read() {
    let text = |text: &str| Value::string(text);
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let cases: &[(&[u8], Type, Value, &str)] = &[
        (b"", Type::String, Value::Null, "an absent value is null"),
        (b"\xc0", Type::Bool, Value::Null, "null of any type"),
        (b"\xd4\x00\x00", Type::Number, Value::unknown(), "unknown of any type"),
        (b"\xc7\x00\x63", Type::String, Value::unknown(), "any other extension is an unknown"),
        (b"\xa2hi", Type::String, text("hi"), "a short string"),
        (b"\xd9\x02hi", Type::String, text("hi"), "the same with a longer header"),
        (b"\xa3e\xcc\x81", Type::String, text("\u{e9}"), "strings are NFC"),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Type::Number, number("18446744073709551615"), "u64"),
        (b"\xd3\x80\0\0\0\0\0\0\0", Type::Number, number("-9223372036854775808"), "i64"),
        (b"\xd0\xff", Type::Number, number("-1"), "i8"),
        (b"\xca\x3f\0\0\0", Type::Number, number("0.5"), "f32"),
        (b"\xcb\x3f\xf8\0\0\0\0\0\0", Type::Number, number("1.5"), "f64"),
        (b"\xcb\x40\0\0\0\0\0\0\0", Type::Number, number("2"), "a float that is whole equals the integer"),
        (b"\xa50.1e1", Type::Number, number("1"), "a decimal as text"),
        (b"\x92\x01\x02", Type::set(Type::Number), Value::set([2.into(), 1.into()]), "a set in any order"),
        (b"\x92\x01\x01", Type::set(Type::Number), Value::set([1.into()]), "a repeated element is one"),
        (b"\x81\xa1k\xc3", Type::map(Type::Bool), Value::map([("k", true.into())]), "a map"),
        (
            b"\x82\xa1b\x01\xa1a\xc0",
            Type::object([("a", Type::String), ("b", Type::Number)]),
            Value::map([("a", Value::Null), ("b", 1.into())]),
            "an object in any order",
        ),
        (b"\x92\xc4\x08\"string\"\xa1x", Type::Dynamic, Value::dynamic(Type::String, text("x")), "a dynamic value"),
        (b"\x92\xc4\x08\"string\"\xc0", Type::Dynamic, Value::dynamic(Type::String, Value::Null), "null with a type"),
        (b"\xd4\x00\x00", Type::Dynamic, Value::unknown(), "a dynamic value of which nothing is known"),
    ];
    for (bytes, ty, value, reason) in cases {
        assert_eq!(decode(bytes, ty).as_ref(), Ok(value), "{reason}");
    }
}

#[test]
fn bytes_that_break_the_rules_are_refused_at_their_place() {
    let object = || Type::object([("a", Type::String), ("b", Type::list(Type::Number))]);
    let at_b = || Path::attribute("b").then(Step::Index(1));
    let cases: &[(&[u8], Type, Path, &str)] = &[
        (b"\x01", Type::String, Path::root(), "the binary form converts nothing"),
        (b"\x81\xa1a\xc0", object(), Path::root(), "an attribute is missing"),
        (b"\x83\xa1a\xc0\xa1b\xc0\xa1c\xc0", object(), Path::root(), "one is too many"),
        (b"\x83\xa1a\xc0\xa1b\xc0\xa1a\xc0", object(), Path::root(), "one comes twice"),
        (b"\x82\xa1a\xc0\xa1b\x92\x01\xa1x", object(), at_b(), "a wrong leaf"),
        (b"\xa2h", Type::String, Path::root(), "the bytes end early"),
        (b"\xa1h\xc0", Type::String, Path::root(), "bytes are left over"),
        (b"\xa1\xff", Type::String, Path::root(), "not UTF-8"),
        (b"\xdd\xff\xff\xff\xff\x01", Type::list(Type::Number), Path::root().then(Step::Index(1)), "a false length"),
        (b"\xdf\xff\xff\xff\xff", Type::map(Type::Number), Path::root(), "a false length of a map"),
        (b"\xdb\xff\xff\xff\xff", Type::String, Path::root(), "a false length of a string"),
        (b"\xcb\x7f\xf0\0\0\0\0\0\0", Type::Number, Path::root(), "infinity"),
        (b"\xcb\x7f\xf8\0\0\0\0\0\0", Type::Number, Path::root(), "not a number"),
        (b"\xa91e9999999", Type::Number, Path::root(), "a number without bounds"),
        (b"\x91\xc0", Type::Tuple(vec![]), Path::root(), "a tuple has its own length"),
        (b"\x92\xc4\x06\"text\"\xc0", Type::Dynamic, Path::root(), "a type that is none"),
    ];
    for (bytes, ty, path, reason) in cases {
        let error = decode(bytes, ty).expect_err(reason);
        assert_eq!(&error.path, path, "{reason}: {error}");
    }
}

#[test]
fn nesting_without_end_is_an_error_and_not_an_overflow() {
    // Each level says "what follows is dynamic again".
    let bytes = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
    assert!(decode(&bytes, &Type::Dynamic).is_err());
    let element = (0..200).fold(Type::String, |ty, _| Type::list(ty));
    assert!(decode(&[0x91; 200], &element).is_err());
}

#[test]
fn refinements_are_kept_both_ways() {
    let number = |n: i64| crate::value::Number::from(n);
    let all = Bounds {
        null: Some(false),
        prefix: Some("arn:".into()),
        lower: Some((number(1), true)),
        upper: Some((number(9), false)),
        min_length: Some(2),
        max_length: Some(3),
    };
    let bytes = encode(&Value::Unknown(all.clone().into()), &Type::String).unwrap();
    assert_eq!(bytes[..3], [0xc7, bytes.len() as u8 - 3, 12], "extension 12");
    assert_eq!(refined(&decode(&bytes, &Type::String).unwrap()), all);

    let plain = encode(&Value::Unknown(Bounds::default().into()), &Type::String).unwrap();
    assert_eq!(plain, [0xd4, 0, 0], "a refinement that promises nothing is never sent");

    let long = Value::Unknown(Refinement::prefix("\u{e9}".repeat(300)));
    let prefix = refined(&decode(&encode(&long, &Type::String).unwrap(), &Type::String).unwrap()).prefix.unwrap();
    assert_eq!(prefix, "\u{e9}".repeat(128), "a prefix is cut at 256 bytes and between characters");

    let later = b"\xc7\x09\x0c\x82\x01\xc2\x09\x92\xa1x\xc3\xc0";
    assert_eq!(
        refined(&decode(&later[..12], &Type::String).unwrap()).null,
        Some(false),
        "unknown keys are passed over"
    );
    assert!(decode(b"\xc7\x02\x0c\x81\x01", &Type::String).is_err(), "a payload that ends early");
}

#[test]
fn what_is_not_of_its_type_is_not_written() {
    let object = Type::object([("a", Type::String)]);
    let empty = || Value::map([] as [(&str, Value); 0]);
    assert!(encode(&empty(), &object).is_err(), "every attribute is written");
    assert!(encode(&Value::map([("a", Value::Null), ("b", Value::Null)]), &object).is_err(), "and no other");
    let error = encode(&Value::map([("a", 1.into())]), &object).unwrap_err();
    assert_eq!(error.to_string(), "a: a string is required, not a number");
    let huge: Value = crate::value::Number::from(u64::MAX).into();
    assert_eq!(encode(&huge, &Type::Number).unwrap(), b"\xb418446744073709551615", "beyond i64: text");
}

#[test]
fn decoding_is_fast_enough_for_thousands_of_resources() {
    let ty = Type::object([("objects", Type::map(Type::String))]);
    let line = "requests.cpu=16 ".repeat(9);
    let objects = Value::map((0..25).map(|n| (format!("k8s/v1/Namespace/{n}"), Value::string(line.clone()))));
    let bytes = encode(&Value::map([("objects", objects)]), &ty).unwrap();
    let started = std::time::Instant::now();
    for _ in 0..1000 {
        assert!(decode(&bytes, &ty).is_ok());
    }
    assert!(started.elapsed().as_secs() < 2, "1000 states of 4 kB took {:?}", started.elapsed());
}

proptest! {
    #[test]
    fn values_round_trip((ty, value) in typed_value(Unknowns::Allowed)) {
        let bytes = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64), ty in any_type()) {
        if let Ok(value) = decode(&bytes, &ty) {
            prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty), Ok(value), "what was read can be written");
        }
    }

    /// Random bytes die at the first marker; damaged ones get further.
    #[test]
    fn damaged_bytes_are_read_or_refused(
        (ty, value) in typed_value(Unknowns::Allowed),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = encode(&value, &ty).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = decode(&bytes, &ty);
        let _ = decode(&bytes[..bytes.len() / 2], &ty);
    }
}
