//! Knows the catalogue and the defaults.

use crate::{
    domain::{BaselineSpec, ClusterArn, PodSecurityLevel, Problems},
    golden::{blueprint::Summary, defaults::namespace::pod_security_labels, resource::ResolveContext},
};
use std::collections::BTreeMap;

pub struct Resolved {
    pub spec: BaselineSpec,
    pub summary: Summary,
    pub cluster: ClusterArn,
    /// Labels of the namespace of the records.
    pub pod_security: BTreeMap<String, String>,
}

pub fn resolve(spec: &BaselineSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
    let ResolveContext { facts, catalogue, .. } = given;
    let path = catalogue.newest(None)?;
    let level = PodSecurityLevel::Restricted;
    Ok(Resolved {
        spec: spec.clone(),
        summary: Summary {
            team: String::new(),
            path: path.id(),
            tier: None,
            class: None,
            deletion_protection: false,
            namespaces: vec![],
            boundaries: vec![],
        },
        cluster: facts.cluster_arn.clone(),
        pod_security: pod_security_labels(level, level, level, &facts.pod_security_version),
    })
}
