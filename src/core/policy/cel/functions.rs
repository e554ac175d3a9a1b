//! What a call of a function does: ours, or else the library's. Ours are those that the library lacks, or that differ there: sizes
//! counted in bytes, conversions, sums that overflow, ranges without a bound.

use super::{
    conversions,
    error::EvaluationError::{self, *},
    formats, json,
    library::LibraryCall,
    operators::{self, Binary, no_such_overload},
    optionals::{self, none, some},
    patterns, quantities,
    signatures::signatures,
    texts, words,
};
use kube_cel::cel::{Value, objects::Map};
use std::{cmp::Ordering, fmt, sync::Arc};

type Result<T = Value> = std::result::Result<T, EvaluationError>;

/// One that is ours may leave a value to the library: `None`.
type Own = fn(&[Value]) -> Option<Result>;

pub(super) struct Function {
    name: String,
    takes: Vec<&'static [&'static str]>,
    own: Option<Own>,
    library: LibraryCall,
}

/// Longer lists are refused by the API server's bound on cost.
const LONGEST_RANGE: i64 = 100_000;

// === impl Function ===

impl Function {
    pub(super) fn new(name: &str, is_method: bool, arguments: usize) -> Self {
        let known = signatures(name).iter();
        let known = known.filter(|known| known.is_method == is_method && known.arguments.len() == arguments);
        let library = LibraryCall::new(name, is_method, arguments);
        Self {
            name: name.to_owned(),
            takes: known.map(|known| known.arguments.as_slice()).collect(),
            own: own(name),
            library,
        }
    }

    /// Types are known only now, where they come from a document.
    fn takes(&self, arguments: &[Value]) -> bool {
        self.takes.iter().any(|wanted| wanted.iter().zip(arguments).all(|(wanted, value)| is_of(wanted, value)))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

pub(super) fn call(function: &Function, arguments: &[Value]) -> Result {
    if !function.takes(arguments) {
        return Err(NoSuchOverload(match function.name.as_str() {
            "contains" | "startsWith" | "endsWith" | "matches" => String::new(),
            "size" => ": size".to_owned(),
            name => {
                let types: Vec<&str> = arguments.iter().map(json::type_name).collect();
                format!(": {name}({})", types.join(", "))
            }
        }));
    }
    if let Some(value) = function.own.and_then(|own| own(arguments)) {
        return value;
    }
    let value = function.library.value(arguments);
    value.map_err(|error| words::of_error(&function.name, arguments).unwrap_or(error))
}

/// Of lists and maps what is in them counts where it is used.
fn is_of(wanted: &str, value: &Value) -> bool {
    let name = json::type_name(value);
    match wanted {
        "A" | "B" | "dyn" => true,
        "timestamp" => matches!(value, Value::Timestamp(_)),
        "duration" => matches!(value, Value::Duration(_)),
        "ip" => name == "net.IP",
        "cidr" => name == "net.CIDR",
        "quantity" => name == "kubernetes.Quantity",
        "semver" => name == "kubernetes.Semver",
        "url" => name == "kubernetes.URL",
        "format" => name == "kubernetes.NamedFormat",
        _ if wanted.starts_with("optional<") => name == "optional_type",
        _ => wanted.split('<').next() == Some(name),
    }
}

fn own(name: &str) -> Option<Own> {
    Some(match name {
        "dyn" => |a| Some(Ok(a[0].clone())),
        "type" => |a| Some(Ok(Value::Opaque(Arc::new(json::TypeName(json::type_name(&a[0])))))),
        "size" => |a| Some(size(&a[0])),
        "bool" => |a| Some(conversions::bool(&a[0])),
        "int" => |a| Some(conversions::int(&a[0])),
        "uint" => |a| Some(conversions::uint(&a[0])),
        "double" => |a| Some(conversions::double(&a[0])),
        "bytes" => |a| Some(conversions::bytes(&a[0])),
        "string" => |a| conversions::string(&a[0]),
        "optional.unwrap" | "unwrapOpt" => |a| Some(list(&a[0]).and_then(optionals::present_values)),
        "matches" => |a| patterns::call("matches", a),
        "find" => |a| patterns::call("find", a),
        "findAll" => |a| patterns::call("findAll", a),
        "charAt" => |a| Some(texts::char_at(a)),
        "substring" => |a| Some(texts::substring(a)),
        "indexOf" => |a| texts::index_of(a, false),
        "lastIndexOf" => |a| texts::index_of(a, true),
        "split" => |a| Some(texts::split(a)),
        "replace" => |a| Some(texts::replace(a)),
        "semver" => without_build,
        "quantity" | "isQuantity" => quantities::beyond,
        "getFullYear" => |a| in_zone("getFullYear", a),
        "getMonth" => |a| in_zone("getMonth", a),
        "getDayOfYear" => |a| in_zone("getDayOfYear", a),
        "getDayOfMonth" => |a| in_zone("getDayOfMonth", a),
        "getDate" => |a| in_zone("getDate", a),
        "getDayOfWeek" => |a| in_zone("getDayOfWeek", a),
        "getHours" => |a| in_zone("getHours", a),
        "getMinutes" => |a| in_zone("getMinutes", a),
        "getSeconds" => |a| in_zone("getSeconds", a),
        "getMilliseconds" => |a| in_zone("getMilliseconds", a),
        "join" => texts::join_refusal,
        "slice" => |a| Some(texts::slice(a)),
        "sort" => |a| Some(texts::sort(&a[0])),
        "min" => |a| Some(texts::extreme(&a[0], "min", Ordering::Less)),
        "max" => |a| Some(texts::extreme(&a[0], "max", Ordering::Greater)),
        "format" => |a| Some(formats::format(a)),
        "format.named" => |a| Some(named_format(a)),
        "timestamp" => conversions::timestamp,
        "sum" => |a| Some(sum(&a[0])),
        "lists.range" => |a| Some(range(&a[0])),
        "@sortByAssociatedKeys" => |a| Some(sorted_by(a)),
        "cel.@mapInsert" => |a| Some(map_insert(a)),
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

fn sum(value: &Value) -> Result {
    let items = list(value)?;
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Int(0)) };
    if !matches!(first, Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::Duration(_)) {
        return Err(NoSuchOverload(": sum(list)".to_owned()));
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
        Ok(order) => order,
        Err(error) => {
            problem = Some(error);
            Ordering::Equal
        }
    });
    match problem {
        Some(error) => Err(error),
        None => Ok(Value::List(Arc::new(pairs.into_iter().map(|(_, item)| item.clone()).collect()))),
    }
}

/// What a version was built from does not count in comparisons. `None`: nothing is said of it.
fn without_build(arguments: &[Value]) -> Option<Result> {
    let [Value::String(text), rest @ ..] = arguments else { return None };
    let (version, _) = text.split_once('+')?;
    let version = Value::String(Arc::new(version.to_owned()));
    Some(LibraryCall::new("semver", false, arguments.len()).value(&[&[version], rest].concat()))
}

/// The library leaves zones out, so the time is moved by the offset. `None`: without a zone.
fn in_zone(function: &str, arguments: &[Value]) -> Option<Result> {
    let [at, Value::String(zone)] = arguments else { return None };
    let (hours, minutes) = zone.trim_start_matches(['+', '-']).split_once(':').unwrap_or(("0", "0"));
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let minutes = if zone.starts_with('-') { -minutes } else { minutes };
    let by = LibraryCall::new("duration", false, 1).value(&[Value::String(Arc::new(format!("{minutes}m")))]);
    let moved = by.and_then(|by| operators::binary(Binary::Add, at, &by));
    Some(moved.and_then(|moved| LibraryCall::new(function, true, 1).value(&[moved])))
}

/// One that is not known is absent.
fn named_format(arguments: &[Value]) -> Result {
    let [Value::String(name)] = arguments else { return no_such_overload() };
    if signatures(&format!("format.{name}")).is_empty() {
        return Ok(none());
    }
    LibraryCall::new(&format!("format.{name}"), false, 0).value(&[]).map(some)
}

/// What `transformMap` and `transformMapEntry` come to.
fn map_insert(arguments: &[Value]) -> Result {
    let (map, entries) = match arguments {
        [Value::Map(map), Value::Map(entries)] => {
            (map, entries.map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        [Value::Map(map), key, value] => {
            let key = key.clone().try_into().map_err(|_| NoSuchOverload(String::new()))?;
            (map, vec![(key, value.clone())])
        }
        _ => {
            let types: Vec<&str> = arguments.iter().map(json::type_name).collect();
            return Err(NoSuchOverload(format!(": cel.@mapInsert({})", types.join(", "))));
        }
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
