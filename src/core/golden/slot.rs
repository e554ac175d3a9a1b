//! The place for one workload: its identity, its share, how it may be disturbed, whom it talks to.

mod check;
mod effective;
mod judge;
mod manifests;
mod outputs;
mod render;
mod resolve;

pub use resolve::Resolved;

use super::{
    blueprint::Summary,
    resource::{Given, GoldenResource},
};
use crate::{
    domain::{Desired, IdentityMode, Outputs, Problems, SlotSpec},
    policy::Subject,
};
use effective::Effective;

pub struct Slot;

impl GoldenResource for Slot {
    type Spec = SlotSpec;
    type Resolved = Resolved;

    fn check(spec: &SlotSpec, problems: &mut Problems) {
        check::check(spec, problems);
    }

    fn resolve(spec: &SlotSpec, given: &Given<'_>) -> Result<Resolved, Problems> {
        resolve::resolve(spec, given)
    }

    fn judge_unresolved(spec: &SlotSpec, given: &Given<'_>, problems: &mut Problems) {
        if let Ok(effective) = Effective::of(spec, given) {
            judge::judge(&effective, problems);
        }
    }

    fn spec(resolved: &Resolved) -> &SlotSpec {
        &resolved.effective.spec
    }

    fn summary(resolved: &Resolved) -> &Summary {
        &resolved.summary
    }

    fn render(resolved: &Resolved) -> Vec<Desired> {
        render::render(resolved)
    }

    fn outputs(resolved: &Resolved) -> Outputs {
        Outputs::Slot(outputs::outputs(resolved))
    }

    fn judge(resolved: &Resolved, problems: &mut Problems) {
        judge::judge(&resolved.effective, problems);
    }

    fn subject<'a>(resolved: &'a Resolved, objects: &'a [Desired]) -> Subject<'a> {
        let Effective { spec, identity, .. } = &resolved.effective;
        let shares_identity = resolved.own.is_none() && identity.mode != IdentityMode::None;
        let budget = spec.availability.as_ref();
        let budget = budget.and_then(|written| written.min_replicas.zip(written.max_unavailable.as_deref()));
        let subject = Subject::of(objects, &resolved.roles.cluster, resolved.summary.class);
        Subject { roles_field: "identity", shares_identity, budget, ..subject }
    }
}

#[cfg(test)]
mod tests;
