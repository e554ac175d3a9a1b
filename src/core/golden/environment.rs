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
    extras::Extras,
    outputs::{Before, Seen},
    parent::Parent,
    resource::{Common, GoldenResource, ResolveContext},
};
use crate::{
    domain::{
        ClusterRef, Desired, EnvironmentSpec, Id, NameError, Outputs, Problem, Problems, ResourceKind, StableFacts,
    },
    policy::Subject,
};
use effective::Effective;

pub struct Environment;

impl GoldenResource for Environment {
    const KIND: ResourceKind = ResourceKind::ENVIRONMENT;
    const OUTPUTS: &'static [&'static str] = outputs::NAMES;

    type Spec = EnvironmentSpec;
    type Resolved = Resolved;

    fn id(spec: &EnvironmentSpec) -> Id {
        spec.id().into()
    }

    fn cluster(spec: &EnvironmentSpec) -> Result<ClusterRef, NameError> {
        Ok(spec.cluster.clone())
    }

    fn common(spec: &EnvironmentSpec) -> Common<'_> {
        let EnvironmentSpec { golden_path, golden_path_version, claim, drift, adopt, deletion_protection, .. } = spec;
        Common {
            golden_path: golden_path.as_deref(),
            golden_path_version: golden_path_version.as_ref(),
            claim: claim.as_deref(),
            drift: drift.as_ref(),
            adopt: adopt.as_ref(),
            deletion_protection: *deletion_protection,
            ..Common::default()
        }
    }

    fn with_empty_lists(spec: &EnvironmentSpec) -> Option<EnvironmentSpec> {
        let network = spec.network.as_ref()?.with_empty_lists()?;
        Some(EnvironmentSpec { network: Some(network), ..spec.clone() })
    }

    fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
        check::check(spec, problems);
    }

    fn check_with(spec: &EnvironmentSpec, catalogue: &Catalogue, problems: &mut Problems) {
        let refused = |catalogue: &Catalogue| {
            let mut problems = Problems::default();
            match Effective::of(spec, catalogue) {
                Ok(effective) => judge::judge_effective(&effective, &mut problems),
                Err(problem) => problems.extend([problem]),
            }
            problems.into_vec()
        };
        // It may stay at an older version, so only what none of them admits is wrong.
        let mut versions =
            catalogue.possible(spec.golden_path.as_deref(), spec.golden_path_version.as_ref()).into_iter().rev();
        let mut all = versions.next().map(|newest| refused(&newest)).unwrap_or_default();
        for older in versions {
            let found = refused(&older);
            all.retain(|problem| {
                found.iter().any(|other| (other.code, &other.field) == (problem.code, &problem.field))
            });
        }
        problems.extend(all);
    }

    fn resolve(spec: &EnvironmentSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
        resolve::resolve(spec, given.facts, given.catalogue)
    }

    fn parent(
        spec: &EnvironmentSpec,
        facts: &StableFacts,
        catalogue: &Catalogue,
    ) -> Option<Result<Parent, Vec<Problem>>> {
        Some(parent_of(spec, facts, catalogue))
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

    fn extras(resolved: &Resolved) -> Option<&Extras> {
        Some(&resolved.extras)
    }

    fn outputs(resolved: &Resolved) -> Outputs {
        outputs::outputs(resolved)
    }

    fn details(resolved: &Resolved) -> Outputs {
        outputs::details(resolved)
    }

    fn judge(resolved: &Resolved, problems: &mut Problems) {
        judge::judge(resolved, problems);
    }

    fn subject<'a>(resolved: &'a Resolved, objects: &'a [Desired]) -> Subject<'a> {
        let subject = Subject::of(objects, &resolved.roles.cluster, resolved.summary.class);
        Subject { roles_field: "access", cluster_kinds: &resolved.effective.terms.path.cluster_kinds, ..subject }
    }

    fn plan_outputs(outputs: &mut Outputs, objects: &[Desired], before: &Before<'_>) {
        outputs::plan(outputs, objects, before);
    }

    fn settle_outputs(outputs: &mut Outputs, objects: &[Desired], seen: &Seen<'_>) {
        outputs::settle(outputs, objects, seen);
    }
}

#[cfg(test)]
mod tests;
