//! What a cluster needs once: the namespace of the records, the four ClusterRoles, the guards, its own record.

mod admission;
mod guards;
mod judge;
mod names;
mod policies;
mod render;
mod resolve;

pub use names::baseline_names;
pub use render::home;
pub use resolve::{Resolved, serves_guards};

use super::{
    blueprint::Summary,
    resource::{Common, GoldenResource, ResolveContext},
};
use crate::{
    domain::{BaselineSpec, ClusterRef, Desired, Id, NameError, Problems, ResourceKind},
    policy::Subject,
};

pub struct Baseline;

impl GoldenResource for Baseline {
    const KIND: ResourceKind = ResourceKind::BASELINE;
    const OUTPUTS: &'static [&'static str] = &[];

    type Spec = BaselineSpec;
    type Resolved = Resolved;

    fn id(spec: &BaselineSpec) -> Id {
        Id::baseline(&spec.cluster)
    }

    fn cluster(spec: &BaselineSpec) -> Result<ClusterRef, NameError> {
        Ok(spec.cluster.clone())
    }

    fn common(spec: &BaselineSpec) -> Common<'_> {
        let BaselineSpec { golden_paths, claim, .. } = spec;
        let (claim, accepted) = (claim.as_deref(), golden_paths.as_ref());
        Common { deletion_protection: Some(false), claim, accepted, ..Common::default() }
    }

    fn resolve(spec: &BaselineSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
        resolve::resolve(spec, given)
    }

    fn spec(resolved: &Resolved) -> &BaselineSpec {
        &resolved.spec
    }

    fn summary(resolved: &Resolved) -> &Summary {
        &resolved.summary
    }

    fn render(resolved: &Resolved) -> Vec<Desired> {
        render::render(resolved)
    }

    fn judge(resolved: &Resolved, problems: &mut Problems) {
        judge::judge(resolved, problems);
    }

    fn subject<'a>(resolved: &'a Resolved, objects: &'a [Desired]) -> Subject<'a> {
        Subject::of(objects, &resolved.cluster, None)
    }
}

#[cfg(test)]
mod tests;
