//! What is to be done, and everything that speaks against it. The target is asked for nothing but who shares an entry.

use super::{Admitted, Operation};
use crate::{
    domain::{Desired, ObjectKey, Observed, Ownership, Phase, Problem, Spec},
    provision::engine::{
        Engine,
        claim::Claim,
        going::going,
        observe::lacks_group,
        prepare::{namespaces_go, own_namespaces},
        preview::adopt_of,
        record,
        steps::Maker,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What will be done, as keys: the objects themselves stay where they are.
pub(super) struct Plan {
    pub(super) make: Vec<Make>,
    pub(super) go: BTreeSet<ObjectKey>,
    /// Shared objects that others name.
    pub(super) keep: BTreeSet<ObjectKey>,
    /// Said when the work begins.
    pub(super) warnings: Vec<Problem>,
}

pub(super) struct Make {
    /// Position in the blueprint.
    pub(super) at: usize,
    /// An access entry whose role is made anew.
    pub(super) anew: bool,
}

impl Engine {
    /// What is to be done; the error arm holds everything that speaks against it.
    pub(super) async fn work_of(&self, operation: &Operation<'_>, admitted: &Admitted) -> Result<Plan, Vec<Problem>> {
        let Operation { request, id, prepared, target, .. } = operation;
        let team = prepared.blueprint.resolved.team.as_str();
        let maker = Maker {
            target: *target,
            keeper: None,
            id,
            team,
            adopt: adopt_of(&request.spec),
            was_ours: &admitted.known,
        };
        let live: BTreeMap<&ObjectKey, &Observed> =
            admitted.observed.iter().map(|object| (&object.key, object)).collect();
        let (mut make, mut errors, mut warnings) = (vec![], vec![], vec![]);
        for (at, desired) in prepared.blueprint.objects.iter().enumerate() {
            if desired.key == record::key_of(id) || prepared.left.contains(&desired.key.to_string()) {
                continue;
            }
            let seen = live.get(&desired.key).copied();
            if let Some(seen) = seen
                && maker.claim(desired, seen) == Claim::Borrowed
            {
                warnings.extend(lacks_group(desired, seen));
            }
            let anew = seen.is_some() && is_dead_entry(desired, &live);
            match maker.needs_work(desired, seen) {
                Ok(false) if !anew => {}
                Ok(_) => make.push(Make { at, anew }),
                Err(failure) => errors.push(failure.problem()),
            }
        }
        let wanted: BTreeSet<ObjectKey> =
            prepared.blueprint.objects.iter().map(|desired| desired.key.clone()).collect();
        let unwanted: BTreeSet<ObjectKey> = admitted.known.difference(&wanted).cloned().collect();
        let keep = self
            .kept_entries(target, id, &operation.cluster, &unwanted, &admitted.observed, &mut warnings)
            .await
            .map_err(|failure| vec![failure.problem()])?;
        let go: BTreeSet<ObjectKey> = going(id, &admitted.observed, &admitted.known, &wanted, &keep)
            .iter()
            .map(|going| going.observed().key.clone())
            .collect();
        match self.loses(operation, admitted, &go) {
            Some(problem) if problem.is_error() => errors.push(problem),
            Some(problem) if !prepared.problems.contains(&problem) => warnings.push(problem),
            _ => {}
        }
        if errors.is_empty() { Ok(Plan { make, go, keep, warnings }) } else { Err(errors) }
    }

    /// Deletion protection, asked again of what really is there. What a create that never ended has made is nobody's loss.
    fn loses(&self, operation: &Operation<'_>, admitted: &Admitted, go: &BTreeSet<ObjectKey>) -> Option<Problem> {
        let keys: Vec<ObjectKey> = go.iter().cloned().collect();
        let lost = own_namespaces(&operation.id, &keys);
        if lost.is_empty() {
            return None;
        }
        let never_ready = admitted.record.as_ref().is_some_and(|record| record.phase == Phase::Creating);
        let recorded = admitted.record.as_ref().and_then(|record| record.request().ok());
        let before = operation.request.prior.as_ref().map(|prior| &prior.spec).or(recorded.as_ref());
        let protected = before.is_some_and(|before| self.protects(before, operation));
        Some(namespaces_go(&operation.id.to_string(), &lost, protected && !never_ready))
    }

    /// Deletion protection of an earlier request; one that can't be rendered any more is taken for protected.
    fn protects(&self, spec: &Spec, operation: &Operation<'_>) -> bool {
        let written = match spec {
            Spec::Baseline(_) => Some(false),
            Spec::Environment(spec) => spec.deletion_protection,
            Spec::Slot(spec) => spec.deletion_protection,
        };
        written.unwrap_or_else(|| {
            crate::golden::render(spec, &operation.facts, operation.parent.as_ref(), &self.catalogue)
                .map_or(true, |blueprint| blueprint.resolved.deletion_protection)
        })
    }
}

/// An entry of ours whose role is made in this operation: it belongs to the role that bore the name before.
fn is_dead_entry(desired: &Desired, live: &BTreeMap<&ObjectKey, &Observed>) -> bool {
    matches!(desired.key, ObjectKey::AccessEntry { .. })
        && live.get(&desired.key).is_some_and(|entry| entry.ownership == Ownership::Cluster)
        && desired.needs.iter().any(|need| matches!(need, ObjectKey::Role { .. }) && !live.contains_key(need))
}
