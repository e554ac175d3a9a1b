//! Guardrails: what a policy says of the objects of one blueprint. Pure; judged in the plan, before anything is changed. It
//! knows objects and no specs: what a rule needs of a request stands in its `Subject`.

mod aws;
mod bounds;
mod callers;
pub mod cel;
pub mod document;
mod finding;
mod iam;
mod looks;
mod pack;
mod rules;
mod subject;

pub use aws::Judged;
pub use bounds::{Bounds, PipelineBounds, Touched};
pub use callers::{CallerRule, Identity, May, When, rule_for};
pub use finding::{Finding, Verdict};
pub use iam::{Lint, POWER, lint};
pub use pack::{guards, pack};
pub use rules::{Rule, judge, rule_policies, rules};
pub use subject::Subject;
