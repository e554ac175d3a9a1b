//! The lease on a record: who is at work, for how long still, and how a second one waits.
//!
//! A lease is a guide and not a fence (`watch` says when it is over). Every change of the record expects the version read before,
//! and before each change in AWS (which knows no such guard) the version is looked at again.

use super::document::write;
use crate::{
    domain::{Class, Id, ObjectKey, Operation, Phase, Record},
    ports::Expect,
    provision::engine::{
        failure::Failure,
        record,
        target::{TargetCalls, looks},
        watch::{Hold, Watch},
    },
};
use serde_json::Value;
use tokio::sync::Mutex;

/// The holder's side: one record, its version, and the writes that keep it.
pub struct Keeper<'a> {
    target: TargetCalls<'a>,
    key: ObjectKey,
    shell: Value,
    held: Mutex<HeldLease>,
}

struct HeldLease {
    record: Record,
    version: String,
}

// === impl Keeper ===

impl<'a> Keeper<'a> {
    /// Writes the first version: from here on the record is ours for as long as it is renewed.
    pub async fn take(
        target: TargetCalls<'a>,
        key: ObjectKey,
        shell: Value,
        record: Record,
        expect: Expect,
    ) -> Result<Self, Failure> {
        let written = write(&target, &key, &shell, &record, expect).await?;
        Ok(Self { target, key, shell, held: Mutex::new(HeldLease { record, version: written.version }) })
    }

    pub async fn renew(&self) -> Result<(), Failure> {
        let renewed = self
            .change(|record| {
                if let Some(Operation { lease: Some(lease), .. }) = &mut record.operation {
                    lease.renewals += 1;
                }
            })
            .await;
        match renewed {
            Err(Failure::Superseded { .. }) if self.went_with_its_namespace().await => Ok(()),
            renewed => renewed,
        }
    }

    /// A baseline's record lies in the namespace that its removal ends, so it goes before the namespace has ended: there is
    /// nothing left to renew, and nobody has taken over.
    async fn went_with_its_namespace(&self) -> bool {
        let held = self.held.lock().await;
        let is_deleted = held.record.phase == Phase::Deleting && self.key == record::baseline_key();
        is_deleted && matches!(self.target.get(&self.key).await, Ok(None))
    }

    /// Changes and writes the record; a conflict means that somebody took it over.
    pub async fn change(&self, change: impl FnOnce(&mut Record)) -> Result<(), Failure> {
        let mut held = self.held.lock().await;
        let mut record = held.record.clone();
        change(&mut record);
        let expect = Expect::Version(held.version.clone());
        match write(&self.target, &self.key, &self.shell, &record, expect).await {
            Ok(written) => {
                *held = HeldLease { record, version: written.version };
                Ok(())
            }
            Err(failure) if failure.class() == Some(Class::Conflict) => Err(self.supersession(&held.record).await),
            Err(failure) => Err(failure),
        }
    }

    /// What was there before this operation, which has changed nothing else.
    pub async fn restore(&self, shell: Value, before: Record) -> Result<(), Failure> {
        let mut held = self.held.lock().await;
        let expect = Expect::Version(held.version.clone());
        let written = write(&self.target, &self.key, &shell, &before, expect).await?;
        *held = HeldLease { record: before, version: written.version };
        Ok(())
    }

    /// After a failure, so that the next operation need not wait.
    pub async fn release(&self) -> Result<(), Failure> {
        self.change(|record| {
            if let Some(operation) = &mut record.operation {
                operation.lease = None;
            }
        })
        .await
    }

    /// Checked before each change that the record's version can't guard.
    pub async fn still_ours(&self) -> Result<(), Failure> {
        let held = self.held.lock().await;
        match self.target.get(&self.key).await? {
            Some(now) if now.version == held.version => Ok(()),
            _ => Err(self.supersession(&held.record).await),
        }
    }

    pub async fn version(&self) -> String {
        self.held.lock().await.version.clone()
    }

    pub async fn record(&self) -> Record {
        self.held.lock().await.record.clone()
    }

    async fn supersession(&self, own: &Record) -> Failure {
        let now = match self.target.get(&self.key).await {
            Ok(Some(now)) => record::parse(&now).ok().flatten(),
            _ => None,
        };
        let by = match now.and_then(|record| record.operation) {
            Some(operation) => format!("operation {}", operation.id),
            None => "someone who changed or removed its record".to_owned(),
        };
        Failure::Superseded { id: own.id.clone(), by }
    }
}

/// Polls the record until its lease stands still or is released.
pub async fn wait_until_free(
    target: &TargetCalls<'_>,
    id: &Id,
    record: Option<&Record>,
    watch: &mut Watch,
) -> Result<(), Failure> {
    let key = record::key_of(id);
    let mut operation = record.map(record::operation).unwrap_or_default();
    for pause in looks() {
        if let Err(failure) = target.pause(pause, &format!("{operation} on {id}")).await {
            return Err(match failure {
                Failure::TimedOut { .. } => Failure::Busy { id: id.to_string(), operation },
                other => other,
            });
        }
        let Some(observed) = target.get(&key).await? else {
            return Ok(());
        };
        let Some(record) = record::parse(&observed)? else {
            return Ok(());
        };
        operation = record::operation(&record);
        if watch.look(record.operation.as_ref(), target.clock.elapsed()) == Hold::Free {
            return Ok(());
        }
    }
    Ok(())
}
