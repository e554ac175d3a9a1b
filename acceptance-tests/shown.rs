//! What documents show people to type and to apply: README files, guides, and remarks at the head of files. Programs of others are not
//! here, `kubectl` among them, whose build takes minutes: what of their lines can be held against something that is here is.

mod commands;
mod on_servers;
mod others;
mod ours;

use crate::check::{Check, check, trial};
use acceptance_tests::servers::Real;
use libtest_mimic::Trial;

pub const CHECKS: [Check<Real>; 2] = [
    check!("manifests are accepted field by field", on_servers::accept_manifests),
    check!("what kubectl reads and marks is served", on_servers::serve_kubectl),
];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("documents: commands of ours are there", ours::are_there),
        trial("documents: commands of others have such options and files", others::are_as_their_references_say),
    ]
}
