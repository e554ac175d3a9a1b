//! What a cluster needs once: the namespace of the records, the four ClusterRoles, its own record.

mod render;
mod resolve;

pub use render::home;
pub use resolve::Resolved;

use super::{
    blueprint::Summary,
    resource::{Given, GoldenResource},
};
use crate::{
    domain::{BaselineOutputs, BaselineSpec, Desired, Id, Late, Outputs, Problems},
    policy::Subject,
};

pub struct Baseline;

impl GoldenResource for Baseline {
    type Spec = BaselineSpec;
    type Resolved = Resolved;

    fn resolve(spec: &BaselineSpec, given: &Given<'_>) -> Result<Resolved, Problems> {
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

    fn outputs(resolved: &Resolved) -> Outputs {
        let id = Some(Late::Now(Id::Baseline(resolved.spec.cluster.name().to_owned()).to_string()));
        Outputs::Baseline(BaselineOutputs { id, ..BaselineOutputs::default() })
    }

    fn subject<'a>(resolved: &'a Resolved, objects: &'a [Desired]) -> Subject<'a> {
        Subject::of(objects, &resolved.cluster, None)
    }
}
