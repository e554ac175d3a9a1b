//! The record at the begin of an operation: written before the first object, with everything that will exist.

use super::{lease::Keeper, operation::Operation};
use crate::{
    domain::{Body, Lease, ObjectKey, Operation as RecordOperation, Phase, Record, SYSTEM_NAMESPACE},
    golden,
    ports::Expect,
    provision::engine::{
        connection::Engine,
        decide::{Inputs, instance::Decision},
        failure::Failure,
        record,
    },
};
use std::collections::BTreeSet;

/// The record as the operation holds it.
pub(super) enum Begun<'a> {
    /// Nothing is to be done, and nothing was written.
    Idle(&'a Record),
    Held(Box<Keeper<'a>>),
}

impl Engine {
    /// Writes the record. A conflict means that another operation was quicker.
    pub(super) async fn begin<'a>(&self, operation: &Operation<'a>) -> Result<Begun<'a>, Failure> {
        let Operation { inputs: Inputs { change, .. }, objects, work, target, .. } = *operation;
        let id = &change.id;
        if let (Decision::Done, Some(record)) = (&work.decision, &objects.record) {
            return Ok(Begun::Idle(record));
        }
        let draft = self.draft(operation)?;
        let key = record::key_of(id);
        let Some(shell) = operation.inputs.desired_object(&key) else {
            return Err(Failure::Record { id: id.to_string(), reason: "the golden path renders none".to_owned() });
        };
        if let (Some(record), Some(object)) = (&objects.record, objects.get(&key))
            && work.make.is_empty()
            && work.delete.is_empty()
            && is_settled(record, &draft)
            && golden::diff(shell, object).is_empty()
        {
            return Ok(Begun::Idle(record));
        }
        let mut expect = objects.expect(&key);
        if id.owner().is_none() {
            self.make_home(operation).await?;
            // The namespace of the records may have been on its way out, and the old record with it.
            if let Expect::Version(_) = &expect
                && target.get(&key).await?.is_none()
            {
                expect = Expect::Absent;
            }
        }
        let Some(Body::Kube(shell)) = &shell.body else { return Err(Failure::Undecided { key }) };
        let keeper = Keeper::take(target.calm(), key, shell.clone(), draft, expect).await?;
        Ok(Begun::Held(Box::new(keeper)))
    }

    /// The one object that comes before a record: the namespace that all records live in.
    async fn make_home(&self, operation: &Operation<'_>) -> Result<(), Failure> {
        let key = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
        match operation.inputs.desired_object(&key) {
            Some(desired) if !operation.plan.left.contains(&key.to_string()) => {
                let seen = operation.target.get(&key).await?;
                operation.maker(None).make(desired, seen).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    fn draft(&self, operation: &Operation<'_>) -> Result<Record, Failure> {
        let Operation { inputs: Inputs { change, ground, blueprint, .. }, objects, work, .. } = *operation;
        let summary = &blueprint.summary;
        let mut inventory: BTreeSet<String> = operation.inputs.wanted_keys().iter().map(ObjectKey::to_string).collect();
        inventory.extend(work.delete.iter().map(ObjectKey::to_string));
        let uid = match (&work.decision, change.prior) {
            (Decision::Change | Decision::Rebuild, Some(prior)) => prior.uid.clone(),
            _ => change.own_uid().unwrap_or_default(),
        };
        // What once was ready holds what people may miss; only a create that never ended is still one.
        let phase = match (&work.decision, &objects.record) {
            (Decision::Start, _) => Phase::Creating,
            (Decision::Resume | Decision::Change, Some(record)) if record.phase == Phase::Creating => Phase::Creating,
            _ => Phase::Changing,
        };
        let id = change.id.to_string();
        let spec =
            change.spec.to_document().map_err(|error| Failure::Record { id: id.clone(), reason: error.to_string() })?;
        Ok(Record {
            id,
            uid,
            kind: change.spec.kind(),
            cluster_arn: ground.facts.cluster_arn.to_string(),
            team: summary.team.clone(),
            tier: summary.tier.as_ref().map(ToString::to_string).unwrap_or_default(),
            golden_path: summary.path.name.clone(),
            golden_path_version: summary.path.version.to_string(),
            golden_path_digest: summary.path.digest.clone(),
            spec,
            timeouts: change.timeouts.cloned(),
            facts: ground.facts.clone(),
            inventory: inventory.into_iter().collect(),
            phase,
            operation: Some(self.recorded_operation(operation.name, objects.record.as_ref())),
            writers: match &objects.record {
                Some(record) => record.writers_with(operation.name),
                None => vec![operation.name.to_owned()],
            },
            written_at: operation.requested_at.to_owned(),
            timings: objects.record.as_ref().map(|record| record.timings.clone()).unwrap_or_default(),
            tool_version: self.config.tool_version.clone(),
            unprotected: None,
        })
    }

    /// One that a daemon runs again has the id of its first run: whoever watches the lease must see it move.
    pub(super) fn recorded_operation(&self, name: &str, before: Option<&Record>) -> RecordOperation {
        let own = before.and_then(|before| before.operation.as_ref()).filter(|before| before.id == name);
        let renewals = own.and_then(|before| before.lease.as_ref()).map_or(0, |lease| lease.renewals + 1);
        let lease = Lease { renewals, seconds: self.config.lease.as_secs() };
        RecordOperation { id: name.to_owned(), lease: Some(lease) }
    }
}

/// The record says already what this operation would write.
fn is_settled(record: &Record, draft: &Record) -> bool {
    let now: BTreeSet<&String> = record.inventory.iter().collect();
    let then: BTreeSet<&String> = draft.inventory.iter().collect();
    record.phase == Phase::Ready
        && record.unprotected.is_none()
        && now == then
        && (&record.uid, &record.team, &record.tier, &record.spec, &record.timeouts, &record.facts)
            == (&draft.uid, &draft.team, &draft.tier, &draft.spec, &draft.timeouts, &draft.facts)
        && (&record.golden_path, &record.golden_path_version, &record.golden_path_digest)
            == (&draft.golden_path, &draft.golden_path_version, &draft.golden_path_digest)
}
