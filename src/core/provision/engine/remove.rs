//! Removing: refusals first, then what goes in its order, and the record last.

mod refuse;

use super::{
    Engine,
    claim::owner_of,
    cluster_of, decide,
    drift::Lines,
    facts::{same_target, unreadable},
    failure::{Failure, one_problem},
    going::{Going, Removal, going, rank, removal},
    lease::{Keeper, Watch, wait_until_free},
    observe::{find_record, lines_of_existing},
    random_id, record,
    run::Order,
    steps::Maker,
    target::{TargetCalls, own_selector},
};
use crate::{
    domain::{Class, Facts, Lease, ObjectKey, Observed, Operation, Phase, Problem, Record, StableFacts},
    ports::{Expect, Scope, Selector, operation},
    provision::{RemoveRequest, Removed},
};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    pub(super) async fn remove_all(&self, request: RemoveRequest) -> Removed {
        let mut problems = vec![];
        let removed = async {
            let name = random_id("op-").map_err(|failure| failure.problem())?;
            operation::within(&name, self.removed(&request, &name, &mut problems)).await
        };
        match removed.await {
            Ok(objects) => Removed { gone: objects.is_none(), objects, problems },
            Err(problem) => {
                problems.push(problem);
                Removed { gone: false, objects: None, problems }
            }
        }
    }

    /// `None`: gone. The error arm: nothing was changed.
    async fn removed(
        &self,
        request: &RemoveRequest,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let cluster = cluster_of(id)?;
        let facts = match (self.known.facts(&cluster).await, &request.facts) {
            (Ok(facts), _) => facts,
            (Err(error), Some(facts)) if error.class == Class::NotFound => {
                return self.without_cluster(request, facts, problems).await;
            }
            (Err(error), _) => return Err(unreadable(&cluster, error)),
        };
        let target_text = self.known.target(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        same_target(&id.to_string(), request.target.as_deref(), &target_text)?;
        let arn = facts.stable.cluster_arn.clone();
        let until = self.clock.elapsed() + request.timeout;
        let target = self.target_until(&arn, until, &request.cancel);
        if let Some(owner) = owner_of(id) {
            self.listings.forget(arn.as_str(), &owner.environment).await;
        }

        let mut watch = Watch::default();
        let (observed, record) = loop {
            let observed =
                target.observe(&own_selector(id, &request.keys)).await.map_err(|failure| failure.problem())?;
            let record = find_record(id, &observed)?;
            let hold = watch.look(record.as_ref().and_then(|record| record.operation.as_ref()), self.clock.elapsed());
            match (removal(record.as_ref(), &request.uid, request.hand_over, hold), record) {
                (Removal::Go, record) => break (observed, record),
                (Removal::HandOver, _) => return Ok(None),
                (Removal::Superseded, Some(record)) => {
                    problems.push(decide::superseded(&record, &request.uid).as_warning());
                    return Ok(None);
                }
                (Removal::Superseded, None) => return Ok(None),
                (Removal::Wait, record) => {
                    wait_until_free(&target, id, record, &mut watch).await.map_err(|failure| failure.problem())?;
                }
            }
        };
        self.may_go(request, &observed, record.as_ref(), &facts).await?;
        let record = record.map(|record| Record {
            phase: Phase::Deleting,
            operation: Some(Operation {
                id: name.to_owned(),
                lease: Some(Lease { renewals: 0, seconds: self.config.lease.as_secs() }),
            }),
            ..record
        });
        self.take_apart(request, &target, &facts, observed, record, problems).await
    }

    /// EKS no longer knows the cluster: what was in it is gone with it, and the roles of the account are left.
    async fn without_cluster(
        &self,
        request: &RemoveRequest,
        facts: &StableFacts,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let keys: Vec<ObjectKey> =
            request.keys.iter().filter(|key| matches!(key, ObjectKey::Role { .. })).cloned().collect();
        let known: BTreeSet<ObjectKey> = keys.iter().cloned().collect();
        let until = self.clock.elapsed() + request.timeout;
        let target = self.target_until(&facts.cluster_arn, until, &request.cancel);
        let selector = Selector { scope: Scope::Keys, keys };
        let observed = match known.is_empty() {
            true => vec![],
            false => target.observe(&selector).await.map_err(|failure| failure.problem())?,
        };
        let going = going(id, &observed, &known, &BTreeSet::new(), &BTreeSet::new());
        let maker = Maker { target, keeper: None, id, team: "", adopt: None, was_ours: &known };
        let (done, failures) = self.take_all(&maker, &going).await;
        match one_problem(&format!("removing {id}"), done, going.len(), &failures) {
            Some(problem) => {
                problems.push(problem);
                let left = target.calm().observe(&selector).await.unwrap_or_default();
                Ok(Some(lines_of_existing(id, &BTreeMap::new(), &left, &Lines::new(), |key| known.contains(key))))
            }
            None => {
                problems.push(Problem::warning(
                    "cluster.gone",
                    format!("cluster {} no longer exists, and the objects of {id} went with it", id.cluster()),
                    format!("{done} role(s) of the account were deleted"),
                ));
                Ok(None)
            }
        }
    }

    /// `record`: as it is written first, with this operation in it.
    async fn take_apart(
        &self,
        request: &RemoveRequest,
        target: &TargetCalls<'_>,
        facts: &Facts,
        observed: Vec<Observed>,
        record: Option<Record>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let mut known: BTreeSet<ObjectKey> = request.keys.iter().cloned().collect();
        known.extend(record.iter().flat_map(|record| &record.inventory).filter_map(|key| key.parse().ok()));
        let mut observed = observed;
        let unseen: Vec<ObjectKey> = known
            .iter()
            .filter(|key| !request.keys.contains(key) && !observed.iter().any(|o| o.key == **key))
            .cloned()
            .collect();
        if !unseen.is_empty() {
            let selector = Selector { scope: Scope::Keys, keys: unseen };
            observed.extend(target.observe(&selector).await.map_err(|failure| failure.problem())?);
        }
        let record_key = record::key_of(id);
        let keeper = match (&record, observed.iter().find(|object| object.key == record_key)) {
            (Some(record), Some(object)) => {
                let shell = record::shell_of(object);
                let expect = Expect::Version(object.version.clone());
                let taken = Keeper::take(target.calm(), record_key.clone(), shell, record.clone(), expect).await;
                Some(taken.map_err(|failure| failure.problem())?)
            }
            _ => None,
        };
        let team = record.as_ref().map(|record| record.team.clone()).unwrap_or_default();
        let maker = Maker { target: *target, keeper: keeper.as_ref(), id, team: &team, adopt: None, was_ours: &known };
        // Asked once the own record says that it goes: of two removals at once, the later one sees the other's.
        let (keep, mut failures) = match self.kept_entries(target, id, facts, &known, &observed, problems).await {
            Ok(keep) => (keep, vec![]),
            Err(failure) => (BTreeSet::new(), vec![failure]),
        };
        let (mut done, mut of) = (0, 0);
        if failures.is_empty() {
            let going = going(id, &observed, &known, &BTreeSet::new(), &keep);
            of = going.len();
            (done, failures) = self.take_all(&maker, &going).await;
        }
        if failures.is_empty() {
            failures.extend(self.remove_record(target, keeper.as_ref(), &record_key, &observed).await.err());
        } else if let Some(keeper) = &keeper {
            let released = keeper.let_go().await;
            failures.extend(released.err());
        }
        match one_problem(&format!("removing {id}"), done, of, &failures) {
            None => Ok(None),
            Some(problem) => {
                problems.push(problem);
                let selector = own_selector(id, &known.iter().cloned().collect::<Vec<_>>());
                // What is left is told as well as it can be; a refresh tells the rest.
                let left = target.calm().observe(&selector).await.unwrap_or(observed);
                Ok(Some(lines_of_existing(id, &BTreeMap::new(), &left, &Lines::new(), |key| {
                    known.contains(key) && !keep.contains(key)
                })))
            }
        }
    }

    /// Deletes and releases, rank by rank. Answers how many are done.
    pub(super) async fn take_all(&self, maker: &Maker<'_>, going: &[Going<'_>]) -> (usize, Vec<Failure>) {
        let ranks: Vec<u8> = going.iter().map(|going| rank(&going.observed().key)).collect();
        let ran = maker
            .run(Order::by_rank(&ranks), &self.config, |step| {
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
        target: &TargetCalls<'_>,
        keeper: Option<&Keeper<'_>>,
        key: &ObjectKey,
        observed: &[Observed],
    ) -> Result<(), Failure> {
        let target = target.calm();
        let Some(now) = target.get(key).await? else {
            return Ok(());
        };
        match keeper {
            Some(keeper) => {
                let version = keeper.version().await;
                if now.version != version {
                    keeper.still_ours().await?;
                }
                target.delete(&now, &move |again| again.version == version).await
            }
            // It holds no document: what is left of it goes with the rest.
            None if observed.iter().any(|object| object.key == *key) => target.delete(&now, &|_| true).await,
            None => Ok(()),
        }
    }
}
