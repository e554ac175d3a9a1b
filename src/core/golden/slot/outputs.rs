//! The computed attributes, as far as they are known before anything is made.

use super::{manifests, resolve::Resolved};
use crate::domain::{IdentityMode, Late, Leaf, SlotOutputs};

pub fn outputs(resolved: &Resolved) -> SlotOutputs {
    let Resolved { effective, namespace, role, .. } = resolved;
    let identity = &effective.identity;
    let is_associated = identity.mode == IdentityMode::PodIdentity;
    SlotOutputs {
        id: Some(Late::Now(effective.spec.id().to_string())),
        namespace_name: Some(Late::Now(namespace.clone())),
        service_account: Some(Late::Now(effective.name().to_owned())),
        role_unique_id: generated(role.is_some()),
        role_arn: Some(Late::Now(role.as_ref().map(|role| role.arn.clone()))),
        association_id: generated(is_associated),
        external_id: generated(is_associated && identity.target_role_arn.is_some()),
        identity_ready: generated(is_associated),
        manifests: Some(Late::Now(manifests::render(effective, namespace))),
        ..SlotOutputs::default()
    }
}

/// Only the target knows it; null where there is nothing of which it could be.
fn generated<T>(exists: bool) -> Leaf<Option<T>> {
    if exists { None } else { Some(Late::Now(None)) }
}
