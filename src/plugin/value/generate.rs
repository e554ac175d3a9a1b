//! Random types and random values of a type, for the property tests of this crate.

use super::{Bounds, Number, Refinement, Type, Value};
use proptest::prelude::*;

pub(crate) fn any_type() -> impl Strategy<Value = Type> {
    prop_oneof![3 => static_type(), 1 => with_dynamic()]
}

/// What may stand in a set: no `dynamic` anywhere.
fn static_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

fn with_dynamic() -> impl Strategy<Value = Type> {
    (static_type(), 0..4usize).prop_map(|(ty, shape)| match shape {
        0 => Type::Dynamic,
        1 => Type::list(Type::Dynamic),
        2 => Type::object([("d", Type::Dynamic), ("s", ty)]),
        _ => Type::map(Type::Tuple(vec![Type::Dynamic, ty])),
    })
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unknowns {
    Allowed,
    Never,
}

pub(crate) fn value_of(ty: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    let known = known_of(ty, unknowns);
    match unknowns {
        Unknowns::Allowed => {
            prop_oneof![6 => known, 1 => Just(Value::Null), 1 => refinement().prop_map(Value::Unknown)].boxed()
        }
        Unknowns::Never => prop_oneof![6 => known, 1 => Just(Value::Null)].boxed(),
    }
}

fn known_of(ty: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(Value::string).boxed(),
        Type::List(element) => prop::collection::vec(value_of(element, unknowns), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => prop::collection::vec(value_of(element, unknowns), 0..4).prop_map(Value::set).boxed(),
        Type::Map(element) => {
            prop::collection::btree_map(text(), value_of(element, unknowns), 0..4).prop_map(Value::map).boxed()
        }
        Type::Tuple(types) => {
            types.iter().map(|ty| value_of(ty, unknowns)).collect::<Vec<_>>().prop_map(Value::List).boxed()
        }
        Type::Object(attributes) => attributes
            .iter()
            .map(|(name, ty)| (Just(name.clone()), value_of(ty, unknowns)))
            .collect::<Vec<_>>()
            .prop_map(Value::map)
            .boxed(),
        Type::Dynamic => static_type()
            .prop_flat_map(move |ty| {
                let value = value_of(&ty, unknowns);
                (Just(ty), value).prop_map(|(ty, value)| Value::dynamic(ty, value))
            })
            .boxed(),
    }
}

/// ASCII, composed and decomposed letters, escapes and astral characters.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[a-z]{0,8}", 1 => "\\PC{0,8}", 1 => "[e\u{301}\u{e9}\"\\\\\n\u{1f980}]{0,5}"]
}

pub(crate) fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        (-99i64..99).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", |float| Number::exact(float).ok()),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?([eE][+-]?[0-9]{1,2})?".prop_filter_map("short", |text| text.parse().ok()),
    ]
}

fn refinement() -> impl Strategy<Value = Refinement> {
    let bound = || prop::option::of((number(), any::<bool>()));
    let length = || prop::option::of(0i64..1000);
    let text = || prop::option::of(text());
    (prop::option::of(any::<bool>()), text(), bound(), bound(), length(), length()).prop_map(
        |(null, prefix, lower, upper, min_length, max_length)| {
            let prefix = prefix.map(super::text::nfc);
            Bounds { null, prefix, lower, upper, min_length, max_length }.into()
        },
    )
}

pub(crate) fn typed_value(unknowns: Unknowns) -> impl Strategy<Value = (Type, Value)> {
    any_type().prop_flat_map(move |ty| {
        let value = value_of(&ty, unknowns);
        (Just(ty), value)
    })
}
