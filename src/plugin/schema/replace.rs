//! Which changes destroy the object and make another one.

use super::{Attribute, AttributeType, Nesting, Replace, Schema, nested::objects};
use crate::{
    path::{Path, Step},
    value::{NULL, Value},
};
use std::collections::HashSet;

/// The attributes whose change replaces. An unknown never does: if it turns out different at apply, a clear error requires
/// a new plan, which is better than a plan that destroys what need not be destroyed.
///
/// An element that is new or gone is a change of its collection, so only the collection's own `replaces` counts, not that
/// of the attributes inside it: a new namespace must not replace the environment.
pub fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut found = vec![];
    object(&schema.attributes, prior, planned, &Path::root(), &mut found);
    found
}

fn object(attributes: &[Attribute], prior: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    let (Value::Map(_), Value::Map(_)) = (prior, planned) else {
        return;
    };
    for attribute in attributes {
        let (prior, planned) = (prior.child(attribute.name), planned.child(attribute.name));
        let here = || at.clone().then(Step::Attribute(attribute.name.to_owned()));
        let replaces = match attribute.replace {
            Replace::Never => false,
            Replace::Always => certainly_differs(prior, planned),
            Replace::If(condition) => planned.is_wholly_known() && prior != planned && condition(prior, planned),
        };
        if replaces {
            found.push(here());
        }
        // No path leads to an element of a set; the laws of schemas refuse `replaces` inside one.
        if let AttributeType::Nested(nesting @ (Nesting::Single | Nesting::List | Nesting::Map), nested) =
            &attribute.kind
        {
            for (place, planned) in objects(*nesting, planned) {
                let prior = place.partner(prior, &[]).unwrap_or(&NULL);
                object(&nested.attributes, prior, planned, &here().then_maybe(place.step()), found);
            }
        }
    }
}

/// Different whatever the unknown parts turn out to be.
pub(crate) fn certainly_differs(prior: &Value, planned: &Value) -> bool {
    match (prior, planned) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => false,
        (Value::List(prior), Value::List(planned)) => {
            prior.len() != planned.len() || prior.iter().zip(planned).any(|(a, b)| certainly_differs(a, b))
        }
        (Value::Map(prior), Value::Map(planned)) => {
            prior.len() != planned.len()
                || planned.iter().any(|(key, b)| prior.get(key).is_none_or(|a| certainly_differs(a, b)))
        }
        (Value::Set(before), Value::Set(after)) if !planned.is_wholly_known() => {
            let before: HashSet<&Value> = before.iter().collect();
            after.iter().any(|element| element.is_wholly_known() && !before.contains(element))
        }
        (Value::Dynamic(prior), Value::Dynamic(planned)) => certainly_differs(&prior.value, &planned.value),
        _ => prior != planned,
    }
}
