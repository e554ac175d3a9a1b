//! The request over its tier's defaults: what `judge` holds against the bounds and `resolve` builds on. Knows the catalogue.

use crate::{
    domain::{ClusterArn, Identity, Isolation, Problem, Quantity, SlotSpec, Spread},
    golden::{catalogue::Terms, parent::Parent, resource::ResolveContext},
};

pub struct Effective {
    pub spec: SlotSpec,
    pub terms: Terms,
    pub parent: Parent,
    pub cluster: ClusterArn,
    pub oidc_issuer: Option<String>,
    pub isolation: Isolation,
    pub identity: Identity,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub max_unavailable: Option<String>,
    pub spread: Spread,
}

// === impl Effective ===

impl Effective {
    pub fn of(spec: &SlotSpec, given: &ResolveContext<'_>) -> Result<Self, Problem> {
        let ResolveContext { facts, parent, catalogue } = given;
        let parent = parent.ok_or_else(|| environment_unknown(spec))?;
        let terms = catalogue.terms_of(parent)?;
        let tier = &terms.tier.slot;
        let share = spec.share.as_ref();
        let availability = spec.availability.clone().unwrap_or_default();
        let asked_min = availability.min_replicas;
        let max_replicas =
            share.and_then(|share| share.max_replicas).unwrap_or_else(|| tier.max_replicas.max(asked_min.unwrap_or(0)));
        Ok(Self {
            isolation: spec.isolation.unwrap_or(tier.isolation),
            identity: spec.identity.clone().unwrap_or_default(),
            cpu: share.map_or(&tier.share.cpu, |share| &share.cpu).clone(),
            memory: share.map_or(&tier.share.memory, |share| &share.memory).clone(),
            min_replicas: asked_min.unwrap_or_else(|| tier.min_replicas.min(max_replicas)),
            max_replicas,
            max_unavailable: availability.max_unavailable.or_else(|| tier.max_unavailable.clone()),
            spread: availability.spread.unwrap_or(tier.spread),
            cluster: facts.cluster_arn.clone(),
            oidc_issuer: facts.oidc_issuer.clone(),
            spec: spec.clone(),
            parent: parent.clone(),
            terms,
        })
    }

    pub fn is_isolated(&self) -> bool {
        self.isolation == Isolation::Namespace
    }

    pub fn name(&self) -> &str {
        self.spec.name.as_str()
    }

    pub fn environment(&self) -> &str {
        self.spec.environment.environment.as_str()
    }

    /// The name of its own namespace, where it has one.
    pub fn isolated_namespace(&self) -> String {
        format!("{}-{}", self.environment(), self.name())
    }
}

fn environment_unknown(spec: &SlotSpec) -> Problem {
    Problem::error(
        "slot.environment_unknown",
        format!("Environment {} is not known", spec.environment),
        "Reference the `id` of a goldenpath_team_environment, so that it is created first.",
    )
    .at(["environment"])
}
