//! Names of kinds, objects, labels: which are allowed, and their plural. Pure.

/// Kinds that live in no namespace, of the groups that every API server has.
const CLUSTER_SCOPED: [&str; 16] = [
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

pub(super) fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// `networkpolicies`, as the API server and its messages say it.
pub(in crate::sandbox) fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.as_str() {
        "endpoints" => kind,
        _ if kind.ends_with('s') => format!("{kind}es"),
        _ => match kind.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{kind}s"),
        },
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| !part.is_empty() && part.len() <= 253 && is_label_of(part, 253))
}

fn is_label_of(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `metadata.name`: RBAC names are path segments, namespaces and services labels, all else subdomains.
pub(super) fn check_name(kind: &str, name: &str) -> Result<(), &'static str> {
    let (good, rule) = match kind {
        "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => (
            !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']),
            "may not contain '/' or '%'",
        ),
        "Namespace" | "Service" => (
            is_label(name),
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
             with an alphanumeric character, at most 63",
        ),
        _ => (
            is_subdomain(name),
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
             and end with an alphanumeric character, at most 253",
        ),
    };
    if good { Ok(()) } else { Err(rule) }
}

/// The part of a label or annotation after its prefix, and a label's value.
fn is_qualified(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && ends(text.chars().next())
        && ends(text.chars().last())
}

pub(super) fn check_label_key(key: &str) -> Result<(), &'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_none_or(is_subdomain) && is_qualified(name) {
        Ok(())
    } else {
        Err("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character, at most 63, after an optional DNS subdomain prefix and '/'")
    }
}

pub(super) fn check_label_value(value: &str) -> Result<(), &'static str> {
    if value.is_empty() || is_qualified(value) {
        Ok(())
    } else {
        Err(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
             and end with an alphanumeric character, at most 63",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_by_kind() {
        let long = "a".repeat(64);
        for (kind, name, good, reason) in [
            ("Namespace", "payments-prod", true, "a label"),
            ("Namespace", "payments.prod", false, "no dots in namespaces"),
            ("Namespace", long.as_str(), false, "at most 63"),
            ("ConfigMap", "environment.payments", true, "a subdomain"),
            ("ConfigMap", "Environment", false, "lower case"),
            ("ConfigMap", "a..b", false, "an empty part"),
            ("ClusterRole", "system:Admin", true, "a path segment"),
            ("RoleBinding", "a/b", false, "no slash"),
        ] {
            assert_eq!(check_name(kind, name).is_ok(), good, "{kind} {name}: {reason}");
        }
    }

    #[test]
    fn plurals_are_those_of_discovery() {
        for (kind, expected) in [
            ("NetworkPolicy", "networkpolicies"),
            ("Ingress", "ingresses"),
            ("ResourceQuota", "resourcequotas"),
            ("Gateway", "gateways"),
            ("Endpoints", "endpoints"),
        ] {
            assert_eq!(plural(kind), expected);
        }
    }

    #[test]
    fn labels_are_qualified_names_with_short_values() {
        assert!(check_label_key("goldenpath.internal/team").is_ok());
        assert!(check_label_key("Upper.Case/team").is_err(), "the prefix is a subdomain");
        assert!(check_label_key("a/b/c").is_err());
        assert!(check_label_value("").is_ok());
        assert!(check_label_value("pay@corp").is_err());
        assert!(check_label_value(&"x".repeat(64)).is_err());
    }
}
