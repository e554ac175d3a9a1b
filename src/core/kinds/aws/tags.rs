//! Tags as fields.

use crate::{
    domain::{FieldsBuilder, Holder, TAG_PREFIX},
    kinds::canonical::escape,
};
use std::collections::BTreeMap;

/// Tags of others (cost allocation, organisation policies) are theirs.
pub(super) fn push(fields: &mut FieldsBuilder, tags: &BTreeMap<String, String>) {
    for (key, value) in tags.iter().filter(|(key, _)| key.starts_with(TAG_PREFIX)) {
        fields.push(format!("/tags/{}", escape(key)), value.as_str(), Holder::Us);
    }
}
