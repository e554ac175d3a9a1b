//! Default and largest requests of containers.

use crate::kinds::{
    canonical::{canonical_json, quantity, write_set},
    kind::Kind,
    words::{Row, value},
};
use serde_json::{Map, Value};

const LIMITS: &str = "/spec/limits";

pub const KIND: Kind = Kind {
    canonical: |path, value| match value {
        Value::Array(items) if path == LIMITS => {
            let mut out = String::new();
            write_set(&mut out, items.iter().map(canonical_item));
            Some(out)
        }
        _ => None,
    },
    words: |rest| rest.take_as(LIMITS, limits).unwrap_or_default(),
    roots: &["spec"],
    is_tunable: true,
    ..Kind::namespaced("v1", "LimitRange", "limitranges")
};

/// `{type, max, min, default, defaultRequest, maxLimitRequestRatio}`: maps of quantities but for the type.
fn canonical_item(item: &Value) -> String {
    let mut item = item.clone();
    let resources = item.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for value in resources.flat_map(Map::values_mut).filter(|value| value.is_string() || value.is_number()) {
        *value = Value::String(quantity(value));
    }
    canonical_json(&item)
}

/// `default.cpu 500m`; what is not about containers says so.
fn limits(items: &Value) -> Option<Vec<Row>> {
    let limits: Option<Vec<Vec<Row>>> = items.as_array()?.iter().map(limit).collect();
    Some(limits?.into_iter().flatten().collect())
}

fn limit(item: &Value) -> Option<Vec<Row>> {
    let prefix = match item.get("type")?.as_str()? {
        "Container" => String::new(),
        other => format!("{other}."),
    };
    let mut rows = vec![];
    for (name, quantities) in item.as_object()?.iter().filter(|(name, _)| *name != "type") {
        for (resource, quantity) in quantities.as_object()? {
            rows.push(Row::one(format!("{prefix}{name}.{resource}"), value(quantity.as_str()?)));
        }
    }
    Some(rows)
}
