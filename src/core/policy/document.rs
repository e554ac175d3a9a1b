//! Policies as documents: what a platform team writes in YAML, with the semantics of a ValidatingAdmissionPolicy v1.
//!
//! `form` is the document, `checked` the policy that it comes to: every expression is parsed and checked as the API server would. `judge`
//! holds an object against it, `admission` renders it for a cluster. One document, so that plan, admission and audit say the same.

mod admission;
mod checked;
mod form;
mod judge;
mod places;
mod plan;
#[cfg(test)]
mod tests;

pub use admission::{Bound, Installed, installation};
pub use checked::{Policy, PolicyError, PolicyProblem};
pub use form::{
    API_VERSION, Action, Exempt, Exemption, Match, Named, Operation, Param, ParamType, PolicyForm, Severities,
    Validation,
};
pub use judge::{Case, Judgement, Outcome};
