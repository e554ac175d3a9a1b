//! Rules that the resources' `check` and `judge` stages share. Each names the field and the next step.

use super::catalogue::{GoldenPath, Grants};
use crate::{
    domain::{Drift, Problems, Texts, is_covered, name_list},
    kinds,
};

pub fn check_drift(drift: Option<&Drift>, problems: &mut Problems) {
    for pattern in drift.iter().flat_map(|drift| &drift.ignore) {
        if !kinds::may_match(pattern) {
            problems.error(
                "drift.pattern",
                &["drift", "ignore"],
                format!("Drift pattern {pattern:?} matches no object: write one over the keys of `objects`"),
                "Write a pattern over the keys of `objects`, such as `ResourceQuota *` or `IAM Role *`.",
            );
        }
    }
}

pub fn check_granted_fqdns(names: &[String], grants: &Grants, at: &[&str], problems: &mut Problems) {
    for name in names.iter().filter(|name| !is_covered(&grants.egress_fqdns, name)) {
        problems.error(
            "network.fqdn_not_granted",
            at,
            format!("The golden path does not grant egress to {name}: ask the platform team to add it"),
            format!(
                "Granted in this tier: {}. Ask the platform team to add it to `grants.egress_fqdns`.",
                name_list(&grants.egress_fqdns)
            ),
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
    problems.error(
        "names.reserved",
        &["name"],
        format!("The namespace name {name} is reserved: choose another name"),
        detail,
    );
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
        let summary =
            format!("The namespace name {name} has {} characters, and Kubernetes allows 63: shorten it", name.len());
        problems.error(code, at, summary, next);
    }
}

/// The keys that a team gives a namespace, an environment's own or an isolated slot's, within the golden path's list.
pub fn judge_keys(path: &GoldenPath, keys: [(&'static str, &Texts); 2], at: &[&str], problems: &mut Problems) {
    for (field, texts) in keys {
        for (key, value) in texts {
            if let Some(why) = path.metadata.refuses(key, value) {
                problems.error(
                    "environment.key_not_granted",
                    &[at, &[field, key]].concat(),
                    format!("{key} may not be set on a namespace: {why}; ask the platform team to add it"),
                    "Use a key without a domain, or ask the platform team to list the domain or the key in the golden path's `metadata`.",
                );
            }
        }
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
            let summary = format!("The golden path does not grant egress to {host}: ask the platform team to add it");
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
