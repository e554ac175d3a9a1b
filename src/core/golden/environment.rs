//! What one team gets in one tier on one cluster.

mod check;
mod effective;
mod judge;
mod names;
mod outputs;
mod render;
mod resolve;

#[cfg(test)]
pub use resolve::group;
pub use resolve::{Resolved, parent_of};

use super::{
    blueprint::Summary,
    catalogue::Catalogue,
    resource::{Given, GoldenResource},
};
use crate::{
    domain::{Desired, EnvironmentSpec, NetworkEngine, Outputs, Problems},
    policy::Subject,
};
use effective::Effective;

pub struct Environment;

impl GoldenResource for Environment {
    type Spec = EnvironmentSpec;
    type Resolved = Resolved;

    fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
        check::check(spec, problems);
    }

    fn check_with(spec: &EnvironmentSpec, catalogue: &Catalogue, problems: &mut Problems) {
        match Effective::of(spec, catalogue) {
            Ok(effective) => judge::judge_effective(&effective, problems),
            Err(problem) => problems.extend([problem]),
        }
    }

    fn resolve(spec: &EnvironmentSpec, given: &Given<'_>) -> Result<Resolved, Problems> {
        resolve::resolve(spec, given.facts, given.catalogue)
    }

    fn spec(resolved: &Resolved) -> &EnvironmentSpec {
        &resolved.effective.spec
    }

    fn summary(resolved: &Resolved) -> &Summary {
        &resolved.summary
    }

    fn render(resolved: &Resolved) -> Vec<Desired> {
        render::render(resolved)
    }

    fn outputs(resolved: &Resolved) -> Outputs {
        Outputs::Environment(outputs::outputs(resolved))
    }

    fn judge(resolved: &Resolved, problems: &mut Problems) {
        judge::judge(resolved, problems);
    }

    fn subject<'a>(resolved: &'a Resolved, objects: &'a [Desired]) -> Subject<'a> {
        let has_no_engine = resolved.parent.network.engine == NetworkEngine::None;
        let subject = Subject::of(objects, &resolved.roles.cluster, resolved.summary.class);
        Subject { roles_field: "access", has_no_engine, ..subject }
    }
}

#[cfg(test)]
mod tests;
