//! The request, its tier's defaults and the cluster's facts become one value. Knows `effective`, the defaults and the
//! makers' values.

mod people;

pub use people::{ResolvedPersona, group};

use super::{
    effective::{Effective, EffectiveNamespace},
    names::priority_quota_name,
};
use crate::{
    domain::{DnsLabel, EnvironmentSpec, Problem, Problems, Quantities, StableFacts},
    golden::{
        blueprint::Summary,
        catalogue::{Catalogue, ParameterOf},
        defaults::{admission, namespace, network, roles},
        extras::{self, Asked, Extras, Surroundings},
        objects::{
            iam::RoleTerms,
            mark::{Mark, owner_annotations},
            namespace::{GoldenNamespace, NamespaceTerms, PriorityQuota},
        },
        parameters,
        parent::{Parent, ParentNamespace},
        quota,
    },
};

use std::collections::BTreeMap;

pub struct Resolved {
    pub effective: Effective,
    pub summary: Summary,
    pub parent: Parent,
    pub personas: Vec<ResolvedPersona>,
    pub roles: RoleTerms,
    pub namespace_terms: NamespaceTerms,
    pub namespaces: Vec<GoldenNamespace>,
    /// That of the cluster when the environment was made.
    pub pod_security_version: String,
    /// What its path's document says besides.
    pub extras: Extras,
}

pub fn resolve(spec: &EnvironmentSpec, facts: &StableFacts, catalogue: &Catalogue) -> Result<Resolved, Problems> {
    let Foundation { effective, mark, roles, personas, parent } = Foundation::of(spec, facts, catalogue)?;
    let mut problems = Problems::default();
    let quotas = effective.quotas(&mut problems);
    problems.into_result(())?;

    let tier = &effective.terms.tier;
    let by_priority = by_priority(&effective);
    let mut namespaces = vec![];
    for (wanted, quota) in effective.namespaces.values().zip(quotas.into_values()) {
        let written = &wanted.written;
        let layers = [spec.pod_security.as_ref(), written.pod_security.as_ref()];
        let mut labels = written.labels.clone().into_value();
        labels.extend(namespace::pod_security(&tier.pod_security, facts, &layers));
        let mut annotations = written.annotations.clone().into_value();
        annotations.extend(parent.owner_annotations.clone());
        annotations.extend(parent.admission_annotations.clone());
        annotations.extend(admission::others(&wanted.name, parent.namespace_names()));
        namespaces.push(GoldenNamespace {
            name: wanted.name.clone(),
            labels,
            annotations,
            limits: wanted.limits.clone(),
            quota,
            by_priority: by_priority.clone(),
        });
    }
    let has_roles = personas.iter().any(|persona| persona.role.is_some());
    let summary = Summary {
        team: parent.team.clone(),
        path: effective.terms.path.id(),
        tier: Some(spec.tier.clone()),
        class: Some(tier.class),
        enforcement: network::enforcement(spec.network.as_ref(), &parent.network),
        issuer: None,
        deletion_protection: spec.deletion_protection.unwrap_or(tier.deletion_protection),
        namespaces: parent.namespace_names().cloned().collect(),
        boundaries: if has_roles { vec![roles.boundary.clone()] } else { vec![] },
    };
    let asked = Asked {
        terms: &effective.terms,
        tier: &spec.tier,
        facts,
        spec: serde_json::to_value(spec).unwrap_or_default(),
        parameters: &parent.parameters,
        environment: spec.name.as_str(),
        team: spec.team.as_str(),
        namespaces: namespaces.iter().map(|namespace| Surroundings { name: &namespace.name, is_own: true }).collect(),
        is_slot: false,
    };
    let extras = extras::resolve(&asked, &mark)?;
    let namespace_terms = namespace::terms(mark, &effective.terms, &parent.network, &parent.subjects, facts);
    Ok(Resolved {
        effective,
        summary,
        parent,
        personas,
        roles,
        namespace_terms,
        namespaces,
        extras,
        pod_security_version: facts.pod_security_version.clone(),
    })
}

/// What slots need to know of an environment.
pub fn parent_of(spec: &EnvironmentSpec, facts: &StableFacts, catalogue: &Catalogue) -> Result<Parent, Vec<Problem>> {
    Foundation::of(spec, facts, catalogue).map(|foundation| foundation.parent).map_err(Problems::into_vec)
}

/// What holds for the environment as a whole, its slots included.
struct Foundation {
    effective: Effective,
    mark: Mark,
    roles: RoleTerms,
    personas: Vec<ResolvedPersona>,
    parent: Parent,
}

// === impl Foundation ===

impl Foundation {
    fn of(spec: &EnvironmentSpec, facts: &StableFacts, catalogue: &Catalogue) -> Result<Self, Problems> {
        let effective = Effective::of(spec, catalogue)?;
        let tier = &effective.terms.tier;
        let mark = Mark {
            environment: spec.name.to_string(),
            slot: None,
            team: spec.team.to_string(),
            tier: spec.tier.to_string(),
            path: effective.terms.path.name.clone(),
        };
        let owner_annotations = owner_annotations(spec.owner.as_ref());
        let roles = roles::terms(&tier.grants, &facts.cluster_arn, &mark, &owner_annotations);
        let network = network::network(spec.network.as_ref(), &effective.terms, facts);
        let mut problems = Problems::default();
        let personas = people::personas(spec, facts, &roles, &mut problems);
        network.engine.check_names(&network.egress_fqdns, &["network", "egress_fqdns"], &mut problems);
        let parent = Parent {
            id: spec.id().to_string(),
            team: mark.team.clone(),
            tier: mark.tier.clone(),
            golden_path: mark.path.clone(),
            golden_path_version: effective.terms.path.version,
            namespaces: namespaces(&effective),
            quota_total: effective.quota.clone(),
            slots_percent: effective.slots_percent,
            headroom_percent: effective.headroom_percent,
            subjects: personas.iter().map(|persona| (persona.name, persona.subjects.clone())).collect(),
            access_policies: people::access_policies(&personas),
            network,
            owner_annotations,
            admission_annotations: admission::annotations(spec, &tier.grants.admission),
            pod_security_labels: namespace::pod_security(&tier.pod_security, facts, &[spec.pod_security.as_ref()]),
            limits: spec.limits.clone().unwrap_or_default(),
            parameters: parameters::with_defaults(
                &effective.terms.path,
                ParameterOf::Environment,
                spec.parameters.as_ref(),
            ),
        };
        problems.into_result(Self { effective, mark, roles, personas, parent })
    }
}

/// What is wrong with their quotas is reported of the environment itself.
fn namespaces(effective: &Effective) -> BTreeMap<String, ParentNamespace> {
    let mut quotas = effective.quotas(&mut Problems::default());
    let of = |(key, namespace): (&DnsLabel, &EffectiveNamespace)| {
        let EffectiveNamespace { name, limits, written: _ } = namespace;
        let quota = quotas.remove(key).unwrap_or_default();
        (key.to_string(), ParentNamespace { name: name.clone(), quota, max_memory: limits.max_memory.clone() })
    };
    effective.namespaces.iter().map(of).collect()
}

/// Each namespace's equal part of the quotas by PriorityClass.
fn by_priority(effective: &Effective) -> Vec<PriorityQuota> {
    let parts = effective.namespaces.len();
    let share = |resources: &Quantities| {
        resources.iter().map(|(name, whole)| (name.clone(), quota::part(name, whole, parts))).collect()
    };
    let quotas = effective.spec.quota.iter().flat_map(|quota| &quota.by_priority);
    quotas
        .map(|(class, resources)| PriorityQuota {
            name: priority_quota_name(class),
            class: class.clone(),
            hard: share(resources),
        })
        .collect()
}
