//! The lease on a record: who is at work, for how long still, and how a second one waits.
//!
//! A lease is a guide and not a fence. It is over when its renewals have stood still for its time *by the waiter's own
//! clock*, so clocks of different machines are never compared. Every change of the record expects the version read before,
//! and before each change in AWS (which knows no such guard) the version is looked at again.

use super::{
    decide::{self, Hold},
    failure::Failure,
    record,
    target::{TargetCalls, looks},
};
use crate::{
    domain::{Class, Id, Lease, ObjectKey, Operation, Phase, Record},
    ports::Expect,
};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long one holder's renewals have stood still, as seen by one waiter.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Operation and renewals at the last look, and when they were first seen so.
    still: Option<(String, u64, Duration)>,
}

// === impl Watch ===

impl Watch {
    pub(super) fn look(&mut self, operation: Option<&Operation>, now: Duration) -> Hold {
        let Some(Operation { id, lease: Some(Lease { renewals, seconds }) }) = operation else {
            return Hold::Free;
        };
        match &self.still {
            Some((seen, count, since)) if seen == id && count == renewals => {
                if now.saturating_sub(*since) >= Duration::from_secs(*seconds) { Hold::Free } else { Hold::Held }
            }
            _ => {
                self.still = Some((id.clone(), *renewals, now));
                Hold::Held
            }
        }
    }
}

/// The holder's side: one record, its version, and the writes that keep it.
pub(super) struct Keeper<'a> {
    target: TargetCalls<'a>,
    key: ObjectKey,
    shell: Value,
    held: Mutex<Held>,
}

struct Held {
    record: Record,
    version: String,
}

// === impl Keeper ===

impl<'a> Keeper<'a> {
    /// Writes the first version: from here on the record is ours for as long as it is renewed.
    pub(super) async fn take(
        target: TargetCalls<'a>,
        key: ObjectKey,
        shell: Value,
        record: Record,
        expect: Expect,
    ) -> Result<Self, Failure> {
        let written = record::write(&target, &key, &shell, &record, expect).await?;
        Ok(Self { target, key, shell, held: Mutex::new(Held { record, version: written.version }) })
    }

    pub(super) async fn renew(&self) -> Result<(), Failure> {
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
        let of_a_baseline = record::key_of(&Id::Baseline(held.record.id.clone()));
        let is_going = held.record.phase == Phase::Deleting && self.key == of_a_baseline;
        is_going && matches!(self.target.get(&self.key).await, Ok(None))
    }

    /// Changes and writes the record; a conflict means that somebody took it over.
    pub(super) async fn change(&self, change: impl FnOnce(&mut Record)) -> Result<(), Failure> {
        let mut held = self.held.lock().await;
        let mut record = held.record.clone();
        change(&mut record);
        let expect = Expect::Version(held.version.clone());
        match record::write(&self.target, &self.key, &self.shell, &record, expect).await {
            Ok(written) => {
                *held = Held { record, version: written.version };
                Ok(())
            }
            Err(failure) if failure.class() == Some(Class::Conflict) => Err(self.superseded(&held.record).await),
            Err(failure) => Err(failure),
        }
    }

    /// Lets go after a failure, so that the next operation need not wait.
    pub(super) async fn let_go(&self) -> Result<(), Failure> {
        self.change(|record| {
            if let Some(operation) = &mut record.operation {
                operation.lease = None;
            }
        })
        .await
    }

    /// Asked before each change that the record's version can't guard.
    pub(super) async fn still_ours(&self) -> Result<(), Failure> {
        let held = self.held.lock().await;
        match self.target.get(&self.key).await? {
            Some(now) if now.version == held.version => Ok(()),
            _ => Err(self.superseded(&held.record).await),
        }
    }

    pub(super) async fn version(&self) -> String {
        self.held.lock().await.version.clone()
    }

    pub(super) async fn record(&self) -> Record {
        self.held.lock().await.record.clone()
    }

    async fn superseded(&self, own: &Record) -> Failure {
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

/// Polls the record until its lease stands still or is let go.
pub(super) async fn wait_until_free(
    target: &TargetCalls<'_>,
    id: &Id,
    record: Option<Record>,
    watch: &mut Watch,
) -> Result<(), Failure> {
    let key = record::key_of(id);
    let mut operation = record.as_ref().map(decide::operation).unwrap_or_default();
    for pause in looks() {
        if let Err(failure) = target.pause(pause, &format!("{operation} on {id}, which is at work")).await {
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
        operation = decide::operation(&record);
        if watch.look(record.operation.as_ref(), target.clock.elapsed()) == Hold::Free {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_when_its_renewals_stand_still() {
        let held = |id: &str, renewals| Some(Operation { id: id.into(), lease: Some(Lease { renewals, seconds: 15 }) });
        let released = Some(Operation { id: "a".into(), lease: None });
        // (seconds by the waiter's clock, what the record says, expected, reason)
        let looks = [
            (0, held("a", 1), Hold::Held, "the first look can't tell"),
            (14, held("a", 1), Hold::Held, "not yet"),
            (14, held("a", 2), Hold::Held, "it was renewed"),
            (28, held("a", 2), Hold::Held, "counted from the renewal"),
            (29, held("a", 2), Hold::Free, "fifteen seconds without renewal"),
            (30, held("b", 2), Hold::Held, "another one took it: counted anew"),
            (31, released, Hold::Free, "let go"),
            (32, None, Hold::Free, "nobody is at work"),
        ];
        let mut watch = Watch::default();
        for (seconds, operation, expected, reason) in looks {
            assert_eq!(watch.look(operation.as_ref(), Duration::from_secs(seconds)), expected, "{reason}");
        }
    }
}
