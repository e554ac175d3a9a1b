//! What a call of a function does: ours, or else the library's. Ours are those that the library lacks, or that differ there: sizes
//! counted in bytes, conversions, sums that overflow, ranges without a bound.

use super::{
    conversions,
    error::EvaluationError::{self, *},
    json,
    library::LibraryCall,
    operators::{self, no_such_overload},
    optionals::{self, none, some},
    tree::Binary,
};
use kube_cel::cel::{
    Value,
    objects::{Map, Opaque},
};
use std::{fmt, sync::Arc};

type Result<T = Value> = std::result::Result<T, EvaluationError>;

/// One that is ours may leave a value to the library: `None`.
type Own = fn(&[Value]) -> Option<Result>;

pub(super) struct Function {
    name: String,
    own: Option<Own>,
    library: LibraryCall,
}

/// Longer lists are refused by the API server's bound on cost.
const LONGEST_RANGE: i64 = 100_000;

/// What `type()` answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypeName(pub &'static str);

// === impl TypeName ===

impl Opaque for TypeName {
    fn runtime_type_name(&self) -> &str {
        "type"
    }
}

// === impl Function ===

impl Function {
    pub(super) fn new(name: &str, is_method: bool, arguments: usize) -> Self {
        Self { name: name.to_owned(), own: own(name), library: LibraryCall::new(name, is_method, arguments) }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

pub(super) fn call(function: &Function, arguments: &[Value]) -> Result {
    match function.own.and_then(|own| own(arguments)) {
        Some(value) => value,
        None => function.library.value(arguments),
    }
}

fn own(name: &str) -> Option<Own> {
    Some(match name {
        "dyn" => |a| Some(Ok(a[0].clone())),
        "type" => |a| Some(Ok(Value::Opaque(Arc::new(TypeName(json::type_name(&a[0])))))),
        "size" => |a| Some(size(&a[0])),
        "bool" => |a| Some(conversions::bool(&a[0])),
        "int" => |a| Some(conversions::int(&a[0])),
        "uint" => |a| Some(conversions::uint(&a[0])),
        "double" => |a| Some(conversions::double(&a[0])),
        "bytes" => |a| Some(conversions::bytes(&a[0])),
        "string" => |a| conversions::string(&a[0]),
        "contains" => |a| Some(of_strings(a, |text, part| text.contains(part))),
        "startsWith" => |a| Some(of_strings(a, |text, part| text.starts_with(part))),
        "endsWith" => |a| Some(of_strings(a, |text, part| text.ends_with(part))),
        "optional.of" => |a| Some(Ok(some(a[0].clone()))),
        "optional.none" => |_| Some(Ok(none())),
        "optional.ofNonZeroValue" => |a| Some(Ok(if a[0].is_zero() { none() } else { some(a[0].clone()) })),
        "value" => |a| Some(optionals::value(&a[0])),
        "hasValue" => |a| Some(optionals::inner(&a[0]).map_or_else(no_such_overload, |v| Ok(Value::Bool(v.is_some())))),
        "optional.unwrap" | "unwrapOpt" => |a| Some(list(&a[0]).and_then(optionals::unwrapped)),
        "first" => |a| Some(list(&a[0]).map(|items| items.first().cloned().map_or_else(none, some))),
        "last" => |a| Some(list(&a[0]).map(|items| items.last().cloned().map_or_else(none, some))),
        "sum" => |a| Some(sum(&a[0])),
        "lists.range" => |a| Some(range(&a[0])),
        "@sortByAssociatedKeys" => |a| Some(sorted_by(a)),
        "cel.@mapInsert" => |a| Some(inserted(a)),
        _ => return None,
    })
}

fn list(value: &Value) -> Result<&[Value]> {
    match value {
        Value::List(items) => Ok(items),
        _ => no_such_overload(),
    }
}

/// Of texts in characters.
fn size(value: &Value) -> Result {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.map.len(),
        _ => return no_such_overload(),
    };
    Ok(Value::Int(size as i64))
}

fn of_strings(arguments: &[Value], is: fn(&str, &str) -> bool) -> Result {
    match arguments {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(is(text, part))),
        _ => no_such_overload(),
    }
}

fn sum(value: &Value) -> Result {
    let items = list(value)?;
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::Duration(_)) {
        return no_such_overload();
    }
    rest.iter().try_fold(first.clone(), |sum, item| operators::binary(Binary::Add, &sum, item))
}

fn range(value: &Value) -> Result {
    match value {
        Value::Int(end) if *end > LONGEST_RANGE => Err(TooExpensive),
        Value::Int(end) => Ok(Value::List(Arc::new((0..*end).map(Value::Int).collect()))),
        _ => no_such_overload(),
    }
}

/// What `sortBy` comes to: items in the order of their keys.
fn sorted_by(arguments: &[Value]) -> Result {
    let (items, keys) = (list(&arguments[0])?, list(&arguments[1])?);
    let mut pairs: Vec<_> = keys.iter().zip(items).collect();
    let mut problem = None;
    pairs.sort_by(|(a, _), (b, _)| match operators::compare(a, b) {
        Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
        Err(error) => {
            problem = Some(error);
            std::cmp::Ordering::Equal
        }
    });
    match problem {
        Some(error) => Err(error),
        None => Ok(Value::List(Arc::new(pairs.into_iter().map(|(_, item)| item.clone()).collect()))),
    }
}

/// What `transformMap` and `transformMapEntry` come to.
fn inserted(arguments: &[Value]) -> Result {
    let (map, entries) = match arguments {
        [Value::Map(map), Value::Map(entries)] => {
            (map, entries.map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        [Value::Map(map), key, value] => {
            let key = key.clone().try_into().map_err(|_| NoSuchOverload(String::new()))?;
            (map, vec![(key, value.clone())])
        }
        _ => return no_such_overload(),
    };
    let mut all = map.map.as_ref().clone();
    for (key, value) in entries {
        if all.contains_key(&key) {
            return Err(Failed(format!("insert failed: key {key} already exists")));
        }
        all.insert(key, value);
    }
    Ok(Value::Map(Map { map: Arc::new(all) }))
}
