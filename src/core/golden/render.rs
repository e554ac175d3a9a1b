//! The request and the golden path become objects.

use super::{Blueprint, Catalogue, Parent};
use crate::domain::{EnvironmentSpec, Problem, Spec, StableFacts};

pub fn render(
    _spec: &Spec,
    _facts: &StableFacts,
    _parent: Option<&Parent>,
    _catalogue: &Catalogue,
) -> Result<Blueprint, Vec<Problem>> {
    Err(vec![])
}

/// What slots need to know of an environment.
pub fn parent_of(
    _spec: &EnvironmentSpec,
    _facts: &StableFacts,
    _catalogue: &Catalogue,
) -> Result<Parent, Vec<Problem>> {
    Err(vec![])
}
