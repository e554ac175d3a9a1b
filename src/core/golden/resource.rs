//! A golden resource: everything of it but how it looks in HCL. All pure.

use super::{
    blueprint::Summary, catalogue::Catalogue, extras::Extras, outputs::Before, outputs::Seen, parent::Parent,
    quota::Amounts,
};
use crate::{
    domain::{
        AcceptedPath, Adopt, ClusterRef, Desired, Drift, Id, NameError, Outputs, Problem, Problems, ResourceKind,
        StableFacts, VersionConstraint,
    },
    policy::Subject,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt::Debug};

/// What a request is resolved by.
#[derive(Clone, Copy)]
pub struct ResolveContext<'a> {
    pub facts: &'a StableFacts,
    /// The environment of what lives in one.
    pub parent: Option<&'a Parent>,
    pub catalogue: &'a Catalogue,
}

/// What a request may say whichever resource it is for.
#[derive(Clone, Copy, Default)]
pub struct Common<'a> {
    /// Its name, as written.
    pub golden_path: Option<&'a str>,
    /// The versions of it that the request admits.
    pub golden_path_version: Option<&'a VersionConstraint>,
    /// Who holds it.
    pub claim: Option<&'a str>,
    /// What environments of the cluster may be made by.
    pub accepted: Option<&'a BTreeMap<String, AcceptedPath>>,
    pub drift: Option<&'a Drift>,
    pub adopt: Option<&'a Adopt>,
    /// As written; `None`: the tier decides.
    pub deletion_protection: Option<bool>,
}

/// One resource. Its file ties the stages of its folder together, and the list of [`super::RESOURCES`] names it.
pub trait GoldenResource: 'static {
    const KIND: ResourceKind;
    /// The computed attributes that it has beside those of all.
    const OUTPUTS: &'static [&'static str];

    type Spec: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// A request with every default filled in and every name final: a value that cannot be wrong.
    type Resolved: Send + Sync;

    fn id(spec: &Self::Spec) -> Id;

    /// The cluster that it is made on.
    fn cluster(spec: &Self::Spec) -> Result<ClusterRef, NameError> {
        Self::id(spec).cluster_ref()
    }

    fn common(_: &Self::Spec) -> Common<'_> {
        Common::default()
    }

    /// What it takes of its environment's total.
    fn demand(_: &Self::Spec, _: &Parent, _: &Catalogue) -> Amounts {
        Amounts::new()
    }

    /// Of a request that is not known whole: what it is if the lists that wait turn out empty, where that has other objects.
    fn with_empty_lists(_: &Self::Spec) -> Option<Self::Spec> {
        None
    }

    /// Rules that need nothing but the request itself.
    fn check(_: &Self::Spec, _: &mut Problems) {}

    /// Rules that need the golden path and nothing of a cluster: its tiers, defaults, maximums and grants.
    fn check_with(_: &Self::Spec, _: &Catalogue, _: &mut Problems) {}

    /// The error arm: nothing can be rendered.
    fn resolve(spec: &Self::Spec, given: &ResolveContext<'_>) -> Result<Self::Resolved, Problems>;

    /// What else can be said of a request that does not resolve.
    fn judge_unresolved(spec: &Self::Spec, given: &ResolveContext<'_>, problems: &mut Problems) {
        Self::check_with(spec, given.catalogue, problems);
    }

    /// What those need to know that live in it; `None`: nothing does.
    fn parent(_: &Self::Spec, _: &StableFacts, _: &Catalogue) -> Option<Result<Parent, Vec<Problem>>> {
        None
    }

    /// The request that was resolved.
    fn spec(resolved: &Self::Resolved) -> &Self::Spec;

    fn summary(resolved: &Self::Resolved) -> &Summary;

    fn render(resolved: &Self::Resolved) -> Vec<Desired>;

    /// What its path's document says besides; `None`: nothing.
    fn extras(_: &Self::Resolved) -> Option<&Extras> {
        None
    }

    /// As far as rendering knows them.
    fn outputs(_: &Self::Resolved) -> Outputs {
        Outputs::default()
    }

    /// Files for the application's own repository.
    fn files(_: &Self::Resolved) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// What a data source shows besides the outputs: known, and too long for every plan.
    fn details(_: &Self::Resolved) -> Outputs {
        Outputs::default()
    }

    /// All rules of the golden path.
    fn judge(_: &Self::Resolved, _: &mut Problems) {}

    /// What the guardrails look at.
    fn subject<'a>(resolved: &'a Self::Resolved, objects: &'a [Desired]) -> Subject<'a>;

    /// Of a plan: ids that the target generates stay for as long as their object stays.
    fn plan_outputs(_: &mut Outputs, _: &[Desired], _: &Before<'_>) {}

    /// The generated ids of what exists take their places.
    fn settle_outputs(_: &mut Outputs, _: &[Desired], _: &Seen<'_>) {}
}
