//! What a request opens of the network, within the grants of its tier.

use crate::{
    domain::{Cidr, DefaultDeny, LateList, Network, NetworkEngine, Problems, name_list},
    golden::{
        catalogue::{GoldenPath, SAME_ENVIRONMENT, Tier},
        checks::check_granted_fqdns,
    },
};

pub fn judge_network(network: &Network, path: &GoldenPath, tier: &Tier, is_prod: bool, problems: &mut Problems) {
    let required = tier.network.default_deny;
    let narrower = |asked: DefaultDeny| {
        (!required.has_ingress() || asked.has_ingress()) && (!required.has_egress() || asked.has_egress())
    };
    if network.default_deny.is_some_and(|asked| !narrower(asked)) {
        problems.error(
            "network.default_deny_weaker",
            &["network", "default_deny"],
            "A default deny can only close more than the tier's",
            "Leave it out for the tier's, and open what the workload needs by `allow_from`, `ingress_cidrs`, `egress_presets` or `egress_cidrs`.",
        );
    }
    if is_prod && network.engine == Some(NetworkEngine::None) {
        problems.error(
            "network.engine_none",
            &["network", "engine"],
            "Production needs a network engine that enforces network rules",
            "The engine `none` enforces nothing. Leave `network.engine` out, or name what the cluster runs: vpc_cni, eks_auto, cilium or calico.",
        );
    }
    for preset in &network.egress_presets {
        if preset != SAME_ENVIRONMENT && !path.network.egress_presets.contains_key(preset) {
            let known: Vec<&str> = path.network.egress_presets.keys().map(String::as_str).collect();
            problems.error(
                "network.unknown_preset",
                &["network", "egress_presets"],
                format!("Golden path {} has no egress preset {preset:?}", path.name),
                format!("Its presets are: {SAME_ENVIRONMENT}, {}.", known.join(", ")),
            );
        }
    }
    let named: [(&str, &[String], &[String]); 2] = [
        ("ingress_namespaces", &network.ingress_namespaces, &tier.grants.ingress_namespaces),
        ("monitoring_namespaces", &network.monitoring_namespaces, &path.network.monitoring_namespaces),
    ];
    for (field, asked, granted) in named {
        for name in asked.iter().filter(|name| !granted.contains(name)) {
            problems.error(
                "network.namespace_not_granted",
                &["network", field],
                format!("The golden path does not let pods of namespace {name} in"),
                format!("Granted in this tier: {}. Ask the platform team to add it to the path.", name_list(granted)),
            );
        }
    }
    judge_ranges(&network.ingress_cidrs, &tier.grants.ingress_cidrs, &["network", "ingress_cidrs"], problems);
    judge_ranges(&network.egress_cidrs, &tier.grants.egress_cidrs, &["network", "egress_cidrs"], problems);
    for (index, rule) in network.egress.iter().enumerate() {
        let at = ["network", "egress", &index.to_string(), "cidrs"];
        judge_ranges(&rule.cidrs, &tier.grants.egress_cidrs, &at, problems);
    }
    check_granted_fqdns(&network.egress_fqdns, &tier.grants, &["network", "egress_fqdns"], problems);
}

fn judge_ranges(asked: &LateList, granted: &[String], at: &[&str], problems: &mut Problems) {
    let ranges: Vec<Cidr> = granted.iter().filter_map(|text| text.parse().ok()).collect();
    for text in asked.known_items() {
        let Ok(range) = text.parse::<Cidr>() else { continue };
        if !ranges.iter().any(|granted| granted.contains(&range)) {
            problems.error(
                "network.range_not_granted",
                at,
                format!("The golden path does not grant {text} in this tier"),
                format!(
                    "Granted: {}. Open hosts beyond them by name (`egress_fqdns`), or ask the platform team.",
                    granted.join(", ")
                ),
            );
        }
    }
}
