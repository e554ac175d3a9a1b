//! A resource's private bytes: opaque to core, kept in state, never shown. JSON, so that a later release can read an
//! earlier one's; absent or empty bytes are an empty object, since imports and states of other tools have none.

use serde::{Serialize, de::DeserializeOwned};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private(Vec<u8>);

impl Private {
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn read<T: DeserializeOwned + Default>(&self) -> Result<T, serde_json::Error> {
        if self.0.is_empty() { Ok(T::default()) } else { serde_json::from_slice(&self.0) }
    }

    pub fn write<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(Self)
    }
}
