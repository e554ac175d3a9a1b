//! Values in the place of unknown ones: what does not differ between them does not depend on what is unknown, and may be planned
//! as known.

use super::{Attribute, AttributeType, Object, Schema};
use crate::{
    path::{Path, Step},
    value::{Type, Value},
};

/// More trees than this only for an attribute with more choices.
const AT_MOST: usize = 16;

/// Trees that are like this one but for the values at `paths`, which are unknown there: each of these becomes every value that it
/// may turn out to be, if they are few, or several that differ. `prior` has what is there now, which comes first. `None`: for one
/// of them nothing can stand in.
pub fn stand_ins(schema: &Schema, tree: &Value, prior: &Value, paths: &[Path]) -> Option<Vec<Value>> {
    let choices = paths.iter().map(|path| candidates(schema, path, prior)).collect::<Option<Vec<_>>>()?;
    let longest = choices.iter().map(Vec::len).max().unwrap_or(1);
    let product = choices.iter().try_fold(1_usize, |product, few| product.checked_mul(few.len()));
    let all = product.filter(|product| *product <= AT_MOST);
    (0..all.unwrap_or(longest.max(AT_MOST)))
        .map(|at| {
            let mut stride = 1;
            paths.iter().zip(&choices).enumerate().try_fold(tree.clone(), |tree, (place, (path, few))| {
                let index = match all {
                    Some(_) => at / stride,
                    // All that each may be, and then mixed.
                    None if at < longest => at + place,
                    None => scatter(at, place),
                };
                stride *= few.len();
                put(tree, path.steps(), few[index % few.len()].clone())
            })
        })
        .collect()
}

fn scatter(a: usize, b: usize) -> usize {
    let mixed = (a.wrapping_mul(0x9E37_79B9) ^ b.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0xC2B2_AE35);
    mixed >> 16
}

fn put(tree: Value, steps: &[Step], value: Value) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match (step, tree) {
        (Step::Attribute(name) | Step::Key(name), Value::Map(mut entries)) => {
            let inner = entries.remove(name)?;
            entries.insert(name.clone(), put(inner, rest, value)?);
            Some(Value::Map(entries))
        }
        (Step::Index(index), Value::List(mut elements)) => {
            let at = usize::try_from(*index).ok().filter(|at| *at < elements.len())?;
            elements[at] = put(std::mem::replace(&mut elements[at], Value::Null), rest, value)?;
            Some(Value::List(elements))
        }
        (Step::Index(index), Value::Set(mut elements)) => {
            let at = usize::try_from(*index).ok().filter(|at| *at < elements.len())?;
            elements[at] = put(std::mem::replace(&mut elements[at], Value::Null), rest, value)?;
            Some(Value::set(elements))
        }
        _ => None,
    }
}

/// Small and large, since a rounded share of a small amount is the same for many.
const TEXTS: [&str; 12] = [
    "2",
    "300",
    "512Mi",
    "768Gi",
    "stand-in-a",
    "stand-in-b",
    "1.30",
    "1.31",
    "10.1.0.0/16",
    "10.2.0.0/16",
    "arn:aws:iam::111122223333:role/stand-in-a",
    "arn:aws:iam::111122223333:role/stand-in-b",
];

fn candidates(schema: &Schema, path: &Path, prior: &Value) -> Option<Vec<Value>> {
    let (attribute, rest) = find(&schema.attributes, path.steps())?;
    let mut found: Vec<Value> = prior.at(path).filter(|value| value.is_wholly_known()).cloned().into_iter().collect();
    let mut add = |values: Vec<Value>| {
        for value in values {
            if !found.contains(&value) {
                found.push(value);
            }
        }
    };
    let ty = rest.iter().try_fold(attribute.kind.ty(), |ty, _| match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some(*element),
        _ => None,
    })?;
    let passes = |value: &Value| {
        let whole = rest.iter().rev().fold(value.clone(), |inner, step| match step {
            Step::Key(name) | Step::Attribute(name) => Value::map([(name.clone(), inner)]),
            Step::Index(_) => Value::List(vec![inner]),
        });
        attribute.checks.iter().all(|check| check.run(&whole).is_ok())
    };
    match &ty {
        Type::Bool => add(vec![true.into(), false.into()]),
        _ if !attribute.choices.is_empty() => add(attribute.choices.iter().map(|choice| (*choice).into()).collect()),
        Type::Number => add([3, 2, 60, 61].map(Value::from).into_iter().filter(passes).take(4).collect()),
        Type::String => add(TEXTS.into_iter().map(Value::from).filter(passes).take(4).collect()),
        _ => {
            let example = super::example::fill(attribute);
            add(if rest.is_empty() { vec![example] } else { vec![] });
            // Others than those that are written elsewhere: else what is unknown would seem to add nothing.
            let single = |text: &str| match &ty {
                Type::List(element) if **element == Type::String => Some(Value::List(vec![text.into()])),
                Type::Set(element) if **element == Type::String => Some(Value::set([text.into()])),
                _ => None,
            };
            add(TEXTS.into_iter().filter_map(single).filter(passes).take(2).collect());
        }
    }
    if rest.is_empty() && !attribute.is_required() {
        add(vec![attribute.default.clone().unwrap_or(Value::Null)]);
    }
    (found.len() > 1).then_some(found)
}

/// The attribute that a path ends in, and the steps inside its value.
fn find<'a, 'p>(attributes: &'a [Attribute], steps: &'p [Step]) -> Option<(&'a Attribute, &'p [Step])> {
    let (Step::Attribute(name) | Step::Key(name), rest) = steps.split_first()? else { return None };
    let attribute = attributes.iter().find(|attribute| attribute.name == *name)?;
    let AttributeType::Nested(nesting, Object { attributes, .. }) = &attribute.kind else {
        return Some((attribute, rest));
    };
    let inside = if *nesting == super::Nesting::Single { rest } else { rest.get(1..).unwrap_or_default() };
    if inside.is_empty() { Some((attribute, rest)) } else { find(attributes, inside) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{map_of, object, optional, required};
    use std::collections::BTreeSet;

    fn schema() -> Schema {
        let quota =
            optional("quota", Type::map(Type::String)).check::<std::collections::BTreeMap<String, String>>(|quota| {
                if quota.values().all(|value| value.ends_with('i')) { Ok(()) } else { Err("bytes only".to_owned()) }
            });
        Schema::new([
            optional("mode", Type::String).one_of(&["a", "b", "c"]),
            optional("on", Type::Bool),
            required("name", Type::String),
            quota,
            optional("spaces", map_of(object([optional("size", Type::Number)]))),
            optional("names", Type::set(Type::String)),
        ])
    }

    fn paths(tree: &Value) -> Vec<Path> {
        tree.unknown_paths().iter().map(|path| schema().resolve_path(path)).collect()
    }

    #[test]
    fn what_may_be_few_values_becomes_each_of_them() {
        let unknown = Value::unknown;
        for (tree, prior, expected, reason) in [
            (Value::map([("on", unknown())]), Value::map([("on", Value::Null)]), 3, "true, false, null"),
            (Value::map([("mode", unknown())]), Value::map([("mode", "b".into())]), 4, "each choice and null"),
            (Value::map([("on", unknown()), ("mode", unknown())]), Value::Null, 12, "all of both"),
            (
                Value::map([("names", unknown())]),
                Value::map([("names", Value::set(["a".into()]))]),
                5,
                "others than are there",
            ),
            (Value::map([("name", unknown())]), Value::map([("name", "x".into())]), 5, "a required text is never null"),
            (Value::map([("quota", Value::map([("cpu", unknown())]))]), Value::Null, 2, "inside a map, by its rule"),
            (
                Value::map([("spaces", Value::map([("a", Value::map([("size", unknown())]))]))]),
                Value::Null,
                5,
                "inside of an object in a map",
            ),
        ] {
            let trees = stand_ins(&schema(), &tree, &prior, &paths(&tree)).expect(reason);
            let distinct: BTreeSet<String> = trees.iter().map(|tree| format!("{tree:?}")).collect();
            assert_eq!(distinct.len(), expected, "{reason}: {distinct:?}");
            assert!(trees.iter().all(Value::is_wholly_known), "{reason}");
        }
    }

    #[test]
    fn what_is_there_comes_first() {
        let tree = Value::map([("name", Value::unknown())]);
        let trees = stand_ins(&schema(), &tree, &Value::map([("name", "pay".into())]), &paths(&tree)).expect("some");
        assert_eq!(trees[0].child("name").as_str(), Some("pay"));
    }
}
