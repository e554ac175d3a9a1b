//! One object made, changed or removed, whatever the target answers in between.

use super::{
    EngineConfig,
    claim::{self, Asker, Claim},
    drift,
    failure::Failure,
    lease::Keeper,
    run::{Order, Ran, Rules, run},
    target::{TargetCalls, pauses},
};
use crate::{
    domain::{Class, Desired, Id, ObjectKey, Observed},
    golden::{self, Change, FieldChange},
    ports::{Apply, Expect},
};
use futures_util::future::BoxFuture;
use std::{collections::BTreeSet, time::Duration};

/// A principal made a moment ago is not yet seen by EKS: `invalid principal` clears in seconds, and after two minutes it is
/// another fault (hashicorp/terraform-provider-aws#35535).
const VISIBLE_WITHIN: Duration = Duration::from_secs(120);
/// Others change the same object at the same time (slots of one namespace): each try has seen the latest version.
const RACES: usize = 20;

pub(super) struct Maker<'a> {
    pub(super) target: TargetCalls<'a>,
    pub(super) keeper: Option<&'a Keeper<'a>>,
    pub(super) id: &'a Id,
    pub(super) team: &'a str,
    pub(super) adopt: Option<&'a crate::domain::Adopt>,
    pub(super) was_ours: &'a BTreeSet<ObjectKey>,
}

/// What to do about an object that exists or not.
enum Move {
    Create,
    Update {
        version: String,
        take: Vec<String>,
    },
    /// It is as it should be, or not ours to change.
    Nothing(Box<Observed>),
    /// An earlier deletion is still under way.
    AwaitEnd,
}

// === impl Maker ===

impl Maker<'_> {
    /// Steps in their order, while the record's lease is renewed.
    pub(super) async fn run<'s, T: 's>(
        &'s self,
        order: Order,
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

    fn asker(&self, key: &ObjectKey) -> Asker<'_> {
        Asker { id: self.id, team: self.team, adopt: self.adopt, was_ours: self.was_ours.contains(key) }
    }

    pub(super) fn claim(&self, desired: &Desired, observed: &Observed) -> Claim {
        claim::claim(desired, observed, &self.asker(&desired.key))
    }

    fn next_move(&self, desired: &Desired, seen: Option<Observed>) -> Result<Move, Failure> {
        let Some(seen) = seen else { return Ok(Move::Create) };
        if seen.deleting.is_some() {
            return Ok(Move::AwaitEnd);
        }
        let take_fields = match self.claim(desired, &seen) {
            Claim::Taken { by } => {
                return Err(Failure::Foreign { key: desired.key.clone(), by });
            }
            Claim::Borrowed => return Ok(Move::Nothing(Box::new(seen))),
            Claim::Mine | Claim::Adopted => self.adopt.map(|adopt| adopt.take_fields.as_slice()).unwrap_or_default(),
        };
        let changes = field_changes(desired, &seen);
        if changes.is_empty() {
            return Ok(Move::Nothing(Box::new(seen)));
        }
        match drift::takes(&changes, &desired.manager, take_fields) {
            Ok(take) => Ok(Move::Update { version: seen.version, take }),
            Err(held) => Err(Failure::Held { key: desired.key.clone(), held }),
        }
    }

    /// Whether there is anything to do about it; what speaks against doing it at all is told before anything is changed.
    pub(super) fn needs_work(&self, desired: &Desired, seen: Option<&Observed>) -> Result<bool, Failure> {
        Ok(!matches!(self.next_move(desired, seen.cloned())?, Move::Nothing(_)))
    }

    /// Makes the object as desired and answers what is there. `seen` is what the operation observed at its begin.
    pub(super) async fn make(&self, desired: &Desired, mut seen: Option<Observed>) -> Result<Observed, Failure> {
        let Some(body) = &desired.body else {
            return Err(Failure::Undecided { key: desired.key.clone() });
        };
        let mut pauses = pauses();
        let mut races = 0;
        let visible_by = self.target.clock.elapsed() + VISIBLE_WITHIN;
        loop {
            let (expect, take) = match self.next_move(desired, seen)? {
                Move::Nothing(observed) => return Ok(*observed),
                Move::Create => (Expect::Absent, vec![]),
                Move::Update { version, take } => (Expect::Version(version), take),
                Move::AwaitEnd => {
                    self.target.until_gone(&desired.key).await?;
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
                Ok(observed) => return verified(desired, observed),
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
                Class::NotFound | Class::Invalid
                    if waits_for_role(desired) && self.target.clock.elapsed() < visible_by =>
                {
                    Some(Duration::from_secs(2))
                }
                Class::NotFound | Class::Invalid | Class::Denied | Class::Cancelled => None,
            };
            let Some(pause) = pause else {
                return Err(Failure::call("applying", &desired.key, error));
            };
            self.target.pause(pause, &format!("{}: {error}", desired.key)).await?;
            // Whether it was throttled, lost or overtaken: only the object itself tells.
            seen = self.target.get(&desired.key).await?;
        }
    }

    /// Kubernetes guards a change by the object's version; AWS has no such thing, so the record is looked at once more.
    async fn guard(&self, key: &ObjectKey) -> Result<(), Failure> {
        match self.keeper {
            Some(keeper) if key.is_aws() => keeper.still_ours().await,
            _ => Ok(()),
        }
    }

    /// An access entry belongs to the role that bore the name when it was made, so a role made anew needs a new one
    /// (terraform-aws-modules/terraform-aws-eks#3329).
    pub(super) async fn make_anew(&self, desired: &Desired, seen: &Observed) -> Result<Observed, Failure> {
        self.remove(seen).await?;
        self.make(desired, None).await
    }

    pub(super) async fn remove(&self, seen: &Observed) -> Result<(), Failure> {
        self.guard(&seen.key).await?;
        let ownership = seen.ownership.clone();
        self.target.delete(seen, &move |now| now.ownership == ownership).await
    }

    /// Takes our fields out of an object that stays, by declaring none any more.
    pub(super) async fn release(&self, seen: &Observed, manager: &str) -> Result<(), Failure> {
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
                    return Err(Failure::call("releasing", &seen.key, error));
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

pub(super) fn field_changes(desired: &Desired, seen: &Observed) -> Vec<FieldChange> {
    match golden::diff(std::slice::from_ref(desired), std::slice::from_ref(seen)).pop() {
        Some(Change::Update { fields, .. }) => fields,
        _ => vec![],
    }
}

fn waits_for_role(desired: &Desired) -> bool {
    desired.needs.iter().any(|need| matches!(need, ObjectKey::Role { .. }))
}

/// What apply answered is what was asked for, field by field; else something changes it at once.
fn verified(desired: &Desired, observed: Observed) -> Result<Observed, Failure> {
    match field_changes(desired, &observed).into_iter().next() {
        None => Ok(observed),
        Some(change) => Err(Failure::Mismatch {
            key: desired.key.clone(),
            field: change.path,
            desired: change.desired.unwrap_or_else(|| "absent".to_owned()),
            observed: change.observed.unwrap_or_else(|| "absent".to_owned()),
        }),
    }
}

fn empty_body(key: &ObjectKey) -> Option<crate::domain::Body> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return None;
    };
    let mut metadata = serde_json::json!({ "name": name });
    if let Some(namespace) = namespace {
        metadata["namespace"] = serde_json::json!(namespace);
    }
    Some(crate::domain::Body::Kube(
        serde_json::json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata }),
    ))
}
