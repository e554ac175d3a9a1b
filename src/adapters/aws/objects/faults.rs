//! What is wrong with an access entry of ours though its group and its tags are right. Pure.
//!
//! Told as a difference of the entry, so that a plan shows it and an apply mends it.

use super::access_policies::{self, Granted};
use std::{collections::BTreeSet, fmt};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Its type, which can't be changed, if it is another one.
    kind: Option<String>,
    is_older_than_its_role: bool,
    pub(super) over_all: BTreeSet<String>,
}

impl Faults {
    pub(super) fn of(made_at: Option<i64>, kind: Option<String>, role_made_at: Option<i64>, granted: &Granted) -> Self {
        Self {
            kind,
            is_older_than_its_role: matches!((role_made_at, made_at), (Some(role), Some(entry)) if role > entry),
            over_all: access_policies::over_all(granted),
        }
    }

    pub(super) fn want_another(&self) -> bool {
        self.kind.is_some() || self.is_older_than_its_role
    }

    /// `None`: nothing is.
    pub(super) fn words(&self) -> Option<String> {
        (*self != Self::default()).then(|| self.to_string())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.iter().map(|kind| format!("of type {kind}"));
        let dead = self.is_older_than_its_role.then(|| "of a role that was made anew since".to_owned());
        let over_all = self.over_all.iter().map(|policy| format!("with {policy} over the whole cluster"));
        let all: Vec<String> = kind.chain(dead).chain(over_all).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_entry_is_told_in_words() {
        let granted =
            |policy: &str, namespace: &str| Granted::from([(policy.to_owned(), [namespace.to_owned()].into())]);
        let (in_namespaces, over_all) = (granted("AmazonEKSViewPolicy", "pay"), granted("AmazonEKSAdminPolicy", "*"));
        for (kind, role, granted, words, another, reason) in [
            (None, Some(100), &in_namespaces, None, false, "made after its role, in the same second"),
            (None, None, &in_namespaces, None, false, "a user, or a role that nobody may read"),
            (None, Some(101), &in_namespaces, Some("of a role that was made anew since"), true, "older than its role"),
            (Some("EC2_LINUX"), Some(1), &in_namespaces, Some("of type EC2_LINUX"), true, "a type can't be changed"),
            (
                None,
                Some(1),
                &over_all,
                Some("with AmazonEKSAdminPolicy over the whole cluster"),
                false,
                "what nobody of ours grants goes, the entry stays",
            ),
        ] {
            let faults = Faults::of(Some(100), kind.map(str::to_owned), role, granted);
            assert_eq!(faults.words().as_deref(), words, "{reason}");
            assert_eq!(faults.want_another(), another, "{reason}");
        }
    }
}
