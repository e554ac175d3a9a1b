//! What is wrong with an access entry of ours though its group and its tags are right. Pure.
//!
//! Reported as a difference of the entry, so that a plan shows it and an apply repairs it.

use super::grants::Grants;
use goldenpath_core::kinds::aws::{
    access_entry::OF_ANOTHER_PRINCIPAL,
    access_policy::{describe_scopes, scopes_elsewhere},
};
use std::fmt;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EntryDefects {
    /// Its type, if it is not the one that we need: it cannot be changed.
    wrong_type: Option<String>,
    is_older_than_its_principal: bool,
    /// Scopes that no environment has.
    pub elsewhere: Grants,
}

impl EntryDefects {
    /// `principal_made_at`: `None` where nobody knows.
    pub fn find(
        made_at: Option<i64>,
        wrong_type: Option<String>,
        principal_made_at: Option<i64>,
        grants: &Grants,
    ) -> Self {
        Self {
            wrong_type,
            is_older_than_its_principal: made_at
                .zip(principal_made_at)
                .is_some_and(|(entry, principal)| principal > entry),
            elsewhere: scopes_elsewhere(grants),
        }
    }

    pub fn must_recreate(&self) -> bool {
        self.wrong_type.is_some() || self.is_older_than_its_principal
    }

    /// `None`: nothing is wrong.
    pub fn describe(&self) -> Option<String> {
        (*self != Self::default()).then(|| self.to_string())
    }
}

impl fmt::Display for EntryDefects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong_type = self.wrong_type.iter().map(|name| format!("of type {name}"));
        let stale = self.is_older_than_its_principal.then(|| OF_ANOTHER_PRINCIPAL.to_owned());
        let all: Vec<String> = wrong_type.chain(stale).chain(describe_scopes(&self.elsewhere)).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_of_an_entry_are_described() {
        let grants = |policy: &str, namespace: &str| Grants::from([(policy.to_owned(), [namespace.to_owned()].into())]);
        let (in_namespaces, over_all) = (grants("AmazonEKSViewPolicy", "pay"), grants("AmazonEKSAdminPolicy", "*"));
        let (system, wildcard) = (grants("AmazonEKSEditPolicy", "kube-system"), grants("AmazonEKSEditPolicy", "pay*"));
        for (wrong_type, principal, grants, words, recreate, reason) in [
            (None, Some(100), &in_namespaces, None, false, "made after its principal, in the same second"),
            (None, None, &in_namespaces, None, false, "of another account, or one that nobody may read"),
            (None, Some(101), &in_namespaces, Some("of a principal that was recreated since"), true, "older than it"),
            (Some("EC2_LINUX"), Some(1), &in_namespaces, Some("of type EC2_LINUX"), true, "a type can't be changed"),
            (
                None,
                Some(1),
                &over_all,
                Some("with AmazonEKSAdminPolicy over the whole cluster"),
                false,
                "a grant that is never ours goes, the entry stays",
            ),
            (
                None,
                None,
                &system,
                Some("with AmazonEKSEditPolicy in kube-system"),
                false,
                "the cluster's own namespace",
            ),
            (None, None, &wildcard, Some("with AmazonEKSEditPolicy in pay*"), false, "EKS takes wildcards"),
        ] {
            let defects = EntryDefects::find(Some(100), wrong_type.map(str::to_owned), principal, grants);
            assert_eq!(defects.describe().as_deref(), words, "{reason}");
            assert_eq!(defects.must_recreate(), recreate, "{reason}");
        }
    }
}
