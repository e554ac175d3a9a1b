//! Rules that the resources' `check` and `judge` stages share. Each names the field and the next step.

use super::{
    catalogue::{GoldenPath, Grants},
    forms,
};
use crate::{
    domain::{Drift, NetworkEngine, Problems, Quantity, is_covered},
    kinds,
};

pub fn check_drift(drift: Option<&Drift>, problems: &mut Problems) {
    for pattern in drift.iter().flat_map(|drift| &drift.ignore) {
        if !kinds::may_match(pattern) {
            problems.error(
                "drift.pattern",
                &["drift", "ignore"],
                format!("Drift pattern {pattern:?} matches no object"),
                "Write a pattern over the keys of `objects`, such as `ResourceQuota *` or `IAM Role *`.",
            );
        }
    }
}

/// `100m` of memory is a tenth of a byte.
pub fn check_bytes(what: &str, quantity: &Quantity, at: &[&str], problems: &mut Problems) {
    if !quantity.is_whole() {
        let written = quantity.original();
        let meant = written.strip_suffix('m').map_or("512Mi".to_owned(), |number| format!("{number}Mi"));
        problems.error(
            "quantity.part_of_a_byte",
            at,
            format!("{what} of {written} is not a whole number of bytes"),
            format!("The suffix `m` means thousandths, and `M` or `Mi` means millions of bytes. Write an amount such as {meant}."),
        );
    }
}

pub fn check_fqdns(names: &[String], at: &[&str], problems: &mut Problems) {
    for name in names.iter().filter(|name| !forms::is_domain_pattern(name)) {
        problems.error(
            "network.fqdn_form",
            at,
            format!("{name:?} is not a domain name"),
            "Write a host such as shop.example.com, or all hosts of a domain as *.example.com, in lower case, without scheme and port.",
        );
    }
}

pub fn check_granted_fqdns(names: &[String], grants: &Grants, at: &[&str], problems: &mut Problems) {
    for name in names.iter().filter(|name| !is_covered(&grants.egress_fqdns, name)) {
        problems.error(
            "network.fqdn_not_granted",
            at,
            format!("The golden path does not grant egress to {name}"),
            format!("Granted in this tier: {}.", grants.egress_fqdns.join(", ")),
        );
    }
}

/// `engine` as the cluster's facts decide it.
pub fn check_engine(engine: NetworkEngine, fqdns: &[String], at: &[&str], problems: &mut Problems) {
    if !fqdns.is_empty() && !engine.has_names() {
        problems.error(
            "network.engine_knows_no_names",
            at,
            "Egress by domain name needs a network engine that supports domain names",
            "Use `eks_auto` on EKS Auto Mode, or `cilium` where it is installed, as the environment's `network.engine`; or \
             open address ranges with `network.egress_cidrs`.",
        );
    }
}

/// `name` is a final one.
pub fn check_reserved(path: &GoldenPath, name: &str, problems: &mut Problems) {
    let prefix = path.reserved.prefixes.iter().find(|prefix| name.starts_with(prefix.as_str()));
    let detail = match prefix {
        Some(prefix) => format!("Names that begin with {prefix} belong to the platform. Choose another name."),
        None if path.reserved.namespaces.iter().any(|reserved| reserved == name) => {
            "It belongs to an add-on of the platform. Choose another name.".to_owned()
        }
        None => return,
    };
    problems.error("names.reserved", &["name"], format!("The namespace name {name} is reserved"), detail);
}

/// What Kubernetes takes as the name of a namespace.
pub fn check_namespace_length(
    code: &'static str,
    name: &str,
    at: &[&str],
    next: &'static str,
    problems: &mut Problems,
) {
    if name.len() > 63 {
        let summary = format!("The namespace name {name} has {} characters, and Kubernetes allows 63", name.len());
        problems.error(code, at, summary, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Catalogue;

    fn found(check: impl FnOnce(&mut Problems)) -> Vec<(&'static str, String, String)> {
        let mut problems = Problems::default();
        check(&mut problems);
        problems.into_vec().into_iter().map(|found| (found.code, found.field.join("."), found.summary)).collect()
    }

    #[test]
    fn egress_goes_to_granted_hosts_only() {
        let path = Catalogue::built_in().newest(None).expect("the built-in one").clone();
        let grants = &path.tiers[&"dev".parse().expect("a name")].grants;
        for (granted, host, is_granted, reason) in [
            (&["api.example.com"][..], "api.example.com", true, "the host itself"),
            (&["*.example.com"], "api.example.com", true, "a host of the domain"),
            (&["a.example.com", "*.example.org"], "api.example.org", true, "one of several"),
            (&["*.example.com"], "example.com", false, "the domain without a host"),
            (&["api.example.com"], "*.example.com", false, "more than one host is granted"),
            (&["*.example.com"], "api.example.org", false, "another domain"),
            (&[], "api.example.com", false, "none is granted"),
        ] {
            let granted = granted.iter().map(|name| (*name).to_owned()).collect();
            let grants = Grants { egress_fqdns: granted, ..grants.clone() };
            let at = ["egress", "fqdns"];
            let found = found(|problems| check_granted_fqdns(&[host.to_owned()], &grants, &at, problems));
            let summary = format!("The golden path does not grant egress to {host}");
            let refused = ("network.fqdn_not_granted", "egress.fqdns".to_owned(), summary);
            assert_eq!(found, if is_granted { vec![] } else { vec![refused] }, "{host}: {reason}");
        }
    }

    #[test]
    fn a_namespace_has_63_characters_at_most() {
        for (length, is_refused, reason) in [(1, false, "short"), (63, false, "the longest"), (64, true, "one more")] {
            let name = "a".repeat(length);
            let check =
                |problems: &mut Problems| check_namespace_length("x.length", &name, &["name"], "Shorten it.", problems);
            assert_eq!(found(check).len(), usize::from(is_refused), "{reason}");
        }
    }
}
