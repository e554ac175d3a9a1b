//! Random schemas with a configuration, a prior state and an outcome, for the property tests of passes and laws.

use super::{nested::rebuild, *};
use crate::value::{
    Type, Value,
    generate::{Unknowns, value_of},
};
use proptest::prelude::*;

const NAMES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "epsilon"];

fn plain_type() -> impl Strategy<Value = Type> {
    let leaf = || prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    prop_oneof![
        3 => leaf(),
        1 => leaf().prop_map(Type::list),
        1 => leaf().prop_map(Type::set),
        1 => leaf().prop_map(Type::map),
    ]
}

fn text_equal(prior: &Value, new: &Value) -> bool {
    // Two spellings are one value when they begin alike: coarse, so that random values meet it.
    match (prior.as_str(), new.as_str()) {
        (Some(a), Some(b)) => a.chars().next() == b.chars().next(),
        _ => false,
    }
}

fn attributes(depth: usize, in_set: bool, computed_only: bool) -> BoxedStrategy<Vec<Attribute>> {
    let one = move |name: &'static str| {
        let plain = plain_type().prop_map(AttributeType::Plain).boxed();
        let nested = if depth == 0 {
            plain.clone()
        } else {
            prop_oneof![Just(Nesting::Single), Just(Nesting::List), Just(Nesting::Set), Just(Nesting::Map)]
                .prop_flat_map(move |nesting| {
                    attributes(depth - 1, in_set || nesting == Nesting::Set, computed_only)
                        .prop_map(move |attributes| AttributeType::Nested(nesting, object(attributes)))
                })
                .boxed()
        };
        (prop_oneof![3 => plain, 2 => nested], 0..6u8, any::<[bool; 4]>())
            .prop_map(move |(kind, mode, flags)| attribute(name, kind, mode, flags, in_set, computed_only))
    };
    (1..=NAMES.len())
        .prop_flat_map(move |count| NAMES[..count].iter().map(|name| one(name)).collect::<Vec<_>>())
        .boxed()
}

fn attribute(
    name: &'static str,
    kind: AttributeType,
    mode: u8,
    [stable, replaces, equal, write_only]: [bool; 4],
    in_set: bool,
    computed_only: bool,
) -> Attribute {
    let leaf = matches!(kind, AttributeType::Plain(_));
    let default = match &kind {
        AttributeType::Plain(Type::String) => Some(Value::from("standard")),
        AttributeType::Plain(Type::Number) => Some(Value::from(7)),
        _ => None,
    };
    // A computed object holds only what is computed.
    let configurable_parts = match &kind {
        AttributeType::Plain(_) => false,
        AttributeType::Nested(_, object) => object.attributes.iter().any(|part| part.mode != Mode::Computed),
    };
    let mut made = match mode {
        _ if computed_only => computed(name, kind),
        0 => required(name, kind),
        1 | 2 => optional(name, kind),
        3 => optional_computed(name, kind),
        _ if configurable_parts => optional(name, kind),
        _ => computed(name, kind),
    };
    if mode == 2
        && made.mode == Mode::Optional
        && let Some(default) = default
    {
        made = made.default(default);
    }
    if mode == 1 && made.mode == Mode::Optional && leaf && write_only && !in_set {
        made = made.write_only();
    }
    made.stable = stable;
    if replaces && !in_set {
        made = made.replaces();
    }
    if equal && leaf {
        made = made.equal_if(text_equal);
    }
    made
}

pub(crate) fn any_schema() -> impl Strategy<Value = Schema> {
    prop_oneof![6 => attributes(2, false, false), 1 => attributes(1, false, true)].prop_map(Schema::new)
}

/// As core makes it from HCL: computed attributes are null, sets have no known duplicates, and required attributes may be
/// null only because a faulty configuration must not harm the passes.
fn configuration(attributes: &[Attribute], tree: &Value) -> Value {
    let Value::Map(entries) = tree else { return tree.clone() };
    Value::map(attributes.iter().map(|attribute| {
        let value = entries.get(attribute.name).unwrap_or(&crate::value::NULL);
        let value = match &attribute.kind {
            _ if attribute.mode == Mode::Computed => Value::Null,
            AttributeType::Plain(_) => value.clone(),
            AttributeType::Nested(nesting, object) => {
                let made = rebuild(*nesting, value, |_, element| configuration(&object.attributes, element));
                if let Value::Set(elements) = made { Value::set(elements) } else { made }
            }
        };
        (attribute.name, value)
    }))
}

/// One resource's life: what was, what is wanted, and what the provider computes at plan and at apply.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub schema: Schema,
    pub prior: Value,
    pub config: Value,
    /// The configuration at apply, when everything is known.
    pub final_config: Value,
    pub at_plan: Value,
    pub at_apply: Value,
}

pub(crate) fn life() -> impl Strategy<Value = Life> {
    any_schema().prop_flat_map(|schema| {
        let ty = schema.ty();
        let Type::Object(types) = &ty else { panic!("a schema is an object") };
        let whole = |unknowns| {
            types
                .iter()
                .map(|(name, ty)| (Just(name.clone()), value_of(ty, unknowns)))
                .collect::<Vec<_>>()
                .prop_map(Value::map)
        };
        let known = || whole(Unknowns::Never);
        let prior = prop_oneof![1 => Just(Value::Null), 3 => known()];
        let trees = (prior, whole(Unknowns::Allowed), known(), whole(Unknowns::Allowed), known());
        (Just(schema), trees).prop_map(|(schema, (prior, config, late, at_plan, at_apply))| {
            let config = configuration(&schema.attributes, &config);
            let mut known = settle::fill(&config, Some(&late));
            settle::forget_unknowns(&mut known);
            let final_config = configuration(&schema.attributes, &known);
            let prior = null_write_only(&schema, &prior);
            Life { schema, prior, config, final_config, at_plan, at_apply }
        })
    })
}
