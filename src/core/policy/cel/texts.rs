//! Parts of texts and lists, by characters, with the bounds and the words of the API server.

use super::{
    error::EvaluationError::{self, *},
    operators::{self, no_such_overload},
};
use kube_cel::cel::Value;
use std::{cmp::Ordering, sync::Arc};

type Result<T = Value> = std::result::Result<T, EvaluationError>;

fn out_of_range<T>(at: i64) -> Result<T> {
    Err(Failed(format!("index out of range: {at}")))
}

fn text(characters: &[char]) -> Value {
    Value::String(Arc::new(characters.iter().collect()))
}

/// Within a text, its end included.
fn index_within(at: i64, characters: &[char]) -> Result<usize> {
    match usize::try_from(at) {
        Ok(index) if index <= characters.len() => Ok(index),
        _ => out_of_range(at),
    }
}

pub(super) fn char_at(arguments: &[Value]) -> Result {
    let [Value::String(of), Value::Int(at)] = arguments else { return no_such_overload() };
    let characters: Vec<char> = of.chars().collect();
    let at = index_within(*at, &characters)?;
    Ok(text(&characters[at..(at + 1).min(characters.len())]))
}

pub(super) fn substring(arguments: &[Value]) -> Result {
    let (of, start, end) = match arguments {
        [Value::String(of), Value::Int(start)] => (of, *start, None),
        [Value::String(of), Value::Int(start), Value::Int(end)] => (of, *start, Some(*end)),
        _ => return no_such_overload(),
    };
    let characters: Vec<char> = of.chars().collect();
    if let Some(end) = end.filter(|end| start > *end) {
        return Err(Failed(format!("invalid substring range. start: {start}, end: {end}")));
    }
    let end = end.map_or(Ok(characters.len()), |end| index_within(end, &characters))?;
    Ok(text(&characters[index_within(start, &characters)?..end]))
}

/// `None`: of a list, which is the library's.
pub(super) fn index_of(arguments: &[Value], is_last: bool) -> Option<Result> {
    let (of, part, from) = match arguments {
        [Value::String(of), Value::String(part)] => (of, part, None),
        [Value::String(of), Value::String(part), Value::Int(from)] => (of, part, Some(*from)),
        _ => return None,
    };
    let (of, part): (Vec<char>, Vec<char>) = (of.chars().collect(), part.chars().collect());
    if let Some(from) = from.filter(|from| *from < 0) {
        return Some(out_of_range(from));
    }
    let from = from.map(|from| usize::try_from(from).unwrap_or(usize::MAX));
    let last = of.len().checked_sub(part.len());
    let mut places = last.into_iter().flat_map(|last| 0..=last).filter(|at| of[*at..*at + part.len()] == part);
    let found = match (is_last, from) {
        (false, from) => places.find(|at| *at >= from.unwrap_or(0)),
        (true, from) => places.rfind(|at| *at <= from.unwrap_or(usize::MAX)),
    };
    Some(Ok(Value::Int(found.map_or(-1, |at| at as i64))))
}

/// A bound below zero is none.
pub(super) fn split(arguments: &[Value]) -> Result {
    let (of, by, most) = match arguments {
        [Value::String(of), Value::String(by)] => (of, by, -1),
        [Value::String(of), Value::String(by), Value::Int(most)] => (of, by, *most),
        _ => return no_such_overload(),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let parts: Vec<String> = match (most, by.as_str()) {
        (0, _) => vec![],
        (most, "") => {
            let characters: Vec<char> = of.chars().collect();
            let single = characters.len().min(most.saturating_sub(1));
            let rest: String = characters[single..].iter().collect();
            let single = characters[..single].iter().map(char::to_string);
            single.chain((!rest.is_empty()).then_some(rest)).collect()
        }
        (most, by) => of.splitn(most, by).map(str::to_owned).collect(),
    };
    Ok(Value::List(Arc::new(parts.into_iter().map(|part| Value::String(Arc::new(part))).collect())))
}

/// A bound below zero is none.
pub(super) fn replace(arguments: &[Value]) -> Result {
    let (of, old, new, most) = match arguments {
        [Value::String(of), Value::String(old), Value::String(new)] => (of, old, new, -1),
        [Value::String(of), Value::String(old), Value::String(new), Value::Int(most)] => (of, old, new, *most),
        _ => return no_such_overload(),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok(Value::String(Arc::new(of.replacen(old.as_str(), new, most))))
}

pub(super) fn join_refusal(arguments: &[Value]) -> Option<Result> {
    let Some(Value::List(items)) = arguments.first() else { return None };
    let are_texts = items.iter().all(|item| matches!(item, Value::String(_)));
    let types = if arguments.len() == 1 { "list" } else { "list, string" };
    (!are_texts).then(|| Err(NoSuchOverload(format!(": join({types})"))))
}

pub(super) fn slice(arguments: &[Value]) -> Result {
    let [Value::List(items), Value::Int(start), Value::Int(end)] = arguments else { return no_such_overload() };
    let fail = |reason: String| Err(Failed(format!("cannot slice({start}, {end}), {reason}")));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return fail("negative indexes not supported".to_owned());
    };
    if from > to {
        return fail("start index must be less than or equal to end index".to_owned());
    }
    match items.get(from..to) {
        Some(part) => Ok(Value::List(Arc::new(part.to_vec()))),
        None => fail(format!("list is length {}", items.len())),
    }
}

/// `min` and `max` of a list.
pub(super) fn extreme(list: &Value, name: &str, wanted: Ordering) -> Result {
    let Value::List(items) = list else { return no_such_overload() };
    let Some((first, rest)) = items.split_first() else {
        return Err(Failed(format!("{name} called on empty list")));
    };
    let mut found = first;
    for item in rest {
        if operators::compare(item, found)? == wanted {
            found = item;
        }
    }
    Ok(found.clone())
}

pub(super) fn sort(list: &Value) -> Result {
    let Value::List(items) = list else { return no_such_overload() };
    let mut sorted = items.as_ref().clone();
    let mut is_comparable = true;
    sorted.sort_by(|a, b| match operators::compare(a, b) {
        Ok(order) => order,
        Err(_) => {
            is_comparable = false;
            Ordering::Equal
        }
    });
    if !is_comparable {
        return Err(Failed("list elements must be comparable".to_owned()));
    }
    Ok(Value::List(Arc::new(sorted)))
}
