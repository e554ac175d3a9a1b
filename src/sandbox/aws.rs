//! IAM and EKS: clusters and their facts, and the kinds of object: a module of each and its line in [`rules_of`].

pub mod access_entries;
pub mod access_policies;
pub mod associations;
pub mod clusters;
pub mod iam;
mod kind_rules;

pub use kind_rules::{KindRules, mismatch};

use goldenpath_core::domain::ObjectKey;

/// `None`: Kubernetes has it.
pub fn rules_of(key: &ObjectKey) -> Option<&'static dyn KindRules> {
    let rules: &dyn KindRules = match key {
        ObjectKey::Role { .. } => &iam::Roles,
        ObjectKey::AccessEntry { .. } => &access_entries::AccessEntries,
        ObjectKey::AccessPolicy { .. } => &access_policies::AccessPolicies,
        ObjectKey::PodIdentityAssociation { .. } => &associations::Associations,
        ObjectKey::Kube { .. } => return None,
    };
    Some(rules)
}
