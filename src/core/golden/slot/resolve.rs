//! The request, its environment, its tier's defaults and the cluster's facts become one value. Knows `effective`, the
//! defaults and the makers' values.

use super::effective::Effective;
use crate::{
    domain::{IdentityMode, LABEL_PREFIX, Problem, Problems, SlotSpec, WrittenParameters, role_name},
    golden::{
        blueprint::Summary,
        catalogue::ParameterOf,
        defaults::{
            admission::others,
            namespace::{limits, terms},
            roles,
        },
        extras::{self, Asked, Extras, Surroundings},
        objects::{
            iam::{RoleTerms, Trust, WorkloadRole},
            mark::Mark,
            namespace::{GoldenNamespace, NamespaceTerms},
        },
        parameters,
        resource::ResolveContext,
    },
};

pub struct Resolved {
    pub effective: Effective,
    pub summary: Summary,
    pub mark: Mark,
    /// The final name of the namespace that it lives in.
    pub namespace: String,
    /// An isolated slot's own namespace.
    pub own: Option<(NamespaceTerms, GoldenNamespace)>,
    /// What admission reads of a slot: an annotation of the Namespace, which no tenant's role writes.
    pub limits: (String, String),
    pub roles: RoleTerms,
    pub role: Option<WorkloadRole>,
    /// What its path's document says besides.
    pub extras: Extras,
}

pub fn resolve(spec: &SlotSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
    let facts = given.facts;
    let effective = Effective::of(spec, given)?;
    let Effective { terms: found, parent, share, .. } = &effective;
    let namespace = namespace(&effective)?;
    let mark = Mark {
        environment: effective.environment().to_owned(),
        slot: Some(effective.name().to_owned()),
        team: parent.team.clone(),
        tier: parent.tier.clone(),
        path: found.path.name.clone(),
    };
    let limits = (format!("{LABEL_PREFIX}slot-{}", effective.name()), share.text());
    let own = effective.is_isolated().then(|| {
        let mut terms = terms(mark.clone(), found, &parent.network, &parent.subjects, facts);
        terms.network.is_narrowed = spec.ingress.is_some();
        (terms, own_namespace(&effective, &namespace, limits.clone()))
    });
    let roles = roles::terms(&found.tier.grants, &facts.cluster_arn, &mark, &parent.owner_annotations);
    let role = role(&effective, &roles);
    let summary = Summary {
        team: parent.team.clone(),
        path: found.path.id(),
        tier: parent.tier.parse().ok(),
        class: Some(found.tier.class),
        enforcement: None,
        issuer: role.as_ref().and_then(|role| match &role.trust {
            Trust::Irsa(issuer) => Some(issuer.clone()),
            Trust::PodIdentity(_) => None,
        }),
        deletion_protection: spec.deletion_protection.unwrap_or(found.tier.deletion_protection),
        namespaces: own.iter().map(|(_, own)| own.name.clone()).collect(),
        boundaries: role.iter().map(|_| roles.boundary.clone()).collect(),
    };
    let of_slot = parameters::with_defaults(&found.path, ParameterOf::Slot, spec.parameters.as_ref());
    let parameters: WrittenParameters = parent.parameters.clone().into_iter().chain(of_slot).collect();
    let tier = parent.tier_name()?;
    let asked = Asked {
        terms: found,
        tier: &tier,
        facts,
        spec: serde_json::to_value(spec).unwrap_or_default(),
        parameters: &parameters,
        environment: effective.environment(),
        team: &parent.team,
        namespaces: vec![Surroundings { name: &namespace, is_own: own.is_some() }],
        is_slot: true,
    };
    let extras = extras::resolve(&asked, &mark)?;
    Ok(Resolved { effective, summary, mark, namespace, own, limits, roles, role, extras })
}

fn namespace(effective: &Effective) -> Result<String, Problem> {
    let existing = &effective.parent.namespaces;
    if effective.is_isolated() {
        let name = effective.isolated_namespace();
        return match existing.iter().find(|(_, other)| other.name == name) {
            None => Ok(name),
            Some((key, _)) => Err(Problem::error(
                "slot.namespace_taken",
                format!("The isolated namespace {name} is the environment's own (key {key:?}): choose another name for the slot"),
                "Choose another name for the slot, or set `isolation = \"shared\"`.",
            )
            .at(["name"])),
        };
    }
    effective.shared_namespace().map(|namespace| namespace.name.clone()).ok_or_else(|| {
        let key = effective.key();
        let keys: Vec<&str> = existing.keys().map(String::as_str).collect();
        let environment = effective.environment();
        let summary = match key {
            Some(key) => format!("Environment {environment} has no namespace {key:?}: use one of its keys"),
            None => format!("Environment {environment} has several namespaces and no default one: set `namespace`"),
        };
        Problem::error("slot.namespace_unknown", summary, format!("Name one of its keys: {}.", keys.join(", ")))
            .at(["namespace"])
    })
}

fn own_namespace(effective: &Effective, name: &str, admission: (String, String)) -> GoldenNamespace {
    let Effective { spec, terms, parent, share, .. } = effective;
    let mut labels = spec.labels.clone().into_value();
    labels.extend(parent.pod_security_labels.clone());
    let mut annotations = spec.annotations.clone().into_value();
    annotations.extend(parent.owner_annotations.clone());
    annotations.extend([admission]);
    annotations.extend(parent.admission_annotations.clone());
    annotations.extend(others(name, parent.namespace_names()));
    GoldenNamespace {
        name: name.to_owned(),
        labels,
        annotations,
        limits: limits(&terms.tier.limits, &[Some(&parent.limits)]),
        quota: share.quota(parent),
        by_priority: vec![],
    }
}

/// `None` where the identity is `none`, or IRSA on a cluster without an OIDC issuer, which `judge` refuses.
fn role(effective: &Effective, roles: &RoleTerms) -> Option<WorkloadRole> {
    let trust = match effective.identity.mode {
        IdentityMode::None => return None,
        IdentityMode::PodIdentity => Trust::PodIdentity(effective.identity.scope),
        IdentityMode::Irsa => Trust::Irsa(effective.oidc_issuer.clone()?),
    };
    let name = role_name(&effective.cluster, effective.environment(), Some(effective.name()), None);
    Some(WorkloadRole { arn: roles.arn(&name), name, trust })
}
