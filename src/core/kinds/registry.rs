//! The kinds that we know, by their keys and by their documents. Pure.

use super::{
    aws,
    kind::{Kind, RemovalRank, group_of},
    kubernetes,
};
use crate::domain::{ObjectKey, SYSTEM_NAMESPACE};
use serde_json::Value;

/// Those of AWS, then those of Kubernetes.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    aws::KINDS.iter().chain(kubernetes::KINDS).copied()
}

/// `None`: a catalogue may render any kind of Kubernetes object, known here or not.
pub fn of(key: &ObjectKey) -> Option<&'static Kind> {
    match key {
        ObjectKey::Kube { api_version, kind, .. } => find(api_version, kind),
        aws => aws::KINDS.iter().copied().find(|kind| kind.name == aws.kind()),
    }
}

/// A kind of Kubernetes by group and name: a version is another way to write the same object.
pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let is_it = |known: &&Kind| known.name == kind && known.group() == group_of(api_version);
    kubernetes::KINDS.iter().copied().find(is_it)
}

/// The kind that a Kubernetes document says it is.
pub(super) fn of_document(document: &Value) -> Option<&'static Kind> {
    find(document.get("apiVersion")?.as_str()?, document.get("kind")?.as_str()?)
}

/// When an object goes, first to last.
pub fn removal_rank(key: &ObjectKey) -> RemovalRank {
    if key.as_namespace() == Some(SYSTEM_NAMESPACE) {
        return RemovalRank::Records;
    }
    of(key).map_or(RemovalRank::Content, |kind| kind.removal)
}

/// The lists that let someone in, as JSON pointers; see [`Kind::openings`].
pub fn openings(api_version: &str, kind: &str) -> &'static [&'static str] {
    find(api_version, kind).map_or(&[], |kind| kind.openings)
}

#[cfg(test)]
mod tests;
