//! A golden resource as the pipeline sees it, and the steps of the pipeline that are alike for all of them.

use super::{
    blueprint::{Blueprint, Summary},
    catalogue::Catalogue,
    parent::Parent,
};
use crate::{
    domain::{Desired, Outputs, Problem, Problems, StableFacts},
    policy::{self, Subject},
};

/// What a request is resolved by.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub facts: &'a StableFacts,
    /// The environment of what lives in one.
    pub parent: Option<&'a Parent>,
    pub catalogue: &'a Catalogue,
}

/// Everything of one golden resource but how it looks in HCL. All pure.
pub trait GoldenResource {
    type Spec;
    /// A request with every default filled in and every name final: a value that cannot be wrong.
    type Resolved;

    /// Rules that need nothing but the request itself.
    fn check(_: &Self::Spec, _: &mut Problems) {}

    /// Rules that need the golden path and nothing of a cluster.
    fn check_with(_: &Self::Spec, _: &Catalogue, _: &mut Problems) {}

    /// The error arm: nothing can be rendered.
    fn resolve(spec: &Self::Spec, given: &Given<'_>) -> Result<Self::Resolved, Problems>;

    /// What else can be said of a request that does not resolve.
    fn judge_unresolved(spec: &Self::Spec, given: &Given<'_>, problems: &mut Problems) {
        Self::check_with(spec, given.catalogue, problems);
    }

    /// The request that was resolved.
    fn spec(resolved: &Self::Resolved) -> &Self::Spec;

    fn summary(resolved: &Self::Resolved) -> &Summary;

    fn render(resolved: &Self::Resolved) -> Vec<Desired>;

    fn outputs(resolved: &Self::Resolved) -> Outputs;

    /// All rules of the golden path.
    fn judge(_: &Self::Resolved, _: &mut Problems) {}

    /// What the guardrails look at.
    fn subject<'a>(resolved: &'a Self::Resolved, objects: &'a [Desired]) -> Subject<'a>;
}

/// The error arm holds whatever else the golden path refuses, too.
pub fn resolve<R: GoldenResource>(spec: &R::Spec, given: &Given<'_>) -> Result<R::Resolved, Vec<Problem>> {
    R::resolve(spec, given).map_err(|errors| {
        let mut problems = Problems::default();
        R::judge_unresolved(spec, given, &mut problems);
        for error in errors.into_vec() {
            if !problems.iter().any(|known| *known == error) {
                problems.extend([error]);
            }
        }
        problems.into_vec()
    })
}

pub fn render<R: GoldenResource>(resolved: &R::Resolved) -> Blueprint {
    Blueprint { objects: R::render(resolved), summary: R::summary(resolved).clone(), outputs: R::outputs(resolved) }
}

/// The golden path's rules and the guardrails. What `check` reports is not repeated.
pub fn judge<R: GoldenResource>(resolved: &R::Resolved, blueprint: &Blueprint) -> Vec<Problem> {
    let mut problems = Problems::default();
    R::judge(resolved, &mut problems);
    let findings = policy::judge(&R::subject(resolved, &blueprint.objects));
    if findings.is_empty() {
        return problems.into_vec();
    }
    let mut known = problems.clone();
    R::check(R::spec(resolved), &mut known);
    for finding in findings.into_iter().map(Problem::from) {
        // What is wrong with a statement is found where it is written, and again in the role that it becomes.
        if !known.iter().any(|known| known.code == finding.code && known.field == finding.field) {
            problems.extend([finding]);
        }
    }
    problems.into_vec()
}
