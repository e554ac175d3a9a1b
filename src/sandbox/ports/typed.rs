//! A document in the shape of its kind.

use goldenpath_core::domain::{Body, ObjectKey};
use serde_json::Value;

/// Out-of-band edits are checked by it, too.
pub fn parse_body(key: &ObjectKey, body: Value) -> Result<Body, serde_json::Error> {
    Ok(match key {
        ObjectKey::Role { .. } => Body::Role(serde_json::from_value(body)?),
        ObjectKey::AccessEntry { .. } => Body::AccessEntry(serde_json::from_value(body)?),
        ObjectKey::AccessPolicy { .. } => Body::AccessPolicy(serde_json::from_value(body)?),
        ObjectKey::PodIdentityAssociation { .. } => Body::PodIdentityAssociation(serde_json::from_value(body)?),
        ObjectKey::Kube { .. } => Body::Kube(body),
    })
}
