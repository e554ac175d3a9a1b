//! Sets are vectors whose order means nothing. Everything here goes by hash: pairing elements one by one is what makes
//! plans of large sets take minutes elsewhere (hashicorp/terraform-plugin-framework#775).

use super::tree::Value;
use crate::path::{Path, Step};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

impl Value {
    /// A set without the elements that are known to be duplicates.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Self {
        Self::Set(distinct(elements.into_iter().collect()))
    }
}

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

/// A sum, so that the order can't matter. The hasher has fixed keys: equal sets must hash equal everywhere.
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

/// Elements of a set with their unknown parts, grouped by where these are. Within a group an element finds what it may have
/// become by a lookup: it is the known element that is equal to it when both are masked there.
///
/// The groups with the most places come last; an element of which nothing is known has the root as its only place, and
/// comes first.
pub(crate) fn by_open_places<'v>(elements: impl IntoIterator<Item = &'v Value>) -> BTreeMap<Vec<Path>, Vec<&'v Value>> {
    let mut groups: BTreeMap<Vec<Path>, Vec<&Value>> = BTreeMap::new();
    for element in elements {
        groups.entry(element.unknown_paths()).or_default().push(element);
    }
    groups
}

/// The value with unknowns in these places.
pub(crate) fn mask(value: &Value, places: &[Path]) -> Value {
    let mut value = value.clone();
    for path in places {
        if let Some(place) = path.steps().iter().try_fold(&mut value, inside) {
            *place = Value::unknown();
        }
    }
    value
}

fn inside<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get_mut(name),
        (Value::List(elements), Step::Index(index)) => elements.get_mut(usize::try_from(*index).ok()?),
        (Value::Dynamic(dynamic), step) => inside(&mut dynamic.value, step),
        _ => None,
    }
}
