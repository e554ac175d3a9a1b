//! Network rules by themselves.

use super::{Faults, forms};
use crate::{
    domain::{Cidr, LateList, Network, NetworkEngine},
    golden::render::knows_names,
};

pub(super) fn check(environment: &str, network: &Network, faults: &mut Faults) {
    for from in &network.allow_from {
        let name = from.strip_prefix("env:");
        if name.is_none_or(|name| !forms::is_dns_label(name)) {
            faults.error(
                "network.allow_from_form",
                &["network", "allow_from"],
                format!("{from:?} names no environment"),
                "Write env:<name of an environment on the same cluster>.",
            );
        } else if name == Some(environment) {
            faults.error(
                "network.allow_from_self",
                &["network", "allow_from"],
                format!("{from:?} is this environment itself"),
                "Its own namespaces reach each other already; leave it out.",
            );
        }
    }
    for (field, cidrs) in [("ingress_cidrs", &network.ingress_cidrs), ("egress_cidrs", &network.egress_cidrs)] {
        check_cidrs(cidrs, field, faults);
    }
    check_fqdns(&network.egress_fqdns, &["network", "egress_fqdns"], faults);
    let engine = network.engine.unwrap_or(NetworkEngine::Auto);
    if !network.egress_fqdns.is_empty() && engine != NetworkEngine::Auto && !knows_names(engine) {
        faults.error(
            "network.engine_knows_no_names",
            &["network", "egress_fqdns"],
            "egress by domain name needs the engine eks_auto or cilium",
            "Change network.engine where one of them is installed, or open address ranges with egress_cidrs.",
        );
    }
}

/// What is known already: a wrong element is refused before the rest arrives.
fn check_cidrs(cidrs: &LateList, field: &str, faults: &mut Faults) {
    for text in cidrs.known() {
        match text.parse::<Cidr>() {
            Err(error) => faults.error(
                "network.cidr_form",
                &["network", field],
                error.to_string(),
                "List one range in each element.",
            ),
            Ok(range) if range.metadata_except().is_none() => faults.error(
                "network.metadata_service",
                &["network", field],
                format!("{text} is the instance metadata service"),
                "A pod that reaches it becomes its node. Workloads get credentials from a slot's identity.",
            ),
            Ok(_) => {}
        }
    }
}

pub(super) fn check_fqdns(names: &[String], at: &[&str], faults: &mut Faults) {
    for name in names.iter().filter(|name| !forms::is_domain_pattern(name)) {
        faults.error(
            "network.fqdn_form",
            at,
            format!("{name:?} is no domain name"),
            "Write a host such as sts.eu-west-1.amazonaws.com, or all of a domain as *.example.com: no scheme, no port, lower case.",
        );
    }
}
