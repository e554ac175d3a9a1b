//! Which kinds the API server serves besides its own, by one request that every authenticated user may make.

use super::{
    api_error::{self, ApiError},
    call::{ApiRequest, Connection},
};
use kube::core::discovery::v2::APIGroupDiscovery;
use serde::Deserialize;

/// Aggregated discovery (GA in 1.30): all groups and their resources in one document.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The groups that kube-apiserver serves itself; whatever else is there came with a CRD or an extension server.
const OWN: [&str; 22] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

#[derive(Deserialize)]
struct Groups {
    items: Vec<APIGroupDiscovery>,
}

/// `<plural>.<group>`, sorted, as CRDs are named.
pub(super) async fn crds(connection: &Connection) -> Result<Vec<String>, ApiError> {
    let call = "discover what is served";
    let request = ApiRequest { accept: AGGREGATED, ..ApiRequest::get(call, "/apis") };
    let body = connection.send(&request).await?;
    names(&body).map_err(|error| api_error::unreadable(call, &error))
}

fn names(body: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    let Groups { items } = serde_json::from_slice(body)?;
    let mut names = vec![];
    for APIGroupDiscovery { metadata, versions } in items {
        let group = metadata.and_then(|metadata| metadata.name).unwrap_or_default();
        if !OWN.contains(&group.as_str()) {
            let resources = versions.into_iter().flat_map(|version| version.resources);
            names.extend(resources.filter_map(|resource| Some(format!("{}.{group}", resource.resource?))));
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_built_in_is_named_as_its_crd() {
        let body = json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [{"resource": "deployments"}]}]},
            {"metadata": {"name": "cilium.io"}, "versions": [
                {"version": "v2", "resources": [{"resource": "ciliumnetworkpolicies"}, {"resource": "ciliumnodes"}]},
                {"version": "v2alpha1", "resources": [{"resource": "ciliumnodes"}]},
            ]},
            {"metadata": {"name": "stale.example"}, "versions": [{"version": "v1"}]},
        ]});
        let names = names(body.to_string().as_bytes()).expect("a list");
        assert_eq!(names, ["ciliumnetworkpolicies.cilium.io", "ciliumnodes.cilium.io"]);
        assert!(super::names(b"{}").is_err(), "no list");
    }
}
