//! The kinds of AWS: a line in [`KINDS`] and a module of the same name. Their bodies are types of `domain`, since IAM and EKS have
//! no common form of a document.
//!
//! A module holds as well what the service takes of its kind and what it refuses, as far as it follows from the request alone. The
//! sandbox refuses by it, and the real adapter asks it before its first call: a role takes several calls to make, and one that is
//! refused halfway would leave half of it behind. The plan says of it what a golden path may cause ([`Kind::refusal`]).

pub mod access_entry;
pub mod access_policy;
pub mod pod_identity_association;
pub mod policy_document;
pub mod role;
pub mod tags;

use super::kind::Kind;

pub(super) const KINDS: &[&Kind] =
    &[&role::KIND, &access_entry::KIND, &access_policy::KIND, &pod_identity_association::KIND];
