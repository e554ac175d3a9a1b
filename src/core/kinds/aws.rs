//! The kinds of AWS: a line in [`KINDS`] and a module of the same name. Their bodies are types of `domain`, since IAM and EKS have
//! no common form of a document.

mod access_entry;
mod access_policy;
mod pod_identity_association;
mod role;
mod tags;

use super::kind::Kind;

pub(super) const KINDS: &[&Kind] =
    &[&role::KIND, &access_entry::KIND, &access_policy::KIND, &pod_identity_association::KIND];
