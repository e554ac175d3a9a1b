use super::{
    generate::{Unknowns, typed_value},
    *,
};
use crate::path::{Path, Step};
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

fn hashed(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn values_are_equal_by_meaning() {
    let refined = Value::Unknown(Refinement::not_null());
    let a = || Value::string("a");
    let b = || Value::string("b");
    let cases = [
        (Value::unknown(), refined, true, "core ignores refinements when it compares"),
        (Value::Set(vec![a(), b()]), Value::Set(vec![b(), a()]), true, "a set has no order"),
        (
            Value::Set(vec![a(), a(), b()]),
            Value::Set(vec![a(), b(), b()]),
            false,
            "elements count as often as they are",
        ),
        (Value::List(vec![a(), b()]), Value::List(vec![b(), a()]), false, "a list has"),
        (Value::List(vec![a()]), Value::Set(vec![a()]), false, "a list is not a set"),
        (Value::string("e\u{301}"), Value::string("\u{e9}"), true, "strings are NFC from the start"),
        (Value::Null, Value::unknown(), false, "null is known"),
        (
            Value::Set(vec![Value::Set(vec![a(), b()]), Value::Set(vec![])]),
            Value::Set(vec![Value::Set(vec![]), Value::Set(vec![b(), a()])]),
            true,
            "sets of sets too",
        ),
    ];
    for (left, right, equal, reason) in cases {
        assert_eq!(left == right, equal, "{reason}");
        assert!(!equal || hashed(&left) == hashed(&right), "equal values hash equal: {reason}");
    }
}

#[test]
fn a_value_is_small() {
    assert!(size_of::<Value>() <= 32, "thousands of them are alive during a plan: {}", size_of::<Value>());
}

#[test]
fn a_large_set_is_compared_by_hash() {
    let elements = |range: std::ops::Range<i64>| range.map(|n| Value::map([("n", Value::from(n))]));
    let forward = Value::set(elements(0..20_000));
    let backward = Value::Set(elements(0..20_000).rev().collect());
    let other = Value::Set(elements(1..20_001).rev().collect());
    let started = std::time::Instant::now();
    assert!(forward == backward && forward != other);
    // One by one, this would be 200 million comparisons of maps.
    assert!(started.elapsed().as_secs() < 5, "comparing sets must not be quadratic: {:?}", started.elapsed());
}

#[test]
fn duplicates_leave_a_set_only_when_they_are_known() {
    let set = Value::set([Value::from(1), Value::unknown(), Value::from(1), Value::unknown(), Value::from(2)]);
    let kept = Value::Set(vec![Value::from(1), Value::unknown(), Value::unknown(), Value::from(2)]);
    assert_eq!(set, kept, "two unknowns may turn out different");
}

#[test]
fn a_path_leads_to_a_value() {
    let tree = Value::map([("a", Value::List(vec![Value::map([("k", Value::from(true))])]))]);
    let path = Path::attribute("a").then(Step::Index(0)).then(Step::Key("k".into()));
    assert_eq!(tree.at(&path), Some(&Value::Bool(true)));
    assert_eq!(tree.at(&path.then(Step::Index(0))), None, "a leaf has no inside");
}

proptest! {
    #[test]
    fn what_is_not_known_is_found((_, tree) in typed_value(Unknowns::Allowed)) {
        let paths = tree.unknown_paths();
        prop_assert_eq!(paths.is_empty(), tree.is_wholly_known());
        for path in paths {
            let found = tree.at(&path).expect("a path leads to a value");
            prop_assert!(found.is_unknown() || matches!(found.inner(), Value::Set(_)) && !found.is_wholly_known());
        }
    }

    #[test]
    fn conforming_changes_nothing_that_fits((ty, value) in typed_value(Unknowns::Allowed)) {
        prop_assert_eq!(codec::fits(&value, &ty), Ok(()));
        prop_assert_eq!(codec::conform(value.clone(), &ty), Ok(value));
    }
}
