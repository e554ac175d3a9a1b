//! One object made, changed or deleted, whatever the target returns in between.

use super::{
    lease::Keeper,
    run::{Ran, Rules, StepOrder, run},
};
use crate::{
    domain::{Adopt, Body, Class, Desired, Id, ObjectKey, Observed, Ownership},
    golden,
    kinds::in_words,
    ports::{Apply, Expect, Revoked},
    provision::engine::{
        connection::EngineConfig,
        decide::{
            claim::Claimant,
            step::{self, Step},
        },
        failure::Failure,
        target::{TargetCalls, pauses},
    },
};
use futures_util::future::BoxFuture;
use std::{collections::BTreeSet, time::Duration};

/// A principal made a moment ago is not yet seen by EKS: `invalid principal` clears in seconds, and after two minutes it is
/// another fault (hashicorp/terraform-provider-aws#35535).
const VISIBLE_WITHIN: Duration = Duration::from_secs(120);
/// Others change the same object at the same time (slots of one namespace): each try has seen the latest version.
const RACES: usize = 20;

pub struct Maker<'a> {
    pub target: TargetCalls<'a>,
    pub keeper: Option<&'a Keeper<'a>>,
    pub id: &'a Id,
    pub team: &'a str,
    pub adopt: Option<&'a Adopt>,
    pub was_ours: &'a BTreeSet<ObjectKey>,
}

// === impl Maker ===

impl Maker<'_> {
    /// Steps in their order, while the record's lease is renewed.
    pub async fn run<'s, T: 's>(
        &'s self,
        order: StepOrder,
        config: &EngineConfig,
        start: impl Fn(usize) -> BoxFuture<'s, Result<T, Failure>>,
    ) -> Ran<T, Failure> {
        let stop = || self.target.stop_reason();
        let sleep = |pause: Duration| self.target.clock.sleep(pause);
        let beat = || -> BoxFuture<'s, Result<(), Failure>> {
            Box::pin(async {
                match self.keeper {
                    Some(keeper) => keeper.renew().await,
                    None => Ok(()),
                }
            })
        };
        let rules = Rules { at_most: config.at_most, stop: &stop, every: config.lease / 3, sleep: &sleep, beat: &beat };
        run(order, rules, start).await
    }

    fn next_step(&self, desired: &Desired, seen: Option<Observed>) -> Result<Step, Failure> {
        let was_ours = self.was_ours.contains(&desired.key);
        step::next(desired, seen, &Claimant { id: self.id, team: self.team, adopt: self.adopt, was_ours })
    }

    /// Makes the object as desired and returns what is there. `seen` is what the operation observed at its begin.
    pub async fn make(&self, desired: &Desired, mut seen: Option<Observed>) -> Result<Observed, Failure> {
        let Some(body) = &desired.body else {
            return Err(Failure::Undecided { key: desired.key.clone() });
        };
        let mut pauses = pauses();
        let mut races = 0;
        let visible_by = self.target.clock.elapsed() + VISIBLE_WITHIN;
        loop {
            let (expect, take) = match self.next_step(desired, seen)? {
                Step::Keep(observed) => return Ok(*observed),
                Step::Create => (Expect::Absent, vec![]),
                Step::Update { version, take } => (Expect::Version(version), take),
                Step::AwaitDeletion => {
                    self.target.wait_until_gone(&desired.key).await?;
                    seen = None;
                    continue;
                }
            };
            self.guard(&desired.key).await?;
            let apply = Apply {
                cluster: self.target.cluster,
                key: &desired.key,
                body,
                manager: &desired.manager,
                expect,
                take: &take,
            };
            let error = match self.target.objects.apply(apply).await {
                Ok(observed) => return verify(desired, observed),
                Err(error) => error,
            };
            if !error.held.is_empty() {
                return Err(Failure::Held { key: desired.key.clone(), held: error.held });
            }
            let pause = match error.class {
                Class::Conflict => {
                    races += 1;
                    (races <= RACES).then_some(Duration::from_millis(20 * races as u64))
                }
                Class::Throttled | Class::Unavailable => pauses.next(),
                Class::NotFound if waits_for_role(desired) && self.target.clock.elapsed() < visible_by => {
                    Some(Duration::from_secs(2))
                }
                Class::NotFound | Class::Invalid | Class::Denied | Class::Cancelled => None,
            };
            let Some(pause) = pause else {
                return Err(Failure::call("apply", in_words(&desired.key), error));
            };
            self.target.pause(pause, &format!("{}: {error}", desired.key)).await?;
            // Whether it was throttled, lost or overtaken: only the object itself shows.
            seen = self.target.get(&desired.key).await?;
        }
    }

    /// Kubernetes guards a change by the object's version; AWS has no such thing, so the record is looked at once more.
    pub(super) async fn guard(&self, key: &ObjectKey) -> Result<(), Failure> {
        match self.keeper {
            Some(keeper) if key.is_aws() => keeper.still_ours().await,
            _ => Ok(()),
        }
    }

    pub async fn delete(&self, seen: &Observed) -> Result<(), Failure> {
        self.guard(&seen.key).await?;
        let ownership = seen.ownership.clone();
        self.target.delete(seen, &move |now| now.ownership == ownership).await
    }

    /// By what the record names.
    pub async fn delete_recorded(&self, key: &ObjectKey, owner: &Ownership) -> Result<(), Failure> {
        self.guard(key).await?;
        self.target.delete_recorded(key, owner).await
    }

    pub async fn revoke(&self, revoked: &Revoked) -> Result<(), Failure> {
        self.guard(&ObjectKey::AccessEntry { principal: revoked.principal.clone() }).await?;
        self.target.revoke(revoked).await
    }

    /// Takes our fields out of an object that stays, by declaring none any more.
    pub async fn release(&self, seen: &Observed, manager: &str) -> Result<(), Failure> {
        let Some(body) = empty_body(&seen.key) else {
            return Ok(());
        };
        let mut version = seen.version.clone();
        for race in 0..RACES {
            let apply = Apply {
                cluster: self.target.cluster,
                key: &seen.key,
                body: &body,
                manager,
                expect: Expect::Version(version),
                take: &[],
            };
            let error = match self.target.objects.apply(apply).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match error.class {
                Class::Conflict | Class::Throttled | Class::Unavailable => {
                    let pause = Duration::from_millis(20 * (race as u64 + 1));
                    self.target.pause(pause, &format!("{}: {error}", seen.key)).await?;
                }
                Class::NotFound => return Ok(()),
                Class::Denied | Class::Invalid | Class::Cancelled => {
                    return Err(Failure::call("release", in_words(&seen.key), error));
                }
            }
            match self.target.get(&seen.key).await? {
                Some(now) if now.deleting.is_none() => version = now.version,
                _ => return Ok(()),
            }
        }
        Err(Failure::Stuck { key: seen.key.clone(), why: "others keep changing it".to_owned() })
    }
}

fn waits_for_role(desired: &Desired) -> bool {
    desired.needs.iter().any(|need| matches!(need, ObjectKey::Role { .. }))
}

/// What apply returned is what was desired, field by field; else something changes it at once.
pub(super) fn verify(desired: &Desired, observed: Observed) -> Result<Observed, Failure> {
    match golden::diff(desired, &observed).into_iter().next() {
        None => Ok(observed),
        Some(change) => Err(Failure::Mismatch {
            key: desired.key.clone(),
            field: change.path,
            desired: change.desired.unwrap_or_else(|| "absent".to_owned()),
            observed: change.observed.unwrap_or_else(|| "absent".to_owned()),
        }),
    }
}

fn empty_body(key: &ObjectKey) -> Option<Body> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return None;
    };
    let mut metadata = serde_json::json!({ "name": name });
    if let Some(namespace) = namespace {
        metadata["namespace"] = serde_json::json!(namespace);
    }
    Some(Body::Kube(serde_json::json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata })))
}

#[cfg(test)]
mod tests;
