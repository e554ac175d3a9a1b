//! A slot within the grants of its environment's tier.

use super::{
    super::{Faults, forms::covers, slot::check_isolated_length},
    check_reserved,
};
use crate::{
    domain::{Identity, Isolation, Problem, SlotSpec, StableFacts},
    golden::{GoldenPath, Parent, Tier, catalogue::filled, render::effective},
};

/// A slot within its environment's tier.
pub(in crate::golden) fn check_slot(
    spec: &SlotSpec,
    facts: &StableFacts,
    parent: &Parent,
    path: &GoldenPath,
    tier: &Tier,
) -> Vec<Problem> {
    let mut faults = Faults::default();
    let effective = effective(spec, tier);
    if effective.isolation == Isolation::Namespace {
        if spec.isolation.is_none() {
            check_isolated_length(spec, &mut faults);
        }
        check_reserved(path, &format!("{}-{}", spec.environment.environment, spec.name), &["name"], &mut faults);
        if spec.namespace.is_some() {
            faults.warning(
                "slot.namespace_unused",
                &["namespace"],
                "an isolated slot lives in a namespace of its own, and `namespace` says nothing",
                "Leave it out, or set isolation = \"shared\".",
            );
        }
    }
    if effective.min_replicas > effective.max_replicas {
        faults.error(
            "slot.replicas_order",
            &["availability", "min_replicas"],
            format!(
                "{} replicas are more than the {} that the slot may have",
                effective.min_replicas, effective.max_replicas
            ),
            "Lower min_replicas, or raise share.max_replicas.",
        );
    }
    let deny = parent.network.default_deny;
    let egress = spec.egress.as_ref().is_some_and(|egress| !egress.to_slots.is_empty() || !egress.fqdns.is_empty());
    for (field, asked, closed) in
        [("ingress", spec.ingress.is_some(), deny.ingress()), ("egress", egress, deny.egress())]
    {
        if asked && !closed {
            faults.warning(
                "slot.network_open",
                &[field],
                format!("{field} is open in this environment, so the slot's openings change nothing"),
                "Set network.default_deny = \"both\" on the environment to have them matter.",
            );
        }
    }
    if let Some(identity) = &spec.identity {
        check_statements(identity, tier, facts, &mut faults);
    }
    for name in spec.egress.iter().flat_map(|egress| &egress.fqdns) {
        if !tier.grants.egress_fqdns.iter().any(|pattern| covers(pattern, name)) {
            faults.error(
                "network.fqdn_not_granted",
                &["egress", "fqdns"],
                format!("the golden path does not grant egress to {name}"),
                format!("Granted in this tier: {}.", tier.grants.egress_fqdns.join(", ")),
            );
        }
    }
    faults.problems
}

fn check_statements(identity: &Identity, tier: &Tier, facts: &StableFacts, faults: &mut Faults) {
    let grants = &tier.grants;
    let lower = |texts: &[String]| -> Vec<String> { texts.iter().map(|text| text.to_ascii_lowercase()).collect() };
    let (actions, anywhere) = (lower(&grants.actions), lower(&grants.any_resource_actions));
    let resources: Vec<String> = grants.resources.iter().map(|pattern| filled(pattern, facts)).collect();
    for (index, statement) in identity.statements.iter().enumerate() {
        let index = index.to_string();
        let at = |field| ["identity", "statements", index.as_str(), field];
        let asked: Vec<String> = statement.actions.known().map(str::to_ascii_lowercase).collect();
        for action in asked.iter().filter(|action| !actions.iter().any(|pattern| covers(pattern, action))) {
            faults.error(
                "identity.action_not_granted",
                &at("actions"),
                format!("the golden path does not grant {action}"),
                "Workloads get the actions of the path's grants; ask the platform team to add one.",
            );
        }
        for resource in statement.resources.known() {
            let whole =
                resource == "*" && asked.iter().all(|action| anywhere.iter().any(|pattern| covers(pattern, action)));
            if !whole && !resources.iter().any(|pattern| covers(pattern, resource)) {
                faults.error(
                    "identity.resource_not_granted",
                    &at("resources"),
                    format!("the golden path does not grant the resource {resource}"),
                    format!("Granted: {}; and * for actions that know no resource.", resources.join(", ")),
                );
            }
        }
    }
}
