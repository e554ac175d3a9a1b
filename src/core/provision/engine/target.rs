//! Port calls as the engine makes them: tried again where that may help, within the time of the operation.
//!
//! Rules: a call in flight is never dropped; between two tries an operation may be cancelled or run out of time. After an
//! `Unavailable` the change may have been made, so the object is observed before the next try. Every wait is logged.

use super::failure::Failure;
use crate::{
    domain::{Class, ClusterArn, ObjectKey, Observed, Ownership},
    kinds::in_words,
    ports::{Clock, Deleted, Expect, Objects, PortError, Revoked, Scope, Selector},
    provision::Cancel,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// EKS and IAM throttle in bursts of seconds; ten seconds between tries let a burst pass.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// About a minute in all: whoever waits at a terminal wants to hear by then.
const TRIES: usize = 10;

/// Some three seconds: before the first change nothing is lost by saying that the target is unreachable.
pub const FEW_TRIES: usize = 4;

#[derive(Clone, Copy)]
pub struct TargetCalls<'a> {
    pub objects: &'a dyn Objects,
    pub clock: &'a dyn Clock,
    pub cluster: &'a ClusterArn,
    /// How often a lost connection is tried again before the first change.
    pub tries: usize,
    /// By `Clock::elapsed`; `None` for reads outside an operation.
    pub until: Option<Duration>,
    pub cancel: Option<&'a Cancel>,
}

/// When the target is read. A plan reads once and takes what is out of reach for undecided; an apply must know, and tries
/// again for as long as it may.
#[derive(Clone, Copy)]
pub enum Moment<'a> {
    Plan,
    /// The plan that core makes again while it applies, as far as one can know: what was known must be known again.
    PlanAgain,
    Apply {
        until: Duration,
        cancel: &'a Cancel,
    },
}

/// The pauses between tries after throttling or a lost connection.
pub fn pauses() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(TRIES)
        .with_jitter()
        .build()
}

/// The pauses between looks at something that takes its time; it ends with the operation's time and not by itself.
pub fn looks() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_factor(1.6)
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .build()
}

// === impl TargetCalls ===

impl<'a> TargetCalls<'a> {
    /// For what must be written even after a cancellation or the end of the time.
    pub fn calm(&self) -> TargetCalls<'a> {
        TargetCalls { until: Some(Duration::MAX), cancel: None, ..*self }
    }

    /// Why nothing more may be started.
    pub fn stop_reason(&self) -> Option<Failure> {
        if self.is_cancelled() {
            return Some(Failure::Cancelled);
        }
        let over = self.until.is_some_and(|until| self.clock.elapsed() >= until);
        over.then(|| Failure::TimedOut { what: "the next object".to_owned() })
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(Cancel::is_cancelled)
    }

    pub async fn pause(&self, pause: Duration, what: &str) -> Result<(), Failure> {
        if self.until.is_some_and(|until| self.clock.elapsed() + pause > until) {
            return Err(Failure::TimedOut { what: what.to_owned() });
        }
        tracing::info!(milliseconds = pause.as_millis() as u64, what, "waiting");
        match self.cancel {
            Some(cancel) => tokio::select! {
                () = self.clock.sleep(pause) => Ok(()),
                () = cancel.cancelled() => Err(Failure::Cancelled),
            },
            None => {
                self.clock.sleep(pause).await;
                Ok(())
            }
        }
    }

    /// In a plan what cannot be reached is reported at once; later a connection may break off once or twice.
    pub async fn observe(&self, selector: &Selector) -> Result<Vec<Observed>, Failure> {
        self.look(selector, self.tries).await
    }

    /// Inside an operation a read is what decides whether a change was made: it is worth the wait.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Observed>, Failure> {
        let selector = Selector { scope: Scope::Keys, keys: vec![key.clone()] };
        let observed = self.look(&selector, if self.until.is_some() { TRIES } else { self.tries }).await?;
        Ok(observed.into_iter().find(|object| object.key == *key))
    }

    /// Observing changes nothing, so that throttled reads and lost connections are simply tried again; the latter `tries` times.
    async fn look(&self, selector: &Selector, tries: usize) -> Result<Vec<Observed>, Failure> {
        let (mut pauses, mut lost) = (pauses(), 0);
        loop {
            let error = match self.objects.observe(self.cluster, selector).await {
                Ok(observed) => return Ok(observed),
                Err(error) => error,
            };
            lost += usize::from(error.class == Class::Unavailable);
            let may_look = match error.class {
                Class::Throttled => true,
                Class::Unavailable => lost <= tries,
                _ => false,
            };
            match pauses.next() {
                Some(pause) if may_look => self.pause(pause, &error.to_string()).await?,
                _ => return Err(Failure::call("read", describe(selector), error)),
            }
        }
    }

    /// Deletes and waits until it is gone. `mine` is checked again whenever the object turns out to be another one than was
    /// seen: what is no longer ours is left alone.
    pub async fn delete(&self, seen: &Observed, mine: &(dyn Fn(&Observed) -> bool + Sync)) -> Result<(), Failure> {
        self.delete_expected(&seen.key, Expect::Version(seen.version.clone()), mine).await
    }

    /// What a record names and nobody has read: the target itself looks whose it is before it deletes.
    pub async fn delete_recorded(&self, key: &ObjectKey, owner: &Ownership) -> Result<(), Failure> {
        self.delete_expected(key, Expect::Owned(owner.clone()), &|now| now.ownership == *owner).await
    }

    async fn delete_expected(
        &self,
        key: &ObjectKey,
        mut expect: Expect,
        mine: &(dyn Fn(&Observed) -> bool + Sync),
    ) -> Result<(), Failure> {
        let mut pauses = pauses();
        loop {
            match self.objects.delete(self.cluster, key, &expect).await {
                Ok(Deleted::Gone) => return Ok(()),
                Ok(Deleted::Terminating) => return self.wait_until_gone(key).await,
                Err(error) if error.class == Class::NotFound => return Ok(()),
                Err(error) if may_try_again(&error) => {
                    let Some(pause) = pauses.next() else {
                        return Err(Failure::call("delete", in_words(key), error));
                    };
                    self.pause(pause, &error.to_string()).await?;
                }
                Err(error) => return Err(Failure::call("delete", in_words(key), error)),
            }
            match self.get(key).await? {
                None => return Ok(()),
                Some(now) if !mine(&now) => return Ok(()),
                Some(now) => expect = Expect::Version(now.version),
            }
        }
    }

    /// Revoking twice is revoking once, so that a lost response needs no look.
    pub async fn revoke(&self, revoked: &Revoked) -> Result<(), Failure> {
        let mut pauses = pauses();
        loop {
            let error = match self.objects.revoke(self.cluster, revoked).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if may_try_again(&error) => self.pause(pause, &error.to_string()).await?,
                _ => return Err(Failure::call("delete", revoked, error)),
            }
        }
    }

    /// Waits for an object whose deletion has begun.
    pub async fn wait_until_gone(&self, key: &ObjectKey) -> Result<(), Failure> {
        for pause in looks() {
            let Some(now) = self.get(key).await? else { return Ok(()) };
            let why = now.deleting.unwrap_or_else(|| "it was not deleted".to_owned());
            if let Err(failure) = self.pause(pause, &format!("{} to be deleted: {why}", in_words(key))).await {
                return Err(match failure {
                    Failure::TimedOut { .. } => Failure::Stuck { key: key.clone(), why },
                    other => other,
                });
            }
        }
        Ok(())
    }
}

/// A conflict without held fields means that the object moved under us; it is looked at again.
fn may_try_again(error: &PortError) -> bool {
    error.class.may_retry() || (error.class == Class::Conflict && error.held.is_empty())
}

fn describe(selector: &Selector) -> String {
    match (&selector.scope, selector.keys.as_slice()) {
        (Scope::Everything | Scope::Refresh, _) => "the objects of the cluster".to_owned(),
        (Scope::Environment(environment) | Scope::InCluster(environment), _) => {
            format!("the objects of environment {environment}")
        }
        (Scope::Records, _) => "the records of the cluster".to_owned(),
        (Scope::RecordsOf(environment), _) => format!("the records of environment {environment}"),
        (Scope::Keys | Scope::Granted, [one]) => in_words(one),
        (Scope::Keys | Scope::Granted, [first, rest @ ..]) => format!("{} and {} more", in_words(first), rest.len()),
        (Scope::Keys | Scope::Granted, []) => "nothing".to_owned(),
    }
}
