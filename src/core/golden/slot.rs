//! The place for one workload: its identity, its share, how it may be disturbed, whom it talks to.

mod check;
mod effective;
mod judge;
mod manifests;
mod outputs;
mod render;
mod resolve;
mod share;

pub use resolve::Resolved;
pub use share::field_of;

use super::{
    blueprint::Summary,
    catalogue::Catalogue,
    extras::Extras,
    outputs::{Before, Seen},
    parent::Parent,
    quota::Amounts,
    resource::{Common, GoldenResource, ResolveContext},
};
use crate::{
    domain::{Desired, Id, IdentityMode, Outputs, Problems, ResourceKind, SlotSpec},
    policy::Subject,
};
use effective::Effective;
use share::EffectiveShare;
use std::collections::BTreeMap;

pub struct Slot;

impl GoldenResource for Slot {
    const KIND: ResourceKind = ResourceKind::SLOT;
    const OUTPUTS: &'static [&'static str] = outputs::NAMES;

    type Spec = SlotSpec;
    type Resolved = Resolved;

    fn id(spec: &SlotSpec) -> Id {
        spec.id().into()
    }

    fn common(spec: &SlotSpec) -> Common<'_> {
        let SlotSpec { claim, drift, deletion_protection, .. } = spec;
        Common {
            claim: claim.as_deref(),
            drift: drift.as_ref(),
            deletion_protection: *deletion_protection,
            ..Common::default()
        }
    }

    fn check(spec: &SlotSpec, problems: &mut Problems) {
        check::check(spec, problems);
    }

    fn demand(spec: &SlotSpec, parent: &Parent, catalogue: &Catalogue) -> Amounts {
        let tier = parent.terms(catalogue).map(|terms| terms.tier);
        tier.map(|tier| EffectiveShare::of(spec, &tier.slot).demand()).unwrap_or_default()
    }

    fn resolve(spec: &SlotSpec, given: &ResolveContext<'_>) -> Result<Resolved, Problems> {
        resolve::resolve(spec, given)
    }

    fn judge_unresolved(spec: &SlotSpec, given: &ResolveContext<'_>, problems: &mut Problems) {
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

    fn extras(resolved: &Resolved) -> Option<&Extras> {
        Some(&resolved.extras)
    }

    fn outputs(resolved: &Resolved) -> Outputs {
        outputs::outputs(resolved)
    }

    fn files(resolved: &Resolved) -> BTreeMap<String, String> {
        manifests::render(&resolved.effective, &resolved.namespace)
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
        let own_statements = identity.statements.len();
        Subject { roles_field: "identity", own_statements, shares_identity, budget, ..subject }
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
