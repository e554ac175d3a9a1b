//! What state holds of an instance.

use super::{laws, schema::Schema, wire::decode};
use anyhow::Result;
use goldenpath_core::kinds;
use plugin::Value;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tfplugin_proto::tfplugin6 as wire;

#[derive(Clone, Debug, PartialEq)]
pub struct InstanceState {
    pub value: Value,
    pub private: Vec<u8>,
}

/// `objects` under whole keys. A key as people read it may not say all of it; the private bytes do.
pub fn objects(value: &Value, private: &[u8]) -> BTreeMap<String, Value> {
    let memory: Json = serde_json::from_slice(private).unwrap_or_default();
    let kept = memory["keys"].as_object().into_iter().flatten();
    let kept = kept.filter_map(|(shown, whole)| Some((shown.clone(), whole.as_str()?.to_owned()))).collect();
    let whole = |shown: &String| kinds::whole_key(shown, &kept).map_or_else(|| shown.clone(), |key| key.to_string());
    let objects = value.child("objects").as_map().into_iter().flatten();
    objects.map(|(shown, text)| (whole(shown), text.clone())).collect()
}

impl InstanceState {
    pub(super) fn read(value: Option<wire::DynamicValue>, private: Vec<u8>, schema: &Schema) -> Result<Option<Self>> {
        let value = decode(value, schema)?;
        if value.is_null() {
            return Ok(None);
        }
        laws::state_is_known(&value, schema)?;
        Ok(Some(Self { value, private }))
    }
}
