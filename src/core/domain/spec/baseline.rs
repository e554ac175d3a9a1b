//! What is needed once per cluster.

use crate::domain::{ClusterRef, Given, PathVersion, VersionConstraint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineSpec {
    pub cluster: ClusterRef,
    /// By name, what environments of this cluster may be made by; absent: whatever their catalogue has.
    #[serde(default)]
    pub golden_paths: Option<BTreeMap<String, AcceptedPath>>,
    /// Who holds it: what a create must say to take over what exists.
    #[serde(default)]
    pub claim: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptedPath {
    pub version: Option<VersionConstraint>,
    /// Of documents; none: any of that version.
    pub digests: Given<Vec<String>>,
}

// === impl BaselineSpec ===

impl BaselineSpec {
    pub fn new(cluster: ClusterRef) -> Self {
        Self { cluster, golden_paths: None, claim: None }
    }
}

// === impl AcceptedPath ===

impl AcceptedPath {
    pub fn admits(&self, path: &PathVersion) -> bool {
        let is_known = self.digests.is_empty() || self.digests.contains(&path.digest);
        is_known && self.version.as_ref().is_none_or(|version| version.admits(path.version))
    }
}
