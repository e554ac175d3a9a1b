//! What cases are made of.

use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey, Observed},
    kinds::{self, Kind, Served},
};
use serde_json::Value;

pub struct Sample {
    pub key: ObjectKey,
    pub body: Body,
    /// The same object with another value of one owned field; `None`: nothing of it can change.
    pub changed: Option<Body>,
    /// The owned field that differs, as it is called in [`goldenpath_core::domain::Fields`].
    pub owned: &'static str,
    /// Another value for the owned field, as somebody else would set it: pointer and value.
    pub edited: Option<(&'static str, Value)>,
    /// A field that somebody else adds and that is no concern of ours.
    pub foreign: Option<(&'static str, Value)>,
    /// Made before, removed after.
    pub needs: Vec<(ObjectKey, Body)>,
}

impl Sample {
    pub fn kind(&self) -> &str {
        self.key.kind()
    }

    pub(crate) fn has_status(&self) -> bool {
        kinds::of(&self.key).is_some_and(|kind| kind.has_status)
    }

    /// Nothing that we or anyone else declares has changed between two looks.
    pub(crate) fn is_unchanged(&self, before: &Observed, after: &Observed) -> bool {
        // A controller writes the status in its own time.
        let of_status = if self.has_status() { before } else { after };
        let after = Observed { version: of_status.version.clone(), used: of_status.used.clone(), ..after.clone() };
        *before == after
    }
}

/// The name of the CRD that a kind is not served without: `ciliumnetworkpolicies.cilium.io`.
pub fn crd(kind: &Kind) -> Option<String> {
    (kind.served == Served::WhereInstalled).then(|| format!("{}.{}", kind.plural, kind.group()))
}

/// Where the objects of one case live.
pub(super) struct Names<'a> {
    pub cluster: &'a ClusterArn,
    pub boundary: &'a str,
    /// Of this case alone: every name of its objects holds it.
    pub environment: String,
}
