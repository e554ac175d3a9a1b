//! EKS access policies in namespaces: those of an environment and those of its isolated slots are made alike.
//!
//! Each (principal, policy, namespace) is an object of its own, so that who owns a namespace adds and removes its own without
//! reading or rewriting what others have. EKS's one list for each (principal, policy) is the adapter's business.

use crate::domain::{AccessPolicy, Body, Desired, ObjectKey};
use std::collections::{BTreeMap, BTreeSet};

/// Each with its principal, whose access entry the environment makes.
pub fn policies<'a>(
    granted: &BTreeMap<String, BTreeSet<String>>,
    namespaces: impl Iterator<Item = &'a String> + Clone,
) -> Vec<(String, Desired)> {
    let mut found = vec![];
    for (principal, policies) in granted {
        for policy in policies {
            found.extend(namespaces.clone().map(|namespace| {
                let key = ObjectKey::AccessPolicy {
                    policy: policy.clone(),
                    namespace: namespace.clone(),
                    principal: principal.clone(),
                };
                let needs = vec![ObjectKey::namespace_object(namespace)];
                let policy = Desired { needs, ..Desired::new(key, Some(Body::AccessPolicy(AccessPolicy {}))) };
                (principal.clone(), policy)
            }));
        }
    }
    found
}
