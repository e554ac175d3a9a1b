//! What an environment lets in and out.

use crate::domain::{Cidr, Given, Late, LateList, Problems, choices::choices, forms};
use serde::{Deserialize, Serialize};

/// The egress preset that every path has.
pub const SAME_ENVIRONMENT: &str = "same_environment";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    pub default_deny: Option<DefaultDeny>,
    /// `env:<environment>`
    pub allow_from: Given<Vec<String>>,
    pub ingress_cidrs: Given<LateList>,
    /// Of controllers and gateways.
    pub ingress_namespaces: Given<Vec<String>>,
    /// Of what the two above open; none: all.
    pub ingress_ports: Given<Vec<u16>>,
    /// Whether its pods reach each other.
    pub same_environment: Option<bool>,
    /// Those of the path that may scrape; none: all of them.
    pub monitoring_namespaces: Given<Vec<String>>,
    /// `aws_services`, `internet_https`, `kubernetes_api`, `same_environment`
    pub egress_presets: Given<Vec<String>>,
    pub egress_cidrs: Given<LateList>,
    /// Ranges with the ports that are open to them.
    pub egress: Given<Vec<EgressRule>>,
    pub egress_fqdns: Given<Vec<String>>,
    /// Hosts of Ingresses and of Gateway API's routes.
    pub ingress_hosts: Given<Vec<String>>,
    pub engine: Option<NetworkEngine>,
    /// Why it holds against what is seen of the cluster.
    pub engine_reason: Option<String>,
}

// === impl Network ===

impl Network {
    /// With empty lists for those that are not known as a whole: whether they open anything, and so which objects there are, is open.
    /// `None`: all of them are known, or are some elements at least.
    pub fn with_empty_lists(&self) -> Option<Self> {
        let mut found = self.clone();
        for cidrs in [&mut found.ingress_cidrs, &mut found.egress_cidrs] {
            if **cidrs == Late::Later {
                *cidrs = LateList::default().into();
            }
        }
        if self.egress.iter().any(|rule| rule.cidrs == Late::Later) {
            let known = |rule: &EgressRule| rule.cidrs != Late::Later;
            found.egress = found.egress.into_value().into_iter().filter(known).collect::<Vec<_>>().into();
        }
        (found != *self).then_some(found)
    }

    /// What can be wrong with it by itself, in the environment of this name.
    pub fn check(&self, environment: &str, problems: &mut Problems) {
        for from in &self.allow_from {
            let name = from.strip_prefix("env:");
            if name.is_none_or(|name| !forms::is_dns_label(name)) {
                problems.error(
                    "network.allow_from_form",
                    &["network", "allow_from"],
                    format!("{from:?} does not name an environment: write env:<name>"),
                    "Write env:<name>, with the name of an environment on the same cluster.",
                );
            } else if name == Some(environment) {
                problems.error(
                    "network.allow_from_self",
                    &["network", "allow_from"],
                    format!("{from:?} is this environment itself: leave it out"),
                    "Leave it out: its own namespaces reach each other already.",
                );
            }
        }
        for (field, cidrs) in [("ingress_cidrs", &self.ingress_cidrs), ("egress_cidrs", &self.egress_cidrs)] {
            check_cidrs(cidrs, &["network", field], problems);
        }
        for (index, rule) in self.egress.iter().enumerate() {
            let at =
                |field: &'static str| ["network".to_owned(), "egress".to_owned(), index.to_string(), field.to_owned()];
            check_cidrs(&rule.cidrs, &at("cidrs"), problems);
            if rule.ports.is_empty() || rule.ports.contains(&0) {
                let summary = "A rule of `egress` must name ports, 1 to 65535";
                problems.error(
                    "network.port_range",
                    &at("ports"),
                    summary,
                    "List them, or open all of them in `egress_cidrs`.",
                );
            }
        }
        if self.ingress_ports.contains(&0) {
            let at = ["network", "ingress_ports"];
            problems.error("network.port_range", &at, "Port 0 is out of range", "Use ports 1 to 65535.");
        }
        if !self.ingress_ports.is_empty() && self.ingress_cidrs.is_empty_list() && self.ingress_namespaces.is_empty() {
            problems.error(
                "network.ports_for_nobody",
                &["network", "ingress_ports"],
                "`ingress_ports` open nothing by themselves: set `ingress_cidrs` or `ingress_namespaces`",
                "Name who may reach these ports in one of the two.",
            );
        }
        if self.same_environment == Some(false) && self.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT) {
            problems.error(
                "network.same_environment_twice",
                &["network", "same_environment"],
                "`same_environment` is off here and on in `egress_presets`: remove one of the two",
                "Remove one of the two.",
            );
        }
        check_fqdns(&self.egress_fqdns, &["network", "egress_fqdns"], problems);
        check_fqdns(&self.ingress_hosts, &["network", "ingress_hosts"], problems);
        // `auto` is decided by the cluster's facts.
        match self.engine.filter(|engine| *engine != NetworkEngine::Auto) {
            Some(engine) => engine.check_names(&self.egress_fqdns, &["network", "egress_fqdns"], problems),
            None if self.engine_reason.is_some() => problems.error(
                "network.reason_without_engine",
                &["network", "engine_reason"],
                "`engine_reason` says why an engine is named, and none is: name it in `engine`",
                "Name it in `engine`, or leave the reason out.",
            ),
            None => {}
        }
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
                format!("{text} is the instance metadata service: leave it out, and use a slot's `identity`"),
                "A pod that reaches it becomes its node. Give workloads credentials by a slot's `identity`.",
            ),
            Ok(_) => {}
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressRule {
    pub cidrs: LateList,
    pub ports: Vec<u16>,
}

choices! {
    pub enum DefaultDeny {
        Both = "both",
        Ingress = "ingress",
        Egress = "egress",
        None = "none",
    }
}

impl DefaultDeny {
    pub fn has_ingress(self) -> bool {
        matches!(self, Self::Both | Self::Ingress)
    }

    pub fn has_egress(self) -> bool {
        matches!(self, Self::Both | Self::Egress)
    }
}

choices! {
    /// What enforces network rules. `Auto` is resolved from Auto Mode alone, never detected.
    pub enum NetworkEngine {
        Auto = "auto",
        VpcCni = "vpc_cni",
        EksAuto = "eks_auto",
        Cilium = "cilium",
        Calico = "calico",
        None = "none",
    }
}

impl NetworkEngine {
    /// Whether rules may name hosts.
    pub fn has_names(self) -> bool {
        matches!(self, Self::EksAuto | Self::Cilium)
    }

    /// Of what the cluster's facts make of `Auto`.
    pub fn check_names(self, fqdns: &[String], at: &[&str], problems: &mut Problems) {
        if !fqdns.is_empty() && !self.has_names() {
            problems.error(
            "network.engine_knows_no_names",
            at,
                        "Egress by domain name needs a network engine that supports it: use `eks_auto` or `cilium`, or open `egress_cidrs`",
            "Use `eks_auto` on EKS Auto Mode, or `cilium` where it is installed, as the environment's `network.engine`; or \
             open address ranges with `network.egress_cidrs`.",
        );
        }
    }
}

pub(super) fn check_fqdns(names: &[String], at: &[&str], problems: &mut Problems) {
    for name in names.iter().filter(|name| !forms::is_domain_pattern(name)) {
        problems.error(
            "network.fqdn_form",
            at,
            format!("{name:?} is not a domain name"),
            "Write a host such as shop.example.com, or all hosts of a domain as *.example.com, in lower case, without scheme and port.",
        );
    }
}
