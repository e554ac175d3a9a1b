//! Everything that a type refuses of a tree. Reading stops at the first fault: what that one is about is set right by an example of the
//! form, or taken out, and the rest is read again.

use super::{YamlError, at, parts_of};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is read of a tree in the end.
pub struct Mended<T> {
    pub faults: Vec<YamlError>,
    /// `None`: what is left of it can't be read.
    pub rest: Option<T>,
    /// Fields that stand in the rest otherwise than in the text, or not at all.
    pub replaced: Vec<Vec<String>>,
}

/// More of them help nobody.
const MOST: usize = 50;

/// `example`: a tree of the same form, which has what others may miss.
pub fn mend<T: DeserializeOwned>(tree: &Value, text: &str, example: &Value) -> Mended<T> {
    let mut tree = tree.clone();
    let mut found = Mended { faults: vec![], rest: None, replaced: vec![] };
    let mut gone = vec![];
    while found.faults.len() < MOST {
        let (field, reason) = match serde_path_to_error::deserialize::<_, T>(&tree) {
            Ok(rest) => return Mended { rest: Some(rest), ..found },
            Err(error) => parts_of(&error),
        };
        let is_unknown = reason.starts_with("unknown field");
        let missing = missing_field(&reason);
        let within = |mut field: Vec<String>| {
            field.extend(missing.map(str::to_owned));
            field
        };
        let written = place_in_text(&field, &gone);
        let (place, place_written) = (within(field.clone()), within(written.clone()));
        // That what was taken out is missing says nothing new.
        if missing.is_none() || !found.replaced.contains(&place_written) {
            let fault = at(text, &written, reason.clone());
            if found.faults.contains(&fault) {
                break;
            }
            found.faults.push(fault);
        }
        let right = example_of(example, &place).filter(|right| !is_unknown && get(&tree, &place) != Some(*right));
        if right.is_some_and(|right| put(&mut tree, &place, right)) {
            found.replaced.push(place_written);
        } else if take_out(&mut tree, &field) {
            if get(&tree, &field[..field.len() - 1]).is_some_and(Value::is_array) {
                gone.push(written.clone());
            }
            if !is_unknown {
                found.replaced.push(written);
            }
        } else {
            break;
        }
    }
    found
}

fn missing_field(reason: &str) -> Option<&str> {
    reason.strip_prefix("missing field `")?.split('`').next()
}

/// With the indices that items had before others of their list were gone.
fn place_in_text(field: &[String], gone: &[Vec<String>]) -> Vec<String> {
    let mut written: Vec<String> = vec![];
    for name in field {
        let of_list = |path: &Vec<String>| match path.split_last() {
            Some((index, list)) if *list == written[..] => index.parse::<usize>().ok(),
            _ => None,
        };
        let mut before: Vec<usize> = gone.iter().filter_map(of_list).collect();
        before.sort_unstable();
        let index = name.parse::<usize>().ok().filter(|_| !before.is_empty());
        let index = index.map(|index| before.into_iter().fold(index, |index, gone| index + usize::from(gone <= index)));
        written.push(index.map_or_else(|| name.clone(), |index| index.to_string()));
    }
    written
}

/// Of a map, whose values are alike, and of a list any of them will do.
fn example_of<'a>(example: &'a Value, place: &[String]) -> Option<&'a Value> {
    place.iter().try_fold(example, |at, name| match at {
        Value::Object(members) => {
            let is_map = members.values().all(Value::is_object);
            members.get(name).or_else(|| members.values().next().filter(|_| is_map))
        }
        Value::Array(items) => items.first(),
        _ => None,
    })
}

fn get<'a>(tree: &'a Value, place: &[String]) -> Option<&'a Value> {
    place.iter().try_fold(tree, |at, name| match at {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        Value::Object(members) => members.get(name),
        _ => None,
    })
}

fn get_mut<'a>(tree: &'a mut Value, place: &[String]) -> Option<&'a mut Value> {
    let mut at = tree;
    for name in place {
        at = match at {
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
            Value::Object(members) => members.get_mut(name)?,
            _ => return None,
        };
    }
    Some(at)
}

fn put(tree: &mut Value, place: &[String], value: &Value) -> bool {
    let Some((name, around)) = place.split_last() else { return false };
    match get_mut(tree, around) {
        Some(Value::Object(members)) => {
            members.insert(name.clone(), value.clone());
            true
        }
        Some(Value::Array(items)) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items[index] = value.clone();
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Not the whole.
fn take_out(tree: &mut Value, place: &[String]) -> bool {
    let Some((name, around)) = place.split_last() else { return false };
    match get_mut(tree, around) {
        Some(Value::Object(members)) => members.remove(name).is_some(),
        Some(Value::Array(items)) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => {
                items.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[serde(rename = "name")]
        _name: String,
        sizes: BTreeMap<String, Size>,
        #[serde(default)]
        list: Vec<Size>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Size {
        #[serde(rename = "most")]
        _most: u8,
        #[serde(rename = "least")]
        _least: u8,
    }

    #[test]
    fn all_faults_are_found_each_at_its_place() {
        let example = json!({"name": "x", "sizes": {"a": {"most": 1, "least": 0}}});
        for (text, expected, left, reason) in [
            ("name: x\nsizes: { a: { most: 1, least: 0 } }\n", &[][..], Some((1, 0)), "as it should be"),
            (
                "nme: x\nsizes: {}\n",
                &["line 1, column 1: nme: unknown field", "line 1, column 1: missing field `name`"],
                Some((0, 0)),
                "a misspelt name, and what is missing by it",
            ),
            (
                "name: x\nsizes:\n  a: { most: 300, least: x }\n  b: { mst: 1, least: 0 }\n",
                &[
                    "line 3, column 26: sizes.a.least: invalid type",
                    "line 3, column 14: sizes.a.most: invalid number",
                    "line 4, column 8: sizes.b.mst: unknown field",
                    "line 4, column 6: sizes.b: missing field `most`",
                ],
                Some((2, 0)),
                "several of one part",
            ),
            (
                "name: x\nsizes: {}\nlist:\n  - { most: 1 }\n  - { most: 2, least: 300 }\n  - { most: 3, least: 0 }\n",
                &["line 4, column 5: list.0: missing field `least`", "line 5, column 23: list.1.least: invalid number"],
                Some((0, 1)),
                "items of which there is no example are left out, and the others keep their places",
            ),
            ("x\n", &["line 1, column 1: invalid type"], None, "nothing is right of it"),
        ] {
            let tree = super::super::read(text).expect(reason);
            let Mended { faults, rest, .. } = mend::<Document>(&tree, text, &example);
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert_eq!(faults.len(), expected.len(), "{reason}: {faults:?}");
            for words in expected {
                assert!(faults.iter().any(|fault| fault.starts_with(words)), "{reason}: {words}: {faults:?}");
            }
            let found = rest.map(|Document { sizes, list, .. }| (sizes.len(), list.len()));
            assert_eq!(found, left, "{reason}");
        }
    }
}
