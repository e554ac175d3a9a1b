//! The state after an apply, made so that it can't break core's law: the plan, with what is now known in the places that
//! the plan left open.

use super::{
    Attribute, AttributeType, Mode, Nesting, Object, Schema,
    nested::rebuild,
    pairing::{Left, pair_sets},
    trim::{computed_element, computed_value},
};
use crate::{
    path::Path,
    value::{
        Value,
        set::{by_open_places, mask},
    },
};
use std::collections::{HashMap, HashSet};

/// The outcome of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Nothing in it is unknown.
    pub value: Value,
    /// What the plan promised and the outcome did not give; it is null in `value`. After a success this is a bug of
    /// the resource, and the user must learn of it; after a failure it is what was never reached.
    pub missing: Vec<Path>,
}

/// After a success. A planned value that is known stays, whatever was computed: core would refuse another one. In
/// `computed`, an attribute that is null is null, and one that is absent was not given.
pub fn settle(schema: &Schema, planned: &Value, computed: &Value) -> Settlement {
    finish(schema, object(&schema.attributes, planned, Some(computed), Wins::Plan))
}

/// After a failure, when core accepts what is true in place of what was planned: attributes that are ours alone are as
/// computed, even where the plan knew better.
pub fn partial(schema: &Schema, planned: &Value, computed: &Value) -> Settlement {
    finish(schema, object(&schema.attributes, planned, Some(computed), Wins::Outcome))
}

fn finish(schema: &Schema, mut value: Value) -> Settlement {
    let missing = value.unknown_paths().iter().map(|path| schema.resolve_path(path)).collect();
    forget_unknowns(&mut value);
    Settlement { value, missing }
}

#[derive(Clone, Copy, PartialEq)]
enum Wins {
    Plan,
    Outcome,
}

fn object(attributes: &[Attribute], planned: &Value, ours: Option<&Value>, wins: Wins) -> Value {
    let Value::Map(_) = planned else { return planned.clone() };
    Value::map(attributes.iter().map(|attribute| {
        let ours = ours.and_then(|ours| ours.get(attribute.name));
        (attribute.name, settle_attribute(attribute, planned.child(attribute.name), ours, wins))
    }))
}

fn settle_attribute(attribute: &Attribute, planned: &Value, ours: Option<&Value>, wins: Wins) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if let (Wins::Outcome, Mode::Computed, Some(ours)) = (wins, attribute.mode, ours) {
        return fill(&computed_value(attribute, ours), Some(planned));
    }
    match &attribute.kind {
        AttributeType::Nested(nesting, nested) if !planned.is_unknown() => {
            descend(*nesting, nested, planned, ours, wins)
        }
        _ if planned.is_wholly_known() => planned.clone(),
        _ => fill(planned, ours.map(|ours| computed_value(attribute, ours)).as_ref()),
    }
}

fn descend(nesting: Nesting, nested: &Object, planned: &Value, ours: Option<&Value>, wins: Wins) -> Value {
    let of_set = ours.map(|ours| pair_sets(Left::Planned, nested, planned, ours)).unwrap_or_default();
    let settled = rebuild(nesting, planned, |at, planned| {
        let ours = ours.and_then(|ours| at.partner(ours, &of_set));
        match planned {
            Value::Unknown(_) => ours.map_or_else(|| planned.clone(), |ours| computed_element(nested, ours)),
            _ => object(&nested.attributes, planned, ours, wins),
        }
    });
    // Elements may turn out equal.
    if let Value::Set(elements) = settled { Value::set(elements) } else { settled }
}

/// `value` with its unknown parts taken from the same places of `from`; what is not there stays unknown.
pub(super) fn fill(value: &Value, from: Option<&Value>) -> Value {
    match (value, from) {
        (_, None) => value.clone(),
        (Value::Unknown(_), Some(from)) => from.clone(),
        (Value::Dynamic(dynamic), Some(from)) if dynamic.value.is_unknown() => from.clone(),
        (Value::List(elements), Some(from)) => {
            let from = from.elements().unwrap_or_default();
            Value::List(elements.iter().enumerate().map(|(at, element)| fill(element, from.get(at))).collect())
        }
        (Value::Map(entries), Some(from)) => {
            Value::Map(entries.iter().map(|(key, element)| (key.clone(), fill(element, from.get(key)))).collect())
        }
        (Value::Set(elements), Some(Value::Set(from))) if !value.is_wholly_known() => fill_set(elements, from),
        _ => value.clone(),
    }
}

/// Each element with unknowns becomes one that is new in `from` and agrees with what is known of it. One that finds none
/// is the same as another element, for core lets a set shrink so; if it can't be that either, it stays.
fn fill_set(elements: &[Value], from: &[Value]) -> Value {
    let (known, open): (Vec<&Value>, Vec<&Value>) = elements.iter().partition(|element| element.is_wholly_known());
    let mut filled: Vec<Value> = known.iter().map(|element| (*element).clone()).collect();
    let known: HashSet<&Value> = known.into_iter().collect();
    let mut new: Vec<Option<&Value>> = from.iter().filter(|element| !known.contains(element)).map(Some).collect();
    // An element of which nothing is known takes what the others leave: from the last group to the first.
    for (places, open) in by_open_places(open).into_iter().rev() {
        let mut free: HashMap<Value, Vec<usize>> = HashMap::new();
        for (at, element) in new.iter().enumerate().filter_map(|(at, element)| Some((at, (*element)?))).rev() {
            free.entry(mask(element, &places)).or_default().push(at);
        }
        let mut alone = vec![];
        for element in open {
            let partner = free.get_mut(&mask(element, &places)).and_then(Vec::pop);
            match partner.and_then(|at| new[at].take()) {
                Some(found) => filled.push(fill(element, Some(found))),
                None => alone.push(element),
            }
        }
        if !alone.is_empty() {
            let present: HashSet<Value> = filled.iter().map(|element| mask(element, &places)).collect();
            let lost = alone.into_iter().filter(|element| !present.contains(&mask(element, &places)));
            filled.extend(lost.cloned());
        }
    }
    Value::set(filled)
}

/// Null in every place that is still open.
pub(super) fn forget_unknowns(value: &mut Value) {
    match value {
        Value::Unknown(_) => *value = Value::Null,
        Value::List(elements) | Value::Set(elements) => elements.iter_mut().for_each(forget_unknowns),
        Value::Map(entries) => entries.values_mut().for_each(forget_unknowns),
        Value::Dynamic(dynamic) => forget_unknowns(&mut dynamic.value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
