//! Network rules by themselves.

use crate::{
    domain::{Cidr, LateList, Network, NetworkEngine, Problems},
    golden::{
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
        check_cidrs(cidrs, field, problems);
    }
    check_fqdns(&network.egress_fqdns, &["network", "egress_fqdns"], problems);
    check_fqdns(&network.ingress_hosts, &["network", "ingress_hosts"], problems);
    // `auto` is decided by the cluster's facts.
    if let Some(engine) = network.engine.filter(|engine| *engine != NetworkEngine::Auto) {
        check_engine(engine, &network.egress_fqdns, &["network", "egress_fqdns"], problems);
    }
}

/// What is known already: a wrong element is refused before the rest arrives.
fn check_cidrs(cidrs: &LateList, field: &str, problems: &mut Problems) {
    for text in cidrs.known() {
        match text.parse::<Cidr>() {
            Err(error) => problems.error(
                "network.cidr_form",
                &["network", field],
                error.to_string(),
                "Write one range in each element.",
            ),
            Ok(range) if range.metadata_except().is_none() => problems.error(
                "network.metadata_service",
                &["network", field],
                format!("{text} is the instance metadata service"),
                "A pod that reaches it becomes its node. Give workloads credentials by a slot's `identity`.",
            ),
            Ok(_) => {}
        }
    }
}
