//! Every attribute with a value that its type allows and nobody can mean: what is said of it is said at its place, in words of HCL.

use super::*;
use plugin::{Diagnostic, schema::Nesting};

/// A program's words, and those that blame the provider.
const OURS: [&str; 9] = ["u8", "u16", "u32", "i64", "expected", "invalid", "struct", "bug in the provider", "mistake"];

#[test]
fn wrong_numbers_and_nulls_are_errors_at_their_place() {
    let mut places = 0;
    for Declared { name, schema, .. } in declarations() {
        let full = schema::example(&schema);
        for (attribute, tree) in wrong(&schema.attributes, &full) {
            let tree = conform(tree, &schema.ty()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let found = schema::validate(&schema, &schema::with_defaults(&schema, &tree));
            let at = |found: &Diagnostic| found.path.to_string().contains(attribute);
            assert!(found.iter().any(at), "{name}: nothing is said of {attribute}: {found:?}");
            for Diagnostic { summary, .. } in found {
                assert!(!OURS.iter().any(|word| summary.contains(word)), "{name}: {summary}");
            }
            places += 1;
        }
    }
    assert!(places > 80, "{places}");
}

/// The tree with one wrong value, for each place and each value; with the attribute's name.
fn wrong(attributes: &[Attribute], tree: &Value) -> Vec<(&'static str, Value)> {
    let is_written = |attribute: &&Attribute| attribute.mode != Mode::Computed && attribute.refused.is_none();
    let mut all = vec![];
    for attribute in attributes.iter().filter(is_written) {
        let values = match &attribute.kind {
            AttributeType::Plain(ty) => bad(ty).into_iter().map(|value| (attribute.name, value)).collect(),
            AttributeType::Nested(nesting, object) => {
                let value = tree.child(attribute.name);
                let key = value.as_map().and_then(|entries| entries.keys().next()).cloned().unwrap_or_default();
                let (one, whole): (&Value, &dyn Fn(Value) -> Value) = match nesting {
                    Nesting::Single => (value, &|one| one),
                    Nesting::List | Nesting::Set => {
                        (value.elements().and_then(<[Value]>::first).expect("an element"), &|one| {
                            Value::List(vec![one])
                        })
                    }
                    Nesting::Map => (value.child(&key), &|one| Value::map([(key.clone(), one)])),
                };
                let inner = wrong(&object.attributes, one).into_iter();
                let null = (*nesting != Nesting::Single).then_some((attribute.name, Value::Null));
                inner.chain(null).map(|(name, one)| (name, whole(one))).collect::<Vec<_>>()
            }
        };
        all.extend(values.into_iter().map(|(name, value)| {
            let mut tree = tree.as_map().cloned().expect("an object");
            tree.insert(attribute.name.to_owned(), value);
            (name, Value::Map(tree))
        }));
    }
    all
}

fn bad(ty: &Type) -> Vec<Value> {
    let around = |element: &Type, whole: &dyn Fn(Value) -> Value| {
        bad(element).into_iter().chain([Value::Null]).map(whole).collect::<Vec<_>>()
    };
    match ty {
        Type::Number => {
            ["1.5", "-1", "1e30", "70000000"].map(|text| Value::Number(text.parse().expect("a number"))).into()
        }
        Type::List(element) | Type::Set(element) => around(element, &|one| Value::List(vec![one])),
        Type::Map(element) => around(element, &|one| Value::map([("a", one)])),
        _ => vec![],
    }
}
