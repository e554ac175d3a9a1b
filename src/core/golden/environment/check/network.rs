//! Network rules by themselves.

use crate::{
    domain::{Cidr, LateList, Network, NetworkEngine, Problems},
    golden::{
        catalogue::SAME_ENVIRONMENT,
        checks::{check_engine, check_fqdns},
        forms,
    },
};

pub fn check(environment: &str, network: &Network, problems: &mut Problems) {
    for from in &network.allow_from {
        let name = from.strip_prefix("env:");
        if name.is_none_or(|name| !forms::is_dns_label(name)) {
            problems.error(
                "network.allow_from_form",
                &["network", "allow_from"],
                format!("{from:?} does not name an environment"),
                "Write env:<name>, with the name of an environment on the same cluster.",
            );
        } else if name == Some(environment) {
            problems.error(
                "network.allow_from_self",
                &["network", "allow_from"],
                format!("{from:?} is this environment itself"),
                "Leave it out: its own namespaces reach each other already.",
            );
        }
    }
    for (field, cidrs) in [("ingress_cidrs", &network.ingress_cidrs), ("egress_cidrs", &network.egress_cidrs)] {
        check_cidrs(cidrs, &["network", field], problems);
    }
    for (index, rule) in network.egress.iter().enumerate() {
        let at = |field: &'static str| ["network".to_owned(), "egress".to_owned(), index.to_string(), field.to_owned()];
        check_cidrs(&rule.cidrs, &at("cidrs"), problems);
        if rule.ports.is_empty() || rule.ports.contains(&0) {
            let summary = "A rule of `egress` names ports, 1 to 65535";
            problems.error(
                "network.port_range",
                &at("ports"),
                summary,
                "List them, or open all of them in `egress_cidrs`.",
            );
        }
    }
    if network.ingress_ports.contains(&0) {
        let at = ["network", "ingress_ports"];
        problems.error("network.port_range", &at, "Port 0 is out of range", "Use ports 1 to 65535.");
    }
    if !network.ingress_ports.is_empty()
        && network.ingress_cidrs.is_empty_list()
        && network.ingress_namespaces.is_empty()
    {
        problems.error(
            "network.ports_for_nobody",
            &["network", "ingress_ports"],
            "`ingress_ports` without `ingress_cidrs` or `ingress_namespaces` open nothing",
            "Name who may reach them in one of the two.",
        );
    }
    if network.same_environment == Some(false) && network.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT)
    {
        problems.error(
            "network.same_environment_twice",
            &["network", "same_environment"],
            "`same_environment` is off here and on in `egress_presets`",
            "Remove one of the two.",
        );
    }
    check_fqdns(&network.egress_fqdns, &["network", "egress_fqdns"], problems);
    check_fqdns(&network.ingress_hosts, &["network", "ingress_hosts"], problems);
    // `auto` is decided by the cluster's facts.
    match network.engine.filter(|engine| *engine != NetworkEngine::Auto) {
        Some(engine) => check_engine(engine, &network.egress_fqdns, &["network", "egress_fqdns"], problems),
        None if network.engine_reason.is_some() => problems.error(
            "network.reason_without_engine",
            &["network", "engine_reason"],
            "`engine_reason` says why an engine is named, and none is",
            "Name it in `engine`, or leave the reason out.",
        ),
        None => {}
    }
}

/// What is known already: a wrong element is refused before the rest arrives.
fn check_cidrs<T: AsRef<str>>(cidrs: &LateList, at: &[T], problems: &mut Problems) {
    for text in cidrs.known_items() {
        match text.parse::<Cidr>() {
            Err(error) => {
                problems.error("network.cidr_form", at, error.to_string(), "Write one range in each element.")
            }
            Ok(range) if range.metadata_except().is_none() => problems.error(
                "network.metadata_service",
                at,
                format!("{text} is the instance metadata service"),
                "A pod that reaches it becomes its node. Give workloads credentials by a slot's `identity`.",
            ),
            Ok(_) => {}
        }
    }
}
