//! Which path an API server serves a kind at.
//!
//! Core knows the kinds that golden paths render, so that a plan discovers none of them; any other (a catalogue may render
//! anything) is discovered once.

use super::{
    api_error::{ApiError, unreadable},
    call::{ApiRequest, Connection},
    kinds::{Resource, group_path},
};
use crate::errors::not_found_as_none;
use goldenpath_core::{domain::Class, kinds, ports::PortError};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource;
use serde::Deserialize;
use std::{borrow::Cow, sync::PoisonError};

/// `metav1.APIResourceList`, as far as it matters.
#[derive(Deserialize)]
struct ServedList {
    resources: Vec<APIResource>,
}

impl Connection {
    /// The kind that the key names; `NotFound` when the cluster does not serve it.
    pub async fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, ApiError> {
        // Another version of it is served elsewhere, or not at all.
        if let Some(known) = kinds::find(api_version, kind).filter(|known| known.api == api_version) {
            return Ok(Resource::of(known));
        }
        let name = (api_version.to_owned(), kind.to_owned());
        let discovered = || self.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = discovered().get(&name) {
            return Ok(known.clone());
        }
        let call = format!("discover {kind}");
        let found = self.served_list(&call, api_version).await?;
        let found = found.and_then(|served| {
            let is_it = |resource: &APIResource| resource.kind == kind && !resource.name.contains('/');
            served.resources.into_iter().find(is_it)
        });
        let found = found.ok_or_else(|| unserved_kind(&call, api_version, kind))?;
        let resource = Resource {
            api_version: Cow::Owned(name.0.clone()),
            kind: Cow::Owned(name.1.clone()),
            plural: Cow::Owned(found.name),
            is_namespaced: found.namespaced,
        };
        // Only what is there is remembered: a CRD may come at any time.
        discovered().insert(name, resource.clone());
        Ok(resource)
    }

    async fn served_list(&self, call: &str, api_version: &str) -> Result<Option<ServedList>, ApiError> {
        let request = ApiRequest::get(call, group_path(api_version));
        let document = not_found_as_none(self.document(&request).await)?;
        document.map(ServedList::deserialize).transpose().map_err(|error| unreadable(call, &error))
    }
}

/// In kubectl's words.
pub(super) fn unserved_kind(call: &str, api_version: &str, kind: &str) -> ApiError {
    let message = format!("no matches for kind {kind:?} in version {api_version:?}: the cluster does not serve it");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let definition = match kinds::find(api_version, kind) {
        Some(known) => format!("{}.{group}", known.plural),
        None => format!("of {kind} in the group {group}"),
    };
    let next = format!("Install the add-on that brings the CustomResourceDefinition {definition}, then apply again");
    let error = PortError { next: Some(next), ..PortError::new(Class::NotFound, call, message) };
    ApiError { is_unserved: true, ..error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_brings_it() {
        for (api_version, kind, expected, reason) in [
            ("cilium.io/v2", "CiliumNetworkPolicy", " ciliumnetworkpolicies.cilium.io,", "a kind that we render"),
            ("example.com/v1", "Widget", " of Widget in the group example.com,", "a kind of a catalogue"),
        ] {
            let error = unserved_kind("PATCH x", api_version, kind).error;
            let next = error.next.unwrap_or_default();
            assert!(error.message.contains(kind) && next.contains(expected), "{reason}: {next}");
        }
    }
}
