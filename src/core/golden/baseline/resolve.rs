//! Knows the catalogue and the defaults.

use super::policies::{self, ClusterPolicy};
use crate::{
    domain::{BaselineSpec, ClusterArn, Guard, PersonaName, PodSecurityLevel, Problems, forms::minor_version},
    golden::{
        blueprint::Summary,
        catalogue::{Reserved, RoleRule},
        defaults::namespace::pod_security_labels,
        resource::ResolveContext,
    },
};
use std::collections::BTreeMap;

pub struct Resolved {
    pub spec: BaselineSpec,
    pub summary: Summary,
    pub cluster: ClusterArn,
    /// Labels of the namespace of the records.
    pub pod_security: BTreeMap<String, String>,
    /// `None`: the cluster can't have any.
    pub guards: Option<Vec<Guard>>,
    /// What the golden paths that the cluster accepts let personas do with kinds of operators.
    pub role_rules: BTreeMap<PersonaName, Vec<RoleRule>>,
    /// Those of the golden paths that it accepts, where it can have them.
    pub policies: Vec<ClusterPolicy>,
    /// Names that no environment takes, by whichever of these paths.
    pub reserved: Reserved,
}

/// The first minor version of Kubernetes that serves ValidatingAdmissionPolicy v1.
const GUARDS_SINCE: u32 = 30;

pub fn resolve(spec: &BaselineSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
    let ResolveContext { facts, catalogue, .. } = given;
    let path = catalogue.newest(None)?;
    let accepted = catalogue.accepting(spec.golden_paths.as_ref());
    let level = PodSecurityLevel::Restricted;
    Ok(Resolved {
        spec: spec.clone(),
        summary: Summary {
            team: String::new(),
            path: path.id(),
            tier: None,
            class: None,
            enforcement: None,
            issuer: None,
            deletion_protection: false,
            namespaces: vec![],
            boundaries: vec![],
        },
        cluster: facts.cluster_arn.clone(),
        pod_security: pod_security_labels(level, level, level, &facts.pod_security_version),
        guards: serves_guards(&facts.pod_security_version)
            .then(|| Guard::ALL.iter().copied().filter(|guard| spec.has(*guard)).collect()),
        role_rules: PersonaName::ALL
            .into_iter()
            .map(|persona| (persona, accepted.role_rules(persona).into_iter().cloned().collect()))
            .collect(),
        policies: match serves_guards(&facts.pod_security_version) {
            true => policies::of(accepted.paths().iter().map(AsRef::as_ref)),
            false => vec![],
        },
        // Where nothing new can be made, no name becomes free by that.
        reserved: if accepted.paths().is_empty() { catalogue.reserved_names() } else { accepted.reserved_names() },
    })
}

// === impl Resolved ===

impl Resolved {
    pub fn has(&self, guard: Guard) -> bool {
        self.guards.as_ref().is_some_and(|guards| guards.contains(&guard))
    }
}

/// Whether a cluster of this version can have guards. What is no version is a newer one.
pub fn serves_guards(version: &str) -> bool {
    minor_version(version).is_none_or(|minor| minor >= GUARDS_SINCE)
}
