//! What can be wrong with a request as a whole.

use super::Catalogue;
use crate::domain::{Problem, Spec};

/// Rules that need nothing but the request itself; they run at `validate`.
pub fn check_spec(_spec: &Spec) -> Vec<Problem> {
    vec![]
}

/// Rules that need the golden path.
pub fn check_with(_spec: &Spec, _catalogue: &Catalogue) -> Vec<Problem> {
    vec![]
}

pub(super) fn check_slot(
    _spec: &crate::domain::SlotSpec,
    _facts: &crate::domain::StableFacts,
    _parent: &super::Parent,
    _catalogue: &Catalogue,
) -> Vec<Problem> {
    vec![]
}
