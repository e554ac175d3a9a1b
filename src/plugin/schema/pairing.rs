//! Which element of one set of objects is which of another, when they differ in what is computed.
//!
//! Elements have no identity but their value, so they pair by what can be configured: first by all of it, then by what is
//! not ours to decide either. By hash, in two passes over each side.
//!
//! What a plan promises for an element must still hold when the plan is made again with everything known. So while any
//! configured element has an unknown part, the second pass pairs only what nothing that becomes known can change.

use super::{Object, trim::set_key};
use crate::value::Value;
use std::collections::{HashMap, VecDeque};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Left {
    /// What is unknown on the left will be known when the same elements are paired again.
    Configured,
    /// What is unknown on the left is what the right side must give.
    Planned,
}

/// For each element of a set on the left, its partner in the set on the right; nothing for other values.
pub(super) fn pair_sets<'v>(kind: Left, object: &Object, left: &Value, right: &'v Value) -> Vec<Option<&'v Value>> {
    match (left, right.elements()) {
        (Value::Set(left), Some(right)) => pair(kind, object, left, right),
        _ => vec![],
    }
}

/// For each element on the left, its partner on the right if it has one. No element on the right is given twice.
fn pair<'v>(kind: Left, object: &Object, left: &[Value], right: &'v [Value]) -> Vec<Option<&'v Value>> {
    let mut found = vec![None; left.len()];
    if right.is_empty() || left.is_empty() {
        return found;
    }
    let keys = |elements: &[Value], optional_too: bool| -> Vec<Value> {
        elements.iter().map(|element| set_key(object, element, optional_too)).collect()
    };
    let mut taken = vec![false; right.len()];
    assign(&keys(left, true), &keys(right, true), &mut found, &mut taken, right);

    let (mut left_keys, right_keys) = (keys(left, false), keys(right, false));
    if kind == Left::Configured && !left.iter().all(Value::is_wholly_known) {
        if !left_keys.iter().all(Value::is_wholly_known) {
            return found;
        }
        let (on_left, on_right) = (count(&left_keys), count(&right_keys));
        let ambiguous: Vec<bool> =
            left_keys.iter().map(|key| on_left.get(key) != Some(&1) || on_right.get(key) != Some(&1)).collect();
        // An unknown key equals none on the right, where everything is known.
        for (key, _) in left_keys.iter_mut().zip(ambiguous).filter(|(_, ambiguous)| *ambiguous) {
            *key = Value::unknown();
        }
    }
    assign(&left_keys, &right_keys, &mut found, &mut taken, right);
    found
}

fn assign<'v>(
    left: &[Value],
    right: &[Value],
    found: &mut [Option<&'v Value>],
    taken: &mut [bool],
    elements: &'v [Value],
) {
    let mut free: HashMap<&Value, VecDeque<usize>> = HashMap::new();
    for (at, key) in right.iter().enumerate().filter(|(at, key)| !taken[*at] && key.is_wholly_known()) {
        free.entry(key).or_default().push_back(at);
    }
    for (partner, key) in found.iter_mut().zip(left).filter(|(partner, _)| partner.is_none()) {
        if let Some(at) = free.get_mut(key).and_then(VecDeque::pop_front) {
            taken[at] = true;
            *partner = Some(&elements[at]);
        }
    }
}

fn count(keys: &[Value]) -> HashMap<&Value, usize> {
    keys.iter().fold(HashMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}
