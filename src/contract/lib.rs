//! What every target promises, as one table of cases: (check, sample). The sandbox passes it here; the real adapters pass
//! it unchanged.
//!
//! A case talks to the ports alone, and to an [`OutOfBand`] that changes things behind their back. It makes what it needs
//! under names of its own and removes it again, so that cases may run side by side on one target. No case leaves itself out: where a
//! target does not serve a kind the cases of that kind fail, and whoever runs them knows which kinds the target has.

mod access;
mod case;
mod clusters;
mod kubernetes;
mod namespaces;
mod objects;
mod roles;
mod samples;
mod steps;
mod target;

pub use case::{Case, CaseResult, ContractError};
pub use samples::{Sample, crd, samples};
pub use target::{FieldRef, OutOfBand, TestTarget};

/// The whole suite for one target.
pub fn cases(target: &TestTarget) -> Vec<Case> {
    let mut cases = objects::cases(target);
    cases.extend(kubernetes::cases(target));
    cases.extend(namespaces::cases(target));
    cases.extend(roles::cases(target));
    cases.extend(access::cases(target));
    cases.extend(clusters::cases(target));
    cases
}
