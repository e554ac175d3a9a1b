//! What a namespace lets in and out: the tier's directions and presets under what the environment says.

use crate::{
    domain::{Cidr, Network, NetworkEngine, StableFacts},
    golden::{
        catalogue::{GoldenPath, SAME_ENVIRONMENT, TierNetwork, filled},
        objects::network::{NetworkRules, Opening},
        parent::ParentNetwork,
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

pub fn network(asked: Option<&Network>, tier: &TierNetwork, facts: &StableFacts) -> ParentNetwork {
    let Network {
        default_deny,
        allow_from,
        ingress_cidrs,
        egress_presets,
        egress_cidrs,
        egress_fqdns,
        engine: named,
        ..
    } = asked.cloned().unwrap_or_default();
    let (allow_from, egress_fqdns) = (allow_from.into_value(), egress_fqdns.into_value());
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let presets: BTreeSet<String> = tier.egress_presets.iter().cloned().chain(egress_presets.into_value()).collect();
    ParentNetwork {
        engine: engine(named, facts),
        default_deny: default_deny.unwrap_or(tier.default_deny),
        allow_from,
        ingress_cidrs: ingress_cidrs.all().map(owned),
        egress_presets: presets.into_iter().collect(),
        egress_cidrs: egress_cidrs.all().map(owned),
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
            Opening { to, ports: preset.ports.clone() }
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
        same_environment: network.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT),
        allow_from: network.allow_from.iter().map(|from| from.trim_start_matches("env:").to_owned()).collect(),
        monitoring_namespaces: path.network.monitoring_namespaces.clone(),
        ingress: network.ingress_cidrs.as_deref().map(ranges),
        egress: network.egress_cidrs.as_deref().map(ranges).map(|to| {
            openings.extend((!to.is_empty()).then_some(Opening { to, ports: vec![] }));
            openings
        }),
        names,
        // EKS gives kube-dns the tenth address of the service range: .10, or ::a.
        dns: services.map(|services| services.nth(10)),
    }
}

fn ranges(cidrs: &[String]) -> Vec<Cidr> {
    cidrs.iter().filter_map(|cidr| cidr.parse().ok()).collect()
}
