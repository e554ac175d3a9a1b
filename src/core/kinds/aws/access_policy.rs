//! One namespace in the scope of one access policy of one principal.

use super::access_entry::name_of;
use crate::{
    domain::{Body, Fields, FieldsBuilder, Holder, ObjectKey, SYSTEM_NAMESPACE},
    kinds::{
        kind::{Kind, Refresh, RemovalRank},
        words::Row,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A plan says no refusal of it: no golden path grants a policy that EKS does not have.
pub const KIND: Kind = Kind {
    // All of it is in the key, and another scope is none that we make.
    words: |rest| match rest.get("/accessScope/type") {
        Some("namespace") => {
            rest.take("/accessScope/type");
            vec![Row::one("scope", "namespace")]
        }
        _ => vec![],
    },
    short: |key| match key {
        ObjectKey::AccessPolicy { policy, namespace, principal } => {
            Some(format!("{policy} {namespace}/{}", name_of(principal)))
        }
        _ => None,
    },
    fields: |body| match body {
        Body::AccessPolicy(_) => Some(fields()),
        _ => None,
    },
    refresh: Refresh::WithEntry,
    ..Kind::aws("eks", "AccessPolicy", RemovalRank::AccessPolicy)
};

/// All of it is in the key; one field, so that what exists differs from what does not.
fn fields() -> Fields {
    let mut fields = FieldsBuilder::default();
    fields.push("/accessScope/type", "namespace", Holder::Us);
    fields.build()
}

// === what EKS says of it ===

/// EKS's policies for people; others exist for its own services and are not for access entries of type STANDARD.
pub const PEOPLES_POLICIES: [&str; 6] = [
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
];

/// Of the policy that is about to be associated.
pub fn check(policy: &str) -> Result<(), String> {
    if PEOPLES_POLICIES.contains(&policy) {
        return Ok(());
    }
    Err(format!("InvalidParameterException: The policyArn parameter format is not valid ({policy})"))
}

/// Somebody else's entry is never changed, and a policy is a part of its entry.
pub fn not_our_entry(principal: &str, policy: &str) -> String {
    format!(
        "the access entry of {principal} is not marked as ours and is never changed: its owner can associate {policy}"
    )
}

// === scopes ===

/// The namespaces of each policy, by its short name, of one principal. `*`: the whole cluster.
pub type PolicyScopes = BTreeMap<String, BTreeSet<String>>;

/// What an entry of ours may never have: policies over the whole cluster, in a wildcard (EKS takes `kube-*`), or in a namespace
/// of the cluster's own.
pub fn scopes_elsewhere(scopes: &PolicyScopes) -> PolicyScopes {
    let elsewhere = |(policy, namespaces): (&String, &BTreeSet<String>)| {
        let found: BTreeSet<String> = namespaces.iter().filter(|namespace| is_elsewhere(namespace)).cloned().collect();
        (!found.is_empty()).then(|| (policy.clone(), found))
    };
    scopes.iter().filter_map(elsewhere).collect()
}

/// No namespace of an environment.
pub fn is_elsewhere(namespace: &str) -> bool {
    namespace.contains('*') || namespace.starts_with("kube-") || ["default", SYSTEM_NAMESPACE].contains(&namespace)
}

/// Each in words.
pub fn describe_scopes(scopes: &PolicyScopes) -> Vec<String> {
    let place = |namespace: &str| match namespace {
        "*" => "over the whole cluster".to_owned(),
        namespace => format!("in {namespace}"),
    };
    let words = |(policy, namespaces): (&String, &BTreeSet<String>)| {
        let places: Vec<String> = namespaces.iter().map(|namespace| place(namespace)).collect();
        format!("with {policy} {}", places.join(" and "))
    };
    scopes.iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_for_people_are_taken_and_no_others() {
        for (policy, is_good, reason) in [
            ("AmazonEKSViewPolicy", true, "for people"),
            ("AmazonEKSAutoNodePolicy", false, "for nodes of Auto Mode"),
            ("ReadOnlyAccess", false, "a policy of IAM"),
        ] {
            assert_eq!(check(policy).is_ok(), is_good, "{reason}");
        }
    }

    #[test]
    fn scopes_outside_of_environments_are_found_and_said() {
        let scopes = |of: &[(&str, &[&str])]| -> PolicyScopes {
            let namespaces = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            of.iter().map(|(policy, names)| ((*policy).to_owned(), namespaces(names))).collect()
        };
        for (namespace, expected, reason) in [
            ("pay", false, "an environment's"),
            ("kubernetes", false, "it only begins alike"),
            ("default-pay", false, "it only begins alike"),
            ("*", true, "the whole cluster"),
            ("pay*", true, "EKS takes wildcards"),
            ("kube-system", true, "the cluster's own"),
            ("default", true, "the cluster's own"),
            (SYSTEM_NAMESPACE, true, "the records'"),
        ] {
            assert_eq!(is_elsewhere(namespace), expected, "{namespace}: {reason}");
        }
        let granted = scopes(&[("View", &["pay", "pay-api"]), ("Edit", &["pay", "kube-system", "*"])]);
        let elsewhere = scopes_elsewhere(&granted);
        assert_eq!(elsewhere, scopes(&[("Edit", &["kube-system", "*"])]), "a policy that is only here is left out");
        assert_eq!(describe_scopes(&elsewhere), ["with Edit over the whole cluster and in kube-system"]);
    }
}
