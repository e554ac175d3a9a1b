//! Removing: what goes, in which order, and what stays.
//!
//! Deletion is an order of its own and not creation backward: what works in namespaces, then what is inside of them, the
//! namespaces, and last people's access and roles; so that access outlives the objects it protects. The record goes last.

use super::{
    Engine,
    claim::{self, is_made_for, owner_of},
    cluster_of, decide,
    decide::Hold,
    drift::Lines,
    facts::{same_world, unreadable},
    failure::{Failure, one_problem},
    lease::{Keeper, Watch},
    observe::{find_record, lines_of_existing},
    prepare::{namespaces_go, own_namespaces},
    random_id, record,
    run::{Order, Rules, run},
    steps::Maker,
    world::{World, looks},
};
use crate::{
    domain::{
        Class, Facts, Id, Lease, ObjectKey, Observed, Operation, Ownership, Phase, Problem, Record, Severity,
        StableFacts, projection::SYSTEM_NAMESPACE,
    },
    ports::{Expect, Scope, Selector},
    provision::{RemoveRequest, Removed},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What a record says to someone who is about to remove. Pure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Go,
    /// The create that follows resumes what is there: nothing is touched.
    HandOver,
    /// Another instance bears the id by now.
    Superseded,
    Wait,
}

pub(super) fn removal(record: Option<&Record>, uid: &str, hand_over: bool, hold: Hold) -> Removal {
    match record {
        None => Removal::Go,
        Some(record) if record.uid != uid => Removal::Superseded,
        Some(record) if hand_over && record.phase != Phase::Ready => Removal::HandOver,
        Some(_) if hold == Hold::Held => Removal::Wait,
        Some(_) => Removal::Go,
    }
}

/// When an object goes, lowest first.
pub(super) fn rank(key: &ObjectKey) -> u8 {
    match key {
        ObjectKey::Kube { kind, .. } if kind == "HorizontalPodAutoscaler" || kind == "PodDisruptionBudget" => 0,
        ObjectKey::PodIdentityAssociation { .. } => 1,
        // The baseline's own: it holds every record, its own included.
        ObjectKey::Kube {
            namespace: None, name, ..
        } if name == SYSTEM_NAMESPACE => 7,
        ObjectKey::Kube {
            kind, namespace: None, ..
        } if kind == "Namespace" => 3,
        ObjectKey::Kube { .. } => 2,
        ObjectKey::AccessPolicy { .. } => 4,
        ObjectKey::AccessEntry { .. } => 5,
        ObjectKey::Role { .. } => 6,
    }
}

/// What becomes of one object that is no longer wanted.
#[derive(Debug)]
pub(super) enum Going<'a> {
    Delete(&'a Observed),
    /// It stays, without our fields.
    Release(&'a Observed, String),
}

impl Going<'_> {
    pub(super) fn observed(&self) -> &Observed {
        match self {
            Self::Delete(observed) | Self::Release(observed, _) => observed,
        }
    }
}

/// Of what was observed, what goes when it is no longer wanted. `known`: in the record's inventory or in state. `keep`:
/// shared objects that others name. Pure.
pub(super) fn going<'a>(
    id: &Id,
    observed: &'a [Observed],
    known: &BTreeSet<ObjectKey>,
    wanted: &BTreeSet<ObjectKey>,
    keep: &BTreeSet<ObjectKey>,
) -> Vec<Going<'a>> {
    let candidates: Vec<&Observed> = observed
        .iter()
        .filter(|object| {
            !wanted.contains(&object.key) && !keep.contains(&object.key) && !record::is_record(&object.key)
        })
        .filter(|object| known.contains(&object.key) || is_made_for(id, object))
        .collect();
    let mut going = vec![];
    for object in &candidates {
        let stand_in = claim::stand_in(id, &object.key);
        let marked = claim::is_marked_for(id, object);
        match (&object.ownership, &object.key) {
            _ if stand_in.manager != crate::domain::Desired::MANAGER => {
                going.push(Going::Release(object, stand_in.manager));
            }
            _ if stand_in.leave => {}
            // Their owner is told by their key or by the record; they carry no environment's mark.
            (Ownership::Cluster, ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. }) => {
                going.push(Going::Delete(object));
            }
            _ if marked => going.push(Going::Delete(object)),
            // A stranger's by now, or another environment's.
            _ => {}
        }
    }
    let namespaces: BTreeSet<String> = going
        .iter()
        .filter_map(|going| match (going, &going.observed().key) {
            (
                Going::Delete(_),
                ObjectKey::Kube {
                    kind,
                    namespace: None,
                    name,
                    ..
                },
            ) if kind == "Namespace" => Some(name.clone()),
            _ => None,
        })
        .collect();
    // Gone with its container.
    going.retain(|going| match &going.observed().key {
        ObjectKey::Kube {
            namespace: Some(namespace),
            ..
        } => rank(&going.observed().key) == 0 || !namespaces.contains(namespace),
        _ => true,
    });
    going
}

/// The entry of whoever runs this is never deleted: it would lock them out in the middle of the work.
pub(super) fn is_callers(key: &ObjectKey, caller: &str) -> bool {
    let ObjectKey::AccessEntry { principal } = key else {
        return false;
    };
    let role = |arn: &str| -> Option<(String, String)> {
        let account = arn.split(':').nth(4)?.to_owned();
        let name = match arn.split_once(":assumed-role/") {
            Some((_, rest)) => rest.split('/').next()?,
            None => arn.split_once(":role/")?.1.rsplit('/').next()?,
        };
        Some((account, name.to_owned()))
    };
    principal == caller || (role(principal).is_some() && role(principal) == role(caller))
}

impl Engine {
    pub(super) async fn preview_remove_all(&self, request: &RemoveRequest) -> Vec<Problem> {
        let id = request.id.to_string();
        let lost = own_namespaces(&request.id, &request.keys);
        let cluster = match cluster_of(&request.id) {
            Ok(cluster) => cluster,
            Err(problem) => return vec![problem],
        };
        if request.world.is_some()
            && let Ok(world) = self.known.world(&cluster).await
            && let Err(problem) = same_world(&id, request.world.as_deref(), &world)
        {
            return vec![problem];
        }
        if let Id::Slot(slot) = &request.id {
            self.plans.share(slot, BTreeMap::new());
        }
        if lost.is_empty() {
            return vec![];
        }
        if request.protected && self.never_was_ready(request).await {
            return vec![namespaces_go(&id, &lost, false)];
        }
        vec![namespaces_go(&id, &lost, request.protected)]
    }

    /// A create that never ended has nothing inside that anybody could miss.
    async fn never_was_ready(&self, request: &RemoveRequest) -> bool {
        let Some(facts) = &request.facts else { return false };
        let key = record::key_of(&request.id);
        let found = self.world(&facts.cluster_arn).get(&key).await.ok().flatten();
        found
            .and_then(|observed| record::parse(&observed).ok().flatten())
            .is_some_and(|record| record.phase == Phase::Creating && record.uid == request.uid)
    }

    pub(super) async fn remove_all(&self, request: RemoveRequest) -> Removed {
        let mut problems = vec![];
        match self.removed(&request, &mut problems).await {
            Ok(objects) => Removed {
                gone: objects.is_none(),
                objects,
                problems,
            },
            Err(problem) => {
                problems.push(problem);
                Removed {
                    gone: false,
                    objects: None,
                    problems,
                }
            }
        }
    }

    /// `None`: gone. The error arm: nothing was changed.
    async fn removed(&self, request: &RemoveRequest, problems: &mut Vec<Problem>) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let cluster = cluster_of(id)?;
        let facts = match (self.known.facts(&cluster).await, &request.facts) {
            (Ok(facts), _) => facts,
            (Err(error), Some(facts)) if error.class == Class::NotFound => {
                return self.without_cluster(request, facts, problems).await;
            }
            (Err(error), _) => return Err(unreadable(&cluster, error)),
        };
        let world_text = self
            .known
            .world(&cluster)
            .await
            .map_err(|error| unreadable(&cluster, error))?;
        same_world(&id.to_string(), request.world.as_deref(), &world_text)?;
        let arn = facts.stable.cluster_arn.clone();
        let until = self.clock.elapsed() + request.timeout;
        let world = self.world_until(&arn, until, &request.cancel);
        if let Some(owner) = owner_of(id) {
            self.listings.forget(arn.as_str(), &owner.environment).await;
        }

        let mut watch = Watch::default();
        let (observed, record) = loop {
            let observed = world
                .observe(&own_selector(id, &request.keys))
                .await
                .map_err(|failure| failure.problem())?;
            let record = find_record(id, &observed)?;
            let hold = watch.look(
                record.as_ref().and_then(|record| record.operation.as_ref()),
                self.clock.elapsed(),
            );
            match (removal(record.as_ref(), &request.uid, request.hand_over, hold), record) {
                (Removal::Go, record) => break (observed, record),
                (Removal::HandOver, _) => return Ok(None),
                (Removal::Superseded, Some(record)) => {
                    problems.push(Problem {
                        severity: Severity::Warning,
                        ..decide::superseded(&record, &request.uid)
                    });
                    return Ok(None);
                }
                (Removal::Superseded, None) => return Ok(None),
                (Removal::Wait, record) => {
                    self.wait_for_free(&world, id, record, &mut watch)
                        .await
                        .map_err(|failure| failure.problem())?;
                }
            }
        };
        self.may_go(request, &observed, record.as_ref(), &facts, problems)
            .await?;
        self.take_apart(request, &world, &facts, observed, record, problems)
            .await
    }

    /// EKS no longer knows the cluster: what was in it is gone with it, and the roles of the account are left.
    async fn without_cluster(
        &self,
        request: &RemoveRequest,
        facts: &StableFacts,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let keys: Vec<ObjectKey> = request
            .keys
            .iter()
            .filter(|key| matches!(key, ObjectKey::Role { .. }))
            .cloned()
            .collect();
        let known: BTreeSet<ObjectKey> = keys.iter().cloned().collect();
        let until = self.clock.elapsed() + request.timeout;
        let world = self.world_until(&facts.cluster_arn, until, &request.cancel);
        let selector = Selector {
            scope: Scope::Keys,
            keys,
        };
        let observed = match known.is_empty() {
            true => vec![],
            false => world.observe(&selector).await.map_err(|failure| failure.problem())?,
        };
        let going = going(id, &observed, &known, &BTreeSet::new(), &BTreeSet::new());
        let maker = Maker {
            world,
            keeper: None,
            id,
            team: "",
            adopt: None,
            was_ours: &known,
        };
        let (done, failures) = self.take_all(&maker, &going).await;
        match one_problem(&format!("removing {id}"), done, going.len(), &failures) {
            Some(problem) => {
                problems.push(problem);
                let left = calm(&world).observe(&selector).await.unwrap_or_default();
                Ok(Some(lines_of_existing(
                    id,
                    &BTreeMap::new(),
                    &left,
                    &Lines::new(),
                    |key| known.contains(key),
                )))
            }
            None => {
                problems.push(Problem::warning(
                    "cluster.gone",
                    format!(
                        "cluster {} no longer exists, and the objects of {id} went with it",
                        id.cluster()
                    ),
                    format!("{done} role(s) of the account were deleted"),
                ));
                Ok(None)
            }
        }
    }

    /// Refusals, all before the first change.
    async fn may_go(
        &self,
        request: &RemoveRequest,
        observed: &[Observed],
        record: Option<&Record>,
        facts: &Facts,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Problem> {
        let id = &request.id;
        let inventory: Vec<ObjectKey> = record
            .iter()
            .flat_map(|record| &record.inventory)
            .filter_map(|key| key.parse().ok())
            .collect();
        let there: Vec<ObjectKey> = observed
            .iter()
            .filter(|object| request.keys.contains(&object.key) || inventory.contains(&object.key))
            .map(|object| object.key.clone())
            .collect();
        let lost = own_namespaces(id, &there);
        if !lost.is_empty() {
            let never_ready = record.is_some_and(|record| record.phase == Phase::Creating);
            let problem = namespaces_go(&id.to_string(), &lost, request.protected && !never_ready);
            if problem.is_error() {
                return Err(problem);
            }
        }
        let world = self.world(&facts.stable.cluster_arn);
        let dependants = match id {
            Id::Slot(_) => vec![],
            Id::Environment(_) => observed
                .iter()
                .filter(|object| record::is_record(&object.key) && object.key != record::key_of(id))
                .filter(|object| matches!(&object.ownership, Ownership::Ours(owner) if owner.slot.is_some()))
                .map(|object| object.key.clone())
                .collect(),
            Id::Baseline(_) => {
                let selector = Selector {
                    scope: Scope::Records,
                    keys: vec![],
                };
                let records = world.observe(&selector).await.map_err(|failure| failure.problem())?;
                records
                    .into_iter()
                    .map(|object| object.key)
                    .filter(|key| *key != record::key_of(id))
                    .collect()
            }
        };
        if let [first, rest @ ..] = dependants.as_slice() {
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(" and {} more", rest.len())
            };
            return Err(Problem::error(
                "deletion.in_use",
                format!("{id} still has records in it: {}{more}", record_words(first)),
                "destroy them first, or import them into a state that does; nothing was deleted",
            ));
        }
        if record.is_none() && !observed.iter().any(|object| is_made_for(id, object)) {
            tracing::debug!(%id, "nothing is left of it");
        }
        problems.retain(|problem| !problem.is_error());
        Ok(())
    }

    async fn take_apart(
        &self,
        request: &RemoveRequest,
        world: &World<'_>,
        facts: &Facts,
        observed: Vec<Observed>,
        record: Option<Record>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let mut known: BTreeSet<ObjectKey> = request.keys.iter().cloned().collect();
        known.extend(
            record
                .iter()
                .flat_map(|record| &record.inventory)
                .filter_map(|key| key.parse().ok()),
        );
        let mut observed = observed;
        let unseen: Vec<ObjectKey> = known
            .iter()
            .filter(|key| !request.keys.contains(key) && !observed.iter().any(|o| o.key == **key))
            .cloned()
            .collect();
        if !unseen.is_empty() {
            let selector = Selector {
                scope: Scope::Keys,
                keys: unseen,
            };
            observed.extend(world.observe(&selector).await.map_err(|failure| failure.problem())?);
        }
        let keep = self
            .kept_entries(world, id, facts, &known, &observed, problems)
            .await
            .map_err(|f| f.problem())?;
        let going = going(id, &observed, &known, &BTreeSet::new(), &keep);

        let record_key = record::key_of(id);
        let keeper = match (&record, observed.iter().find(|object| object.key == record_key)) {
            (Some(record), Some(object)) => {
                let mut deleting = record.clone();
                deleting.phase = Phase::Deleting;
                deleting.operation = Some(Operation {
                    id: random_id("op-").map_err(|failure| failure.problem())?,
                    lease: Some(Lease {
                        renewals: 0,
                        seconds: self.config.lease.as_secs(),
                    }),
                });
                let shell = record::shell_of(object);
                let expect = Expect::Version(object.version.clone());
                let taken = Keeper::take(calm(world), record_key.clone(), shell, deleting, expect).await;
                Some(taken.map_err(|failure| failure.problem())?)
            }
            _ => None,
        };
        let team = record.as_ref().map(|record| record.team.clone()).unwrap_or_default();
        let maker = Maker {
            world: *world,
            keeper: keeper.as_ref(),
            id,
            team: &team,
            adopt: None,
            was_ours: &known,
        };
        let of = going.len();
        let (done, mut failures) = self.take_all(&maker, &going).await;
        if failures.is_empty() {
            failures.extend(
                self.remove_record(world, keeper.as_ref(), &record_key, &observed)
                    .await
                    .err(),
            );
        } else if let Some(keeper) = &keeper {
            let released = keeper.change(let_go).await;
            failures.extend(released.err());
        }
        match one_problem(&format!("removing {id}"), done, of, &failures) {
            None => Ok(None),
            Some(problem) => {
                problems.push(problem);
                let selector = own_selector(id, &known.iter().cloned().collect::<Vec<_>>());
                // What is left is told as well as it can be; a refresh tells the rest.
                let left = calm(world).observe(&selector).await.unwrap_or(observed);
                Ok(Some(lines_of_existing(
                    id,
                    &BTreeMap::new(),
                    &left,
                    &Lines::new(),
                    |key| known.contains(key) && !keep.contains(key),
                )))
            }
        }
    }

    /// Deletes and releases, rank by rank. Answers how many are done.
    pub(super) async fn take_all(&self, maker: &Maker<'_>, going: &[Going<'_>]) -> (usize, Vec<Failure>) {
        let ranks: Vec<u8> = going.iter().map(|going| rank(&going.observed().key)).collect();
        let stop = || stop_reason(&maker.world);
        let sleep = |pause: Duration| maker.world.clock.sleep(pause);
        let beat = || -> futures_util::future::BoxFuture<'_, Result<(), Failure>> {
            Box::pin(async {
                match maker.keeper {
                    Some(keeper) => keeper.renew().await,
                    None => Ok(()),
                }
            })
        };
        let rules = Rules {
            at_most: self.config.at_most,
            stop: &stop,
            every: self.config.lease / 3,
            sleep: &sleep,
            beat: &beat,
        };
        let ran = run(Order::by_rank(&ranks), rules, |step| {
            Box::pin(async move {
                match &going[step] {
                    Going::Delete(observed) => maker.remove(observed).await,
                    Going::Release(observed, manager) => maker.release(observed, manager).await,
                }
            })
        })
        .await;
        (ran.done.iter().flatten().count(), ran.failures)
    }

    /// The last to go. A baseline's went with its namespace.
    async fn remove_record(
        &self,
        world: &World<'_>,
        keeper: Option<&Keeper<'_>>,
        key: &ObjectKey,
        observed: &[Observed],
    ) -> Result<(), Failure> {
        let world = calm(world);
        let Some(now) = world.get(key).await? else {
            return Ok(());
        };
        match keeper {
            Some(keeper) => {
                let version = keeper.version().await;
                if now.version != version {
                    keeper.still_ours().await?;
                }
                world.delete(&now, &move |again| again.version == version).await
            }
            // It holds no document: what is left of it goes with the rest.
            None if observed.iter().any(|object| object.key == *key) => world.delete(&now, &|_| true).await,
            None => Ok(()),
        }
    }

    /// Shared entries that stay: others' records name them, or whoever runs this enters through them. Records that are
    /// being deleted hold on to nothing, or two removals at once would each leave the entry to the other.
    pub(super) async fn kept_entries(
        &self,
        world: &World<'_>,
        id: &Id,
        facts: &Facts,
        unwanted: &BTreeSet<ObjectKey>,
        observed: &[Observed],
        problems: &mut Vec<Problem>,
    ) -> Result<BTreeSet<ObjectKey>, Failure> {
        let ours = |object: &&Observed| {
            matches!(object.key, ObjectKey::AccessEntry { .. })
                && object.ownership == Ownership::Cluster
                && unwanted.contains(&object.key)
        };
        let entries: Vec<&ObjectKey> = observed.iter().filter(ours).map(|object| &object.key).collect();
        if entries.is_empty() {
            return Ok(BTreeSet::new());
        }
        let own = record::key_of(id);
        let records = world
            .observe(&Selector {
                scope: Scope::Records,
                keys: vec![],
            })
            .await?;
        let mut named = BTreeSet::new();
        for object in records.iter().filter(|object| object.key != own) {
            if let Some(record) = record::parse(object)?
                && record.phase != Phase::Deleting
            {
                named.extend(record.inventory);
            }
        }
        let mut keep = BTreeSet::new();
        for key in entries {
            if is_callers(key, &facts.caller) {
                problems.push(Problem::warning(
                    "access.own_entry",
                    format!("{key} is kept: it is the access of whoever runs this"),
                    "delete it with other credentials once nobody needs it",
                ));
                keep.insert(key.clone());
            } else if named.contains(&key.to_string()) {
                keep.insert(key.clone());
            }
        }
        Ok(keep)
    }

    /// Polls the record until its lease stands still or is let go.
    pub(super) async fn wait_for_free(
        &self,
        world: &World<'_>,
        id: &Id,
        record: Option<Record>,
        watch: &mut Watch,
    ) -> Result<(), Failure> {
        let key = record::key_of(id);
        let mut operation = record.as_ref().map(decide::operation).unwrap_or_default();
        for pause in looks() {
            if let Err(failure) = world
                .pause(pause, &format!("{operation} on {id}, which is at work"))
                .await
            {
                return Err(match failure {
                    Failure::TimedOut { .. } => Failure::Busy {
                        id: id.to_string(),
                        operation,
                    },
                    other => other,
                });
            }
            let Some(observed) = world.get(&key).await? else {
                return Ok(());
            };
            let Some(record) = record::parse(&observed)? else {
                return Ok(());
            };
            operation = decide::operation(&record);
            if watch.look(record.operation.as_ref(), self.clock.elapsed()) == Hold::Free {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Everything of one id: its environment's listing, and these keys.
pub(super) fn own_selector(id: &Id, keys: &[ObjectKey]) -> Selector {
    let mut keys: BTreeSet<ObjectKey> = keys.iter().cloned().collect();
    keys.extend([record::key_of(id), record::baseline_key()]);
    let scope = match owner_of(id) {
        Some(owner) => Scope::Environment(owner.environment),
        None => Scope::Keys,
    };
    Selector {
        scope,
        keys: keys.into_iter().collect(),
    }
}

/// For what must be written even after a cancellation or the end of the time.
pub(super) fn calm<'a>(world: &World<'a>) -> World<'a> {
    World {
        until: Some(Duration::MAX),
        cancel: None,
        ..*world
    }
}

pub(super) fn let_go(record: &mut Record) {
    if let Some(operation) = &mut record.operation {
        operation.lease = None;
    }
}

pub(super) fn stop_reason(world: &World<'_>) -> Option<Failure> {
    if world.cancelled() {
        return Some(Failure::Cancelled);
    }
    let over = world.until.is_some_and(|until| world.clock.elapsed() >= until);
    over.then(|| Failure::TimedOut {
        what: "the next object".to_owned(),
    })
}

/// `slot.pay.ledger` -> `slot pay/ledger`, for messages.
fn record_words(key: &ObjectKey) -> String {
    let ObjectKey::Kube { name, .. } = key else {
        return key.to_string();
    };
    match name.split('.').collect::<Vec<_>>().as_slice() {
        ["slot", environment, slot] => format!("slot {environment}/{slot}"),
        ["environment", environment] => format!("environment {environment}"),
        _ => name.clone(),
    }
}
