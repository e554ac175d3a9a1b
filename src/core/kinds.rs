//! The kinds of object: what we know of each, in one file of its own, and one list that everything walks.
//!
//! | who walks it | for what |
//! |---|---|
//! | [`block`], [`short_keys`] | an object in a plan, and its key |
//! | [`fields_of`], [`fields_of_document`] | the canonical form in which objects are compared |
//! | `golden` | the lists that a document declares though they are empty ([`openings`]) |
//! | `provision` | the order of a removal ([`removal_rank`]), what a refresh must name ([`Refresh`]), what AWS refuses ([`Kind::refusal`]) |
//! | `adapters::kube` | what a listing holds, paths, the RBAC that pipelines need |
//! | the sandbox | names, scopes, known and immutable fields, generated ids |
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
//! a namespace.
//!
//! # To add a kind of AWS
//!
//! AWS has no common form of a key, a document or a call, so each is written: nine files and a sample. Once there are a key and a body,
//! the compiler asks for what the sandbox does with it, and tests for the descriptor, the calls and the sample.
//!
//! 1. `domain`: its variant of `ObjectKey` (`key.rs`); its variant of `Body` and the body's type (`object.rs`).
//! 2. [`aws`]: `aws/<kind>.rs`, a [`Kind`] made by `Kind::aws`: fields, words, short key, ranks, and what AWS refuses of it
//!    ([`Kind::refusal`]); its module and its line in the list.
//! 3. `adapters::aws`: `objects/<kind>.rs` with its calls, its module and its line in `objects.rs`, and a row for each call in
//!    `calls.rs`, from which `permissions` is made.
//! 4. The sandbox: `aws/<kind>.rs` with what only a target knows of it, its module and its line in `aws.rs`.
//! 5. Its sample (`samples/aws.rs`).
//!
//! More only where it is like none before it: a [`RemovalRank`] of its own (`kind.rs`), a resource that `permissions` has no statement
//! for (`adapters/aws/permissions.rs`), the client of another service (`adapters/aws/clients.rs`).

pub mod aws;
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
pub use kind::{GeneratedId, Kind, NameRule, Placement, Refresh, RemovalRank, Served, Unmarked, Writes, group_of};
pub use registry::{all, find, of, openings, removal_rank};
pub use short::{KeptKeys, in_words, kept_keys, may_match, short, short_keys, whole_key};
pub use words::{legible, value};
