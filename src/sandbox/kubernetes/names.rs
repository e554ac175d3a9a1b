//! Names of kinds, objects, labels: which are allowed. Pure.

use goldenpath_core::{
    domain::ObjectKey,
    kinds::{self, NameRule},
};

/// Kinds of others that live in no namespace, of the groups that every API server has.
const CLUSTER_SCOPED: [&str; 12] = [
    "APIService",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

pub fn is_cluster_scoped(key: &ObjectKey) -> bool {
    kinds::of(key).map_or_else(|| CLUSTER_SCOPED.contains(&key.kind()), |kind| !kind.is_namespaced())
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| is_label(part, 253))
}

fn is_label(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `metadata.name`, by the rule of its kind.
pub fn check_name(key: &ObjectKey, name: &str) -> Result<(), &'static str> {
    let rule = match (kinds::of(key), key.kind()) {
        (Some(kind), _) => kind.names,
        (None, "ClusterRoleBinding" | "Role") => NameRule::PathSegment,
        (None, "Service") => NameRule::Label,
        (None, _) => NameRule::Subdomain,
    };
    let (good, words) = match rule {
        NameRule::PathSegment => (
            !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '%']),
            "may not contain '/' or '%'",
        ),
        NameRule::Label => (
            is_label(name, 63),
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
             with an alphanumeric character, at most 63",
        ),
        NameRule::Subdomain => (
            is_subdomain(name),
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
             and end with an alphanumeric character, at most 253",
        ),
    };
    if good { Ok(()) } else { Err(words) }
}

/// The part of a label or annotation after its prefix, and a label's value.
fn is_qualified(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && ends(text.chars().next())
        && ends(text.chars().last())
}

pub fn check_label_key(key: &str) -> Result<(), &'static str> {
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

pub fn check_label_value(value: &str) -> Result<(), &'static str> {
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
        let rbac = "rbac.authorization.k8s.io/v1";
        for (api_version, kind, name, good, reason) in [
            ("v1", "Namespace", "payments-prod", true, "a label"),
            ("v1", "Namespace", "payments.prod", false, "no dots in namespaces"),
            ("v1", "Namespace", long.as_str(), false, "at most 63"),
            ("v1", "ConfigMap", "environment.payments", true, "a subdomain"),
            ("v1", "ConfigMap", "Environment", false, "lower case"),
            ("v1", "ConfigMap", "a..b", false, "an empty part"),
            ("v1", "Service", "a.b", false, "a kind that golden paths do not render"),
            (rbac, "ClusterRole", "system:Admin", true, "a path segment"),
            (rbac, "RoleBinding", "a/b", false, "no slash"),
        ] {
            let key = ObjectKey::kube(api_version, kind, None, name);
            assert_eq!(check_name(&key, name).is_ok(), good, "{kind} {name}: {reason}");
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
