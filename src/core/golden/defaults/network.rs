//! What a namespace lets in and out: the tier's directions and presets under what the environment says.

use crate::{
    domain::{Cidr, EgressRule, Network, NetworkEngine, StableFacts},
    golden::{
        catalogue::{GoldenPath, SAME_ENVIRONMENT, Terms, filled},
        objects::network::{NetworkRules, Opening},
        parent::{ParentNetwork, ParentOpening},
    },
};
use std::collections::BTreeSet;

/// `auto` goes by Auto Mode alone and is never detected: the same spec renders the same objects on every day.
pub fn engine(asked: Option<NetworkEngine>, facts: &StableFacts) -> NetworkEngine {
    match asked.unwrap_or(NetworkEngine::Auto) {
        NetworkEngine::Auto if facts.auto_mode => NetworkEngine::EksAuto,
        NetworkEngine::Auto => NetworkEngine::VpcCni,
        named => named,
    }
}

pub fn network(asked: Option<&Network>, terms: &Terms, facts: &StableFacts) -> ParentNetwork {
    let Terms { path, tier } = terms;
    let tier = &tier.network;
    let Network {
        default_deny,
        allow_from,
        ingress_cidrs,
        ingress_namespaces,
        ingress_ports,
        same_environment,
        monitoring_namespaces,
        egress_presets,
        egress_cidrs,
        egress,
        egress_fqdns,
        ingress_hosts: _,
        engine: named,
        engine_reason: _,
    } = asked.cloned().unwrap_or_default();
    let names_scrapers = monitoring_namespaces.is_written();
    let (allow_from, egress_fqdns) = (allow_from.into_value(), egress_fqdns.into_value());
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let mut presets: BTreeSet<String> =
        tier.egress_presets.iter().cloned().chain(egress_presets.into_value()).collect();
    match same_environment {
        Some(true) => drop(presets.insert(SAME_ENVIRONMENT.to_owned())),
        Some(false) => drop(presets.remove(SAME_ENVIRONMENT)),
        None => {}
    }
    let has_ingress = ingress_cidrs.is_written() || ingress_namespaces.is_written();
    let has_egress = egress_cidrs.is_written() || egress.is_written();
    let scrapers = monitoring_namespaces.into_value();
    let rules = egress.into_value();
    let whole = (!egress_cidrs.is_empty_list()).then(|| EgressRule { cidrs: egress_cidrs.into_value(), ports: vec![] });
    let opening =
        |EgressRule { cidrs, ports }: EgressRule| Some(ParentOpening { cidrs: cidrs.all().map(owned)?, ports });
    let egress = rules.into_iter().chain(whole).map(opening).collect();
    ParentNetwork {
        engine: engine(named, facts),
        default_deny: default_deny.unwrap_or(tier.default_deny),
        has_ingress,
        has_egress,
        allow_from,
        ingress_cidrs: ingress_cidrs.all().map(owned),
        ingress_namespaces: ingress_namespaces.into_value(),
        ingress_ports: ingress_ports.into_value(),
        monitoring_namespaces: if names_scrapers { scrapers } else { path.network.monitoring_namespaces.clone() },
        egress_presets: presets.into_iter().collect(),
        egress,
        egress_fqdns,
    }
}

pub fn rules(environment: &str, network: &ParentNetwork, path: &GoldenPath, facts: &StableFacts) -> NetworkRules {
    let services: Option<Cidr> = facts.service_cidr.parse().ok();
    let presets = || network.egress_presets.iter().filter_map(|name| path.network.egress_presets.get(name));
    let mut openings: Vec<Opening> = presets()
        .map(|preset| {
            let mut to = ranges(&preset.cidrs);
            to.extend(services.filter(|_| preset.kubernetes_service).map(|services| services.nth(1)));
            Opening { to, except: ranges(&preset.except), ports: preset.ports.clone() }
        })
        .collect();
    let mut names = BTreeSet::new();
    if network.engine.has_names() {
        names.extend(network.egress_fqdns.iter().cloned());
        names.extend(presets().flat_map(|preset| &preset.fqdns).map(|name| filled(name, &facts.cluster_arn)));
    }
    NetworkRules {
        environment: environment.to_owned(),
        engine: network.engine,
        default_deny: network.default_deny,
        has_ingress: network.has_ingress,
        has_egress: network.has_egress || presets().next().is_some(),
        same_environment: network.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT),
        is_narrowed: false,
        allow_from: network.allow_from.iter().map(|from| from.trim_start_matches("env:").to_owned()).collect(),
        monitoring_namespaces: network.monitoring_namespaces.clone(),
        ingress: network.ingress_cidrs.as_deref().map(ranges),
        ingress_namespaces: network.ingress_namespaces.clone(),
        ingress_ports: network.ingress_ports.clone(),
        egress: network.egress.as_ref().map(|rules| {
            let opening = |ParentOpening { cidrs, ports }: &ParentOpening| Opening {
                to: ranges(cidrs),
                except: vec![],
                ports: ports.clone(),
            };
            openings.extend(rules.iter().map(opening));
            merged(openings)
        }),
        names,
        // EKS gives kube-dns the tenth address of the service range: .10, or ::a.
        dns: services.map(|services| services.nth(10)),
    }
}

/// Those that differ in their ranges alone are one, and a range inside of another one says nothing.
fn merged(openings: Vec<Opening>) -> Vec<Opening> {
    let mut merged: Vec<Opening> = vec![];
    for Opening { to, except, ports } in openings {
        let same = merged.iter_mut().find(|one| one.ports == ports && one.except == except);
        match same {
            Some(same) => same.to.extend(to),
            None => merged.push(Opening { to, except, ports }),
        }
    }
    for Opening { to, .. } in &mut merged {
        let all = to.clone();
        let is_inside = |range: &Cidr| all.iter().any(|other| other != range && other.contains(range));
        let mut seen = BTreeSet::new();
        to.retain(|range| seen.insert(*range) && !is_inside(range));
    }
    merged
}

fn ranges(cidrs: &[String]) -> Vec<Cidr> {
    cidrs.iter().filter_map(|cidr| cidr.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use crate::golden::{Environment, Spec, fixtures::*};
    use serde_json::json;

    /// The tier's own preset opens no ranges.
    #[test]
    fn ranges_with_or_without_ports_open_egress() {
        let rule = json!({"cidrs": ["10.0.0.0/8"], "ports": [5432]});
        for (network, expected, reason) in [
            (json!({"egress_cidrs": ["10.0.0.0/8"]}), true, "on all ports"),
            (json!({"egress": [rule]}), true, "on some"),
            (json!({"egress": [rule], "egress_cidrs": ["10.0.0.0/8"]}), true, "both"),
            (json!({}), false, "neither"),
        ] {
            let spec = Spec::of::<Environment>(environment(json!({"tier": "staging", "network": network})));
            let objects = rendered(spec, &facts(), None).objects;
            let opens = objects.iter().any(|object| object.key.to_string().ends_with("/gp-allow-egress"));
            assert_eq!(opens, expected, "{reason}");
        }
    }
}
