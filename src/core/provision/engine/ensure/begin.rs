//! The record at the begin of an operation: written before the first object, with everything that will exist.

use super::{Admitted, Operation, plan::Plan};
use crate::{
    domain::{Body, Id, Lease, ObjectKey, Operation as RecordOperation, Phase, Record, projection::SYSTEM_NAMESPACE},
    ports::Expect,
    provision::engine::{
        Engine,
        decide::Decision,
        failure::Failure,
        lease::Keeper,
        random_id, record,
        steps::{Maker, field_changes},
    },
};
use std::collections::BTreeSet;

/// The record as the operation holds it.
pub(super) enum Begun<'a> {
    /// Nothing is to be done, and nothing was written.
    Idle(Box<Record>),
    Held {
        keeper: Box<Keeper<'a>>,
        uid: String,
    },
}

impl Engine {
    /// Writes the record. A conflict means that another operation was quicker.
    pub(super) async fn begin<'a>(
        &self,
        operation: &Operation<'a>,
        admitted: &Admitted,
        plan: &Plan,
    ) -> Result<Begun<'a>, Failure> {
        let Operation { request, id, prepared, target, .. } = operation;
        let draft = self.draft(operation, admitted, plan)?;
        let key = record::key_of(id);
        let Some(shell) = prepared.blueprint.objects.iter().find(|desired| desired.key == key) else {
            return Err(Failure::Record { id: id.to_string(), reason: "the golden path renders none".to_owned() });
        };
        let nothing_to_do = plan.make.is_empty() && plan.go.is_empty();
        if let Some(record) = &admitted.record
            && nothing_to_do
            && request.prior.is_some()
            && is_settled(record, &draft)
            && admitted
                .observed
                .iter()
                .find(|object| object.key == key)
                .is_some_and(|o| field_changes(shell, o).is_empty())
        {
            return Ok(Begun::Idle(Box::new(record.clone())));
        }
        let mut expect = admitted.expect.clone();
        if matches!(id, Id::Baseline(_)) {
            self.make_home(operation, admitted).await?;
            // The namespace of the records may have been on its way out, and the old record with it.
            if let Expect::Version(_) = &expect
                && target.get(&key).await?.is_none()
            {
                expect = Expect::Absent;
            }
        }
        let shell = match &shell.body {
            Some(Body::Kube(document)) => document.clone(),
            _ => return Err(Failure::Undecided { key }),
        };
        let uid = draft.uid.clone();
        let keeper = Keeper::take(target.calm(), key, shell, draft, expect).await?;
        Ok(Begun::Held { keeper: Box::new(keeper), uid })
    }

    /// The one object that comes before a record: the namespace that all records live in.
    async fn make_home(&self, operation: &Operation<'_>, admitted: &Admitted) -> Result<(), Failure> {
        let Operation { id, prepared, target, .. } = operation;
        let key = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
        let maker = Maker { target: *target, keeper: None, id, team: "", adopt: None, was_ours: &admitted.known };
        match prepared.blueprint.objects.iter().find(|desired| desired.key == key) {
            Some(desired) if !prepared.left.contains(&key.to_string()) => {
                let seen = target.get(&key).await?;
                maker.make(desired, seen).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// The record at the begin of the operation.
    fn draft(&self, operation: &Operation<'_>, admitted: &Admitted, plan: &Plan) -> Result<Record, Failure> {
        let Operation { request, id, facts, prepared, .. } = operation;
        let resolved = &prepared.blueprint.resolved;
        let mut inventory: BTreeSet<String> = prepared.blueprint.objects.iter().map(|d| d.key.to_string()).collect();
        inventory.extend(plan.go.iter().map(ObjectKey::to_string));
        let uid = match (&admitted.decision, &request.prior) {
            (Decision::Change | Decision::Rebuild, Some(prior)) => prior.uid.clone(),
            _ => random_id("")?,
        };
        // What once was ready holds what people may miss; only a create that never ended is still one.
        let phase = match (&admitted.decision, &admitted.record) {
            (Decision::Start, _) => Phase::Creating,
            (Decision::Resume, Some(record)) if record.phase == Phase::Creating => Phase::Creating,
            (Decision::Change, Some(record)) if record.phase == Phase::Creating => Phase::Creating,
            _ => Phase::Changing,
        };
        let timings = admitted.record.as_ref().map(|record| record.timings.clone()).unwrap_or_default();
        let spec = Record::written(&request.spec)
            .map_err(|error| Failure::Record { id: id.to_string(), reason: error.to_string() })?;
        Ok(Record {
            id: id.to_string(),
            uid,
            kind: request.spec.kind(),
            cluster_arn: facts.cluster_arn.to_string(),
            team: resolved.team.clone(),
            golden_path: resolved.golden_path.clone(),
            golden_path_version: resolved.golden_path_version.clone(),
            golden_path_digest: resolved.golden_path_digest.clone(),
            spec,
            facts: facts.clone(),
            inventory: inventory.into_iter().collect(),
            phase,
            operation: Some(RecordOperation {
                id: operation.name.to_owned(),
                lease: Some(Lease { renewals: 0, seconds: self.config.lease.as_secs() }),
            }),
            timings,
            tool_version: self.config.tool_version.clone(),
        })
    }
}

/// The record says already what this operation would write.
fn is_settled(record: &Record, draft: &Record) -> bool {
    let now: BTreeSet<&String> = record.inventory.iter().collect();
    let then: BTreeSet<&String> = draft.inventory.iter().collect();
    record.phase == Phase::Ready
        && now == then
        && (&record.uid, &record.team, &record.spec, &record.facts)
            == (&draft.uid, &draft.team, &draft.spec, &draft.facts)
        && (&record.golden_path, &record.golden_path_version, &record.golden_path_digest)
            == (&draft.golden_path, &draft.golden_path_version, &draft.golden_path_digest)
}
