//! Which element of one set of objects is which of another, when they differ in what is computed.
//!
//! Elements have no identity but their value, so they pair by what can be configured: first by all of it, then by what is
//! not ours to decide either. By hash, in two passes over each side.

use super::{Object, trim::set_key};
use crate::value::Value;
use std::collections::{HashMap, VecDeque};

/// For each element on the left, its partner on the right if it has one. No element on the right is given twice.
pub(super) fn pair<'v>(object: &Object, left: &[Value], right: &'v [Value]) -> Vec<Option<&'v Value>> {
    let mut found = vec![None; left.len()];
    if right.is_empty() {
        return found;
    }
    let mut taken = vec![false; right.len()];
    for optional_too in [true, false] {
        let mut free: HashMap<Value, VecDeque<usize>> = HashMap::new();
        for (at, element) in right.iter().enumerate().filter(|(at, _)| !taken[*at]) {
            free.entry(set_key(object, element, optional_too))
                .or_default()
                .push_back(at);
        }
        for (partner, element) in found.iter_mut().zip(left).filter(|(partner, _)| partner.is_none()) {
            let candidates = free.get_mut(&set_key(object, element, optional_too));
            if let Some(at) = candidates.and_then(VecDeque::pop_front) {
                taken[at] = true;
                *partner = Some(&right[at]);
            }
        }
    }
    found
}
