//! Default and largest requests of containers.

use crate::kinds::{
    canonical::{canonical_json, quantity, write_set},
    kind::Kind,
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
    words: |rest| rest.take_as(LIMITS, limits).into_iter().collect(),
    roots: &["spec"],
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

/// `Container default.cpu=500m defaultRequest.cpu=100m`
fn limits(items: &Value) -> Option<String> {
    let texts: Option<Vec<String>> = items.as_array()?.iter().map(limit).collect();
    Some(texts?.join("; "))
}

fn limit(item: &Value) -> Option<String> {
    let mut text = item.get("type")?.as_str()?.to_owned();
    for (name, values) in item.as_object()?.iter().filter(|(name, _)| *name != "type") {
        for (resource, quantity) in values.as_object()? {
            text.push_str(&format!(" {name}.{resource}={}", quantity.as_str()?));
        }
    }
    Some(text)
}
