//! Which golden resources there are: the one place that goes by a spec's kind.

use super::{
    baseline::{self, Baseline},
    blueprint::{Blueprint, Summary},
    catalogue::Catalogue,
    environment::{self, Environment},
    parent::Parent,
    resource::{self, Given, GoldenResource},
    slot::{self, Slot},
};
use crate::{
    domain::{Desired, Problem, Problems, Spec, StableFacts},
    policy::Subject,
};

/// A request with every default filled in and every name final: a value that cannot be wrong.
#[allow(clippy::large_enum_variant, reason = "one exists per call, and it is passed by reference")]
pub enum Resolved {
    Baseline(baseline::Resolved),
    Environment(environment::Resolved),
    Slot(slot::Resolved),
}

/// The same call of whichever resource it is.
macro_rules! each {
    ($value:expr, $of:ident, |$resource:ident, $inner:ident| $call:expr) => {
        match $value {
            $of::Baseline($inner) => {
                type $resource = Baseline;
                $call
            }
            $of::Environment($inner) => {
                type $resource = Environment;
                $call
            }
            $of::Slot($inner) => {
                type $resource = Slot;
                $call
            }
        }
    };
}

/// Rules that need nothing but the request itself.
pub fn check_spec(spec: &Spec) -> Vec<Problem> {
    let mut problems = Problems::default();
    each!(spec, Spec, |R, spec| R::check(spec, &mut problems));
    problems.into_vec()
}

/// Rules that need the golden path and nothing of a cluster: its tiers, defaults, bounds and grants.
pub fn check_with(spec: &Spec, catalogue: &Catalogue) -> Vec<Problem> {
    let mut problems = Problems::default();
    each!(spec, Spec, |R, spec| R::check_with(spec, catalogue, &mut problems));
    problems.into_vec()
}

/// The error arm: nothing can be rendered. It holds whatever else the golden path refuses, too.
pub fn resolve(
    spec: &Spec,
    facts: &StableFacts,
    parent: Option<&Parent>,
    catalogue: &Catalogue,
) -> Result<Resolved, Vec<Problem>> {
    let given = Given { facts, parent, catalogue };
    Ok(match spec {
        Spec::Baseline(spec) => Resolved::Baseline(resource::resolve::<Baseline>(spec, &given)?),
        Spec::Environment(spec) => Resolved::Environment(resource::resolve::<Environment>(spec, &given)?),
        Spec::Slot(spec) => Resolved::Slot(resource::resolve::<Slot>(spec, &given)?),
    })
}

/// What slots need to know of an environment; `None`: nothing lives in what this makes.
pub fn parent_of(spec: &Spec, facts: &StableFacts, catalogue: &Catalogue) -> Option<Result<Parent, Vec<Problem>>> {
    match spec {
        Spec::Environment(spec) => Some(environment::parent_of(spec, facts, catalogue)),
        Spec::Baseline(_) | Spec::Slot(_) => None,
    }
}

/// All the objects of a request, with their order.
pub fn render(resolved: &Resolved) -> Blueprint {
    each!(resolved, Resolved, |R, resolved| resource::render::<R>(resolved))
}

/// The golden path's rules and the guardrails. What [`check_spec`] reports is not repeated.
pub fn judge(resolved: &Resolved, blueprint: &Blueprint) -> Vec<Problem> {
    each!(resolved, Resolved, |R, resolved| resource::judge::<R>(resolved, blueprint))
}

impl Resolved {
    pub fn summary(&self) -> &Summary {
        each!(self, Self, |R, resolved| R::summary(resolved))
    }

    /// What the guardrails look at.
    pub fn subject<'a>(&'a self, objects: &'a [Desired]) -> Subject<'a> {
        each!(self, Self, |R, resolved| R::subject(resolved, objects))
    }
}
