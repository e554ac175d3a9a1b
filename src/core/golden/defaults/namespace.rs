//! What a namespace gets: limits of containers, Pod Security, whom its bindings let in.

use super::network;
use crate::{
    domain::{
        Limits, LimitsContainer, POD_SECURITY_PREFIX, PersonaName, PodSecurity, PodSecurityLevel, Quantity, StableFacts,
    },
    golden::{
        catalogue::{Terms, TierLimits, TierPodSecurity},
        objects::{
            mark::Mark,
            namespace::{Binding, NamespaceTerms},
            network::EnvironmentNetwork,
        },
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

pub fn terms(
    mark: Mark,
    terms: &Terms,
    network: &EnvironmentNetwork,
    subjects: &BTreeMap<PersonaName, Option<Vec<Value>>>,
    facts: &StableFacts,
) -> NamespaceTerms {
    let bindings = subjects.iter().map(|(persona, subjects)| Binding {
        persona: *persona,
        role: terms.tier.role(*persona),
        subjects: subjects.clone(),
    });
    NamespaceTerms {
        network: network::rules(&mark.environment, network, &terms.path, facts),
        path_version: terms.path.version.to_string(),
        bindings: bindings.collect(),
        mark,
    }
}

/// The tier's defaults under the environment's under the namespace's. A default that was not written gives way to a limit
/// that was: a request is never above its limit, a default never above the maximum (LimitRange validation).
pub fn limits(tier: &TierLimits, layers: &[Option<&Limits>]) -> LimitsContainer {
    let layers = || layers.iter().rev().filter_map(|limits| limits.as_ref()?.container.as_ref());
    let pick = |field: fn(&LimitsContainer) -> Option<&Quantity>| layers().find_map(field).cloned();
    let max_memory = pick(|c| c.max_memory.as_ref());
    let at_most = |value: &Quantity, limit: Option<&Quantity>| limit.map_or(value, |limit| value.min(limit)).clone();
    let of_tier = || tier.default_memory.as_ref().map(|memory| at_most(memory, max_memory.as_ref()));
    // The API server's own default under a maximum.
    let memory = pick(|c| c.default_memory.as_ref()).or_else(of_tier).or_else(|| max_memory.clone());
    let request = pick(|c| c.default_request_memory.as_ref())
        .unwrap_or_else(|| at_most(&tier.default_request_memory, memory.as_ref()));
    let cpu = pick(|c| c.default_request_cpu.as_ref()).unwrap_or_else(|| tier.default_request_cpu.clone());
    LimitsContainer {
        default_request_cpu: Some(cpu),
        default_request_memory: Some(request),
        default_memory: memory,
        max_memory,
    }
}

/// The tier's level, or a stricter one that the environment or the namespace asks for.
pub fn pod_security(
    tier: &TierPodSecurity,
    facts: &StableFacts,
    layers: &[Option<&PodSecurity>],
) -> BTreeMap<String, String> {
    let asked = || layers.iter().rev().flatten();
    let enforce = asked().find_map(|layer| layer.enforce).unwrap_or(tier.enforce);
    let version = asked().find_map(|layer| layer.version.as_deref()).unwrap_or(&facts.pod_security_version);
    pod_security_labels(enforce, tier.warn, tier.audit, version)
}

/// `warn` and `audit` are never weaker than `enforce`.
pub fn pod_security_labels(
    enforce: PodSecurityLevel,
    warn: PodSecurityLevel,
    audit: PodSecurityLevel,
    version: &str,
) -> BTreeMap<String, String> {
    [("enforce", enforce), ("warn", warn.max(enforce)), ("audit", audit.max(enforce))]
        .into_iter()
        .flat_map(|(mode, level)| {
            [
                (format!("{POD_SECURITY_PREFIX}{mode}"), level.as_str().to_owned()),
                (format!("{POD_SECURITY_PREFIX}{mode}-version"), format!("v{version}")),
            ]
        })
        .collect()
}
