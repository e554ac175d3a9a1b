//! Trees to and from the wire.

use super::schema::Schema;
use anyhow::{Result, anyhow};
use plugin::{
    Step, Value,
    value::{codec, msgpack},
};
use serde_json::Value as Json;
use tfplugin_proto::tfplugin6 as wire;

/// The text that stands for an unknown in a configuration written as JSON.
pub const UNKNOWN: &str = "$unknown";

pub(super) fn capabilities() -> wire::ClientCapabilities {
    wire::ClientCapabilities { write_only_attributes_allowed: true, ..Default::default() }
}

pub(super) fn encode(value: &Value, schema: &Schema) -> Result<wire::DynamicValue> {
    Ok(wire::DynamicValue { msgpack: msgpack::encode(value, &schema.ty)?, json: vec![] })
}

pub(super) fn decode(value: Option<wire::DynamicValue>, schema: &Schema) -> Result<Value> {
    Ok(msgpack::decode(&value.unwrap_or_default().msgpack, &schema.ty)?)
}

pub(super) fn from_json(json: &Json, schema: &Schema) -> Result<Value> {
    codec::conform(lift(json), &schema.ty).map_err(|error| anyhow!("{error} in {json}"))
}

fn lift(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.to_string().parse().map_or(Value::Null, Value::Number),
        Json::String(text) if text == UNKNOWN => Value::unknown(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::List(items.iter().map(lift).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(name, value)| (name.as_str(), lift(value)))),
    }
}

pub(super) fn path(path: Option<wire::AttributePath>) -> plugin::Path {
    use wire::attribute_path::step::Selector;
    let steps = path.unwrap_or_default().steps.into_iter();
    steps
        .filter_map(|step| {
            Some(match step.selector? {
                Selector::AttributeName(name) => Step::Attribute(name),
                Selector::ElementKeyString(key) => Step::Key(key),
                Selector::ElementKeyInt(index) => Step::Index(index),
            })
        })
        .collect()
}
