//! The kinds of object: what we know of each, in one file of its own, and one list that everything walks.
//!
//! | who walks it | for what |
//! |---|---|
//! | [`block`], [`short_keys`] | an object in a plan, and its key |
//! | [`fields_of`], [`fields_of_document`] | the canonical form in which objects are compared |
//! | `golden` | the lists that a document declares though they are empty ([`openings`]) |
//! | `provision` | the order of a removal ([`removal_rank`]) |
//! | `adapters::kube` | what a listing holds, paths, the RBAC that pipelines need |
//! | the sandbox | names, scopes, known and immutable fields |
//! | the contract suite | one sample of each kind, which every target must pass |
//!
//! # To add a kind
//!
//! 1. `kubernetes/<kind>.rs`: a [`Kind`] made by `Kind::namespaced` or `Kind::cluster_wide`, and the fields in which it is not
//!    like most. A kind of a CRD says `served: Served::WhereInstalled`: a cluster without it is listed as one with no such
//!    objects, and to write one is refused in kubectl's words.
//! 2. Its module and its line in [`kubernetes`]'s list.
//! 3. Its sample in the contract suite (`samples/kubernetes.rs`); tests fail until there is one, and until each of its fields
//!    can be seen in a plan.
//!
//! Nothing else: a kind that nobody added here is still compared, applied, observed by its key and removed, as any content of
//! a namespace. What a kind of AWS needs besides is its variants of `ObjectKey` and `Body`, and the calls in `adapters::aws`.

mod aws;
mod block;
mod canonical;
mod fields;
mod kind;
pub mod kubernetes;
mod registry;
mod short;
mod words;

pub use block::{FieldLine, block, digest_of, elements, lines_of, readable, same_digest};
pub use canonical::{canonical_json, escape, policy::canonical_policy};
pub use fields::{fields_of, fields_of_document, managed_paths};
pub use kind::{Kind, NameRule, Placement, RemovalRank, Served, Unmarked, Writes, group_of};
pub use registry::{all, find, of, openings, removal_rank};
pub use short::{KeptKeys, in_words, kept_keys, may_match, short, short_keys, whole_key};
pub use words::{legible, value};
