//! The kinds of AWS. Their bodies are types of `domain`, since IAM and EKS have no common form of a document.

pub(super) mod access_entry;
pub(super) mod access_policy;
pub(super) mod pod_identity_association;
pub(super) mod role;
mod tags;

use super::kind::Kind;

pub(super) const KINDS: &[&Kind] =
    &[&role::KIND, &access_entry::KIND, &access_policy::KIND, &pod_identity_association::KIND];
