//! What an observation looks for in AWS: what a scope holds, and what keys name. Pure.
//!
//! Where to look follows from how names are rendered: a role's path holds its environment, and a namespace's name begins with it.

use super::tags::Tags;
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, TAG_PREFIX},
    ports::{Scope, ownership::mark},
};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) type Keys<'k> = BTreeSet<&'k ObjectKey>;

pub(super) struct Selection<'a> {
    pub cluster: &'a ClusterArn,
    pub scope: &'a Scope,
    pub keys: &'a Keys<'a>,
}

// === impl Selection ===

impl Selection<'_> {
    pub fn is_named(&self, key: &ObjectKey) -> bool {
        self.keys.contains(key)
    }

    /// By the tags of something that carries its own.
    pub fn is_in_scope(&self, tags: &Tags) -> bool {
        let of = mark(&ObjectKey::role(""), self.cluster.as_str(), &json!({"tags": tags}));
        let is_marked = of.cluster.as_deref() == Some(self.cluster.as_str());
        is_marked
            && match self.scope {
                Scope::Environment(environment) => tags.get(&format!("{TAG_PREFIX}environment")) == Some(environment),
                _ => true,
            }
    }

    /// Whether what is about a namespace is worth a call of its own: of a refresh only what is named.
    pub fn may_hold_namespace(&self, namespace: &str) -> bool {
        match self.scope {
            Scope::Environment(environment) => is_namespace_of(environment, namespace),
            scope => *scope == Scope::Everything,
        }
    }
}

/// A namespace's name begins with its environment's.
pub(super) fn is_namespace_of(environment: &str, namespace: &str) -> bool {
    namespace.strip_prefix(environment).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
