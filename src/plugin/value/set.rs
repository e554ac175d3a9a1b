//! Sets are vectors whose order means nothing. Everything here goes by hash: pairing elements one by one is what makes
//! plans of large sets take minutes elsewhere (hashicorp/terraform-plugin-framework#775).

use super::Value;
use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// Same elements, as often, in any order.
pub(super) fn same(a: &[Value], b: &[Value]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a == b {
        return true;
    }
    let mut surplus: HashMap<&Value, usize> = HashMap::with_capacity(a.len());
    for element in a {
        *surplus.entry(element).or_default() += 1;
    }
    b.iter().all(|element| match surplus.get_mut(element) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    })
}

/// A sum, so that the order can't matter. The hasher has fixed keys: equal sets must hash equal whoever asks.
pub(super) fn hash(elements: &[Value]) -> u64 {
    elements.iter().fold(elements.len() as u64, |sum, element| {
        let mut hasher = DefaultHasher::new();
        element.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}

/// Drops known duplicates and keeps the order. Two elements with unknowns may turn out different, so both stay.
pub fn distinct(elements: Vec<Value>) -> Vec<Value> {
    let repeated = duplicates(&elements);
    if repeated.is_empty() {
        return elements;
    }
    let mut next = repeated.into_iter().peekable();
    elements
        .into_iter()
        .enumerate()
        .filter(|(index, _)| next.next_if_eq(index).is_none())
        .map(|(_, element)| element)
        .collect()
}

/// The indices of elements that are wholly known and equal to an earlier one.
pub fn duplicates(elements: &[Value]) -> Vec<usize> {
    let mut seen = HashSet::with_capacity(elements.len());
    let known = elements.iter().enumerate().filter(|(_, element)| element.is_wholly_known());
    known.filter(|(_, element)| !seen.insert(*element)).map(|(index, _)| index).collect()
}
