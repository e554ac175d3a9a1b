//! Sets are vectors whose order means nothing. Everything here goes by hash: pairing elements one by one is what makes
//! plans of large sets take minutes elsewhere (hashicorp/terraform-plugin-framework#775).

use super::Value;
use crate::path::{Path, Step};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
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

/// Elements of a set with their unknown parts, grouped by where these are. Within a group an element finds what it may have
/// become by a lookup: it is the known element that is equal to it when both are [`masked`] there.
///
/// The groups with the most places come last; an element of which nothing is known has the root as its only place, and
/// comes first.
pub(crate) fn by_open_places<'v>(elements: impl IntoIterator<Item = &'v Value>) -> BTreeMap<Vec<Path>, Vec<&'v Value>> {
    let mut groups: BTreeMap<Vec<Path>, Vec<&Value>> = BTreeMap::new();
    for element in elements {
        let mut places = vec![];
        open_places(element, &mut Path::root(), &mut places);
        groups.entry(places).or_default().push(element);
    }
    groups
}

/// Where a value is not known. A set within counts as a whole: its elements have no place.
fn open_places(value: &Value, at: &mut Path, found: &mut Vec<Path>) {
    match value {
        Value::Unknown(_) => found.push(at.clone()),
        Value::Set(_) if !value.is_wholly_known() => found.push(at.clone()),
        Value::List(elements) => {
            for (index, element) in (0i64..).zip(elements) {
                at.push(Step::Index(index));
                open_places(element, at, found);
                at.pop();
            }
        }
        Value::Map(entries) => {
            for (key, element) in entries {
                at.push(Step::Key(key.clone()));
                open_places(element, at, found);
                at.pop();
            }
        }
        Value::Dynamic(dynamic) => open_places(&dynamic.value, at, found),
        _ => {}
    }
}

/// The value with unknowns in these places.
pub(crate) fn masked(value: &Value, places: &[Path]) -> Value {
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
