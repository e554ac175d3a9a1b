//! A golden resource whichever it is, and the steps of the pipeline that are alike for all of them. Pure.

use super::{
    baseline::Baseline,
    blueprint::{Blueprint, Summary},
    catalogue::Catalogue,
    environment::Environment,
    extras,
    outputs::{Before, OutputRules, Seen},
    parent::Parent,
    quota::Amounts,
    resource::{Common, GoldenResource, ResolveContext},
    slot::Slot,
};
use crate::{
    domain::{
        ClusterRef, Desired, Id, Late, NameError, Outputs, Problem, Problems, Record, ResourceKind, StableFacts,
        from_document,
    },
    kinds::in_words,
    policy::{self, Subject},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::Value;
use std::{
    fmt::{self, Debug},
    marker::PhantomData,
    ops::Deref,
    sync::Arc,
};

/// Every golden resource.
pub const RESOURCES: &[&dyn Descriptor] =
    &[descriptor::<Baseline>(), descriptor::<Environment>(), descriptor::<Slot>()];

/// A resource without a request.
pub trait Descriptor: OutputRules {
    fn kind(&self) -> ResourceKind;
    /// The computed attributes that it has beside those of all.
    fn outputs(&self) -> &'static [&'static str];
    /// The request of a record.
    fn parse(&self, written: &Value) -> Result<Spec, serde_json::Error>;
}

/// A validated request for one resource.
#[derive(Clone)]
pub struct Spec(Arc<dyn Request>);

pub trait Request: Send + Sync {
    fn resource(&self) -> &'static dyn Descriptor;
    fn id(&self) -> Id;
    /// The cluster that it is made on.
    fn cluster(&self) -> Result<ClusterRef, NameError>;
    fn common(&self) -> Common<'_>;
    /// What it takes of its environment's total.
    fn demand(&self, parent: &Parent, catalogue: &Catalogue) -> Amounts;
    /// Of a request that is not known whole: what it is if the lists that wait turn out empty, where that has other objects.
    fn with_empty_lists(&self) -> Option<Spec>;
    /// As a record holds it: as a user wrote it, without its kind.
    fn to_document(&self) -> Result<Value, serde_json::Error>;
    fn is_equal_to(&self, written: &Value) -> bool;
    /// Rules that need nothing but the request itself.
    fn check(&self) -> Vec<Problem>;
    /// Rules that need the golden path and nothing of a cluster: its tiers, defaults, maximums and grants.
    fn check_with(&self, catalogue: &Catalogue) -> Vec<Problem>;
    /// The error arm: nothing can be rendered. It holds whatever else the golden path refuses, too.
    fn resolve(&self, given: &ResolveContext<'_>) -> Result<Resolved, Vec<Problem>>;
    /// What those need to know that live in it; `None`: nothing does.
    fn parent_of(&self, facts: &StableFacts, catalogue: &Catalogue) -> Option<Result<Parent, Vec<Problem>>>;
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A request with every default filled in and every name final: a value that cannot be wrong.
pub type Resolved = Box<dyn ResolvedRequest>;

pub trait ResolvedRequest: Send + Sync {
    fn summary(&self) -> &Summary;
    /// All the objects of a request, with their order.
    fn render(&self) -> Blueprint;
    /// The golden path's rules and the guardrails. What [`Request::check`] reports is not repeated.
    fn judge(&self, blueprint: &Blueprint) -> Vec<Problem>;
    /// What the guardrails look at.
    fn subject<'a>(&'a self, objects: &'a [Desired]) -> Subject<'a>;
}

/// The request that a record stands for; `None`: this release knows no such resource, or can't read it.
pub fn spec_of(resources: &[&'static dyn Descriptor], record: &Record) -> Option<Spec> {
    let resource = resources.iter().find(|resource| resource.kind() == record.kind)?;
    resource.parse(&record.spec).ok()
}

pub const fn descriptor<R: GoldenResource>() -> &'static dyn Descriptor {
    Of::<R>::DESCRIPTOR
}

struct Of<R>(PhantomData<fn() -> R>);
struct RequestOf<R: GoldenResource>(R::Spec);
struct ResolvedOf<R: GoldenResource>(R::Resolved);

// === impl Descriptor ===

impl<R: GoldenResource> Of<R> {
    const DESCRIPTOR: &'static dyn Descriptor = &Self(PhantomData);
}

impl<R: GoldenResource> Debug for Of<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", R::KIND)
    }
}

impl<R: GoldenResource> Descriptor for Of<R> {
    fn kind(&self) -> ResourceKind {
        R::KIND
    }

    fn outputs(&self) -> &'static [&'static str] {
        R::OUTPUTS
    }

    fn parse(&self, written: &Value) -> Result<Spec, serde_json::Error> {
        from_document(written).map(Spec::of::<R>)
    }
}

impl<R: GoldenResource> OutputRules for Of<R> {
    fn plan_outputs(&self, outputs: &mut Outputs, objects: &[Desired], before: &Before<'_>) {
        R::plan_outputs(outputs, objects, before);
    }

    fn settle_outputs(&self, outputs: &mut Outputs, objects: &[Desired], seen: &Seen<'_>) {
        R::settle_outputs(outputs, objects, seen);
    }
}

// === impl Spec ===

impl Spec {
    pub fn of<R: GoldenResource>(spec: R::Spec) -> Self {
        Self(Arc::new(RequestOf::<R>(spec)))
    }

    pub fn kind(&self) -> ResourceKind {
        self.resource().kind()
    }
}

impl Deref for Spec {
    type Target = dyn Request;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A request as a document of its own, of whichever resource it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSpec {
    kind: ResourceKind,
    request: Value,
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = self.to_document().map_err(S::Error::custom)?;
        WrittenSpec { kind: self.kind(), request }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenSpec { kind, request } = WrittenSpec::deserialize(deserializer)?;
        let resource = RESOURCES.iter().find(|resource| resource.kind() == kind);
        let resource = resource.ok_or_else(|| D::Error::custom(format_args!("no resource has the kind {kind}")))?;
        resource.parse(&request).map_err(D::Error::custom)
    }
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && other.to_document().is_ok_and(|written| self.is_equal_to(&written))
    }
}

impl<R: GoldenResource> Request for RequestOf<R> {
    fn resource(&self) -> &'static dyn Descriptor {
        descriptor::<R>()
    }

    fn id(&self) -> Id {
        R::id(&self.0)
    }

    fn cluster(&self) -> Result<ClusterRef, NameError> {
        R::cluster(&self.0)
    }

    fn common(&self) -> Common<'_> {
        R::common(&self.0)
    }

    fn demand(&self, parent: &Parent, catalogue: &Catalogue) -> Amounts {
        R::demand(&self.0, parent, catalogue)
    }

    fn with_empty_lists(&self) -> Option<Spec> {
        R::with_empty_lists(&self.0).map(Spec::of::<R>)
    }

    fn to_document(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&self.0)
    }

    fn is_equal_to(&self, written: &Value) -> bool {
        from_document::<R::Spec>(written).is_ok_and(|other| self.0 == other)
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        R::check(&self.0, &mut problems);
        problems.into_vec()
    }

    fn check_with(&self, catalogue: &Catalogue) -> Vec<Problem> {
        let mut problems = Problems::default();
        R::check_with(&self.0, catalogue, &mut problems);
        problems.into_vec()
    }

    fn resolve(&self, given: &ResolveContext<'_>) -> Result<Resolved, Vec<Problem>> {
        let errors = match R::resolve(&self.0, given) {
            Ok(resolved) => return Ok(Box::new(ResolvedOf::<R>(resolved))),
            Err(errors) => errors,
        };
        let mut problems = Problems::default();
        R::judge_unresolved(&self.0, given, &mut problems);
        for error in errors.into_vec() {
            if !problems.iter().any(|known| *known == error) {
                problems.extend([error]);
            }
        }
        Err(problems.into_vec())
    }

    fn parent_of(&self, facts: &StableFacts, catalogue: &Catalogue) -> Option<Result<Parent, Vec<Problem>>> {
        R::parent(&self.0, facts, catalogue)
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl Resolved ===

impl<R: GoldenResource> ResolvedRequest for ResolvedOf<R> {
    fn summary(&self) -> &Summary {
        R::summary(&self.0)
    }

    fn render(&self) -> Blueprint {
        let id = R::id(R::spec(&self.0)).to_string();
        let outputs = R::outputs(&self.0).with("id", Late::Now(id));
        Blueprint {
            objects: R::render(&self.0),
            summary: R::summary(&self.0).clone(),
            outputs,
            output_rules: descriptor::<R>(),
            files: R::files(&self.0),
            described: R::details(&self.0),
        }
    }

    fn judge(&self, blueprint: &Blueprint) -> Vec<Problem> {
        let mut problems = Problems::default();
        R::judge(&self.0, &mut problems);
        problems.extend(extras::twice(&blueprint.objects));
        if let Some(extras) = R::extras(&self.0) {
            extras.judge(&blueprint.objects, &mut problems);
        }
        let findings = policy::judge(&R::subject(&self.0, &blueprint.objects));
        if findings.is_empty() {
            return problems.into_vec();
        }
        let mut known = problems.clone();
        R::check(R::spec(&self.0), &mut known);
        for finding in findings.into_iter().map(|finding| finding.into_problem(|key| in_words(key))) {
            // What is wrong with a statement is found where it is written, and again in the role that it becomes.
            if !known.iter().any(|known| known.code == finding.code && known.field == finding.field) {
                problems.extend([finding]);
            }
        }
        problems.into_vec()
    }

    fn subject<'a>(&'a self, objects: &'a [Desired]) -> Subject<'a> {
        R::subject(&self.0, objects)
    }
}

#[cfg(test)]
mod tests;
