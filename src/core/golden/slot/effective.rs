//! The request over its tier's defaults: what `judge` holds against the bounds and `resolve` builds on. Knows the catalogue
//! and `share`.

use super::share::EffectiveShare;
use crate::{
    domain::{ClusterArn, Identity, Problem, Quantity, SlotSpec, Spread},
    golden::{
        catalogue::Terms,
        parent::{Parent, ParentNamespace},
        resource::ResolveContext,
    },
};

pub struct Effective {
    pub spec: SlotSpec,
    pub terms: Terms,
    pub parent: Parent,
    pub cluster: ClusterArn,
    pub oidc_issuer: Option<String>,
    pub identity: Identity,
    pub share: EffectiveShare,
    pub min_replicas: u32,
    /// Of its PodDisruptionBudget; `None`: it has none.
    pub max_unavailable: Option<String>,
    pub spread: Spread,
}

// === impl Effective ===

impl Effective {
    pub fn of(spec: &SlotSpec, given: &ResolveContext<'_>) -> Result<Self, Problem> {
        let ResolveContext { facts, parent, catalogue } = given;
        let parent = parent.ok_or_else(|| unknown_environment(spec))?;
        let terms = catalogue.terms_of(parent)?;
        let tier = &terms.tier.slot;
        let share = EffectiveShare::of(spec, tier);
        let availability = spec.availability.clone().unwrap_or_default();
        Ok(Self {
            identity: spec.identity.clone().unwrap_or_default(),
            min_replicas: availability.min_replicas.unwrap_or_else(|| tier.min_replicas.min(share.max_replicas)),
            share,
            max_unavailable: availability
                .max_unavailable
                .or_else(|| tier.max_unavailable.clone())
                .filter(|_| availability.pdb != Some(false)),
            spread: availability.spread.unwrap_or(tier.spread),
            cluster: facts.cluster_arn.clone(),
            oidc_issuer: facts.oidc_issuer.clone(),
            spec: spec.clone(),
            parent: parent.clone(),
            terms,
        })
    }

    pub fn is_isolated(&self) -> bool {
        self.share.is_isolated()
    }

    /// Of the namespace that it shares: the one that it names, the default one, or the only one.
    pub fn key(&self) -> Option<&str> {
        let existing = &self.parent.namespaces;
        match &self.spec.namespace {
            Some(key) => Some(key.as_str()),
            None if existing.contains_key("default") => Some("default"),
            None if existing.len() == 1 => existing.keys().next().map(String::as_str),
            None => None,
        }
    }

    /// `None`: it has one of its own, or asks for none that there is.
    pub fn shared_namespace(&self) -> Option<&ParentNamespace> {
        self.key().filter(|_| !self.is_isolated()).and_then(|key| self.parent.namespaces.get(key))
    }

    /// Of one container of its namespace.
    pub fn max_memory(&self) -> Option<&Quantity> {
        match self.is_isolated() {
            true => self.parent.limits.container.as_ref()?.max_memory.as_ref(),
            false => self.shared_namespace()?.max_memory.as_ref(),
        }
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

fn unknown_environment(spec: &SlotSpec) -> Problem {
    Problem::error(
        "slot.environment_unknown",
        format!("Environment {} is not known", spec.environment),
        "Reference the `id` of a goldenpath_team_environment, so that it is created first.",
    )
    .at(["environment"])
}
