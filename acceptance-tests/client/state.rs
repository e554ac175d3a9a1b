//! What state holds of an instance.

use super::{laws, schema::Schema, wire::decode};
use anyhow::Result;
use plugin::Value;
use tfplugin_proto::tfplugin6 as wire;

#[derive(Clone, Debug, PartialEq)]
pub struct InstanceState {
    pub value: Value,
    pub private: Vec<u8>,
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
