//! Removing: the record says so first, then the objects are deleted in their order, and the record last.

use super::{lease::Keeper, steps::Maker};
use crate::{
    domain::{Facts, ObjectKey, Observed, Ownership, Phase, Problem, Record, StableFacts},
    ports::{Expect, Scope, Selector, progress},
    provision::{
        RemoveRequest,
        engine::{
            connection::Engine,
            decide::{
                deletion::{deletions, recorded_deletions},
                drift::Lines,
                entries,
                lines::lines_of_existing,
            },
            failure::{Failure, one_problem},
            gather::{Leaving, named_elsewhere, own_selector, read_more},
            record,
            target::{Moment, TargetCalls},
        },
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A removal under way.
#[derive(Clone, Copy)]
pub struct Removing<'a> {
    /// The operation's id.
    pub name: &'a str,
    pub request: &'a RemoveRequest,
    pub cluster: &'a Facts,
    pub leaving: &'a Leaving,
    pub target: TargetCalls<'a>,
}

impl Engine {
    /// `None`: gone, else what is left. The error arm: nothing was changed.
    pub async fn execute_removal(
        &self,
        removing: Removing<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let Removing { request, cluster, leaving, target, .. } = removing;
        let id = &request.id;
        let mut observed = leaving.observed.clone();
        let mut known: BTreeSet<ObjectKey> = request.keys.iter().cloned().collect();
        known.extend(record::keys(leaving.record.as_ref()));
        let is_recorded = leaving.record.is_some();
        // The caller's entry may be somebody else's, of which nothing is said.
        let is_unread = |key: &&ObjectKey| match is_recorded && key.is_aws() {
            true => entries::is_callers(key, &cluster.caller),
            false => !request.keys.contains(*key),
        };
        read_more(&target, known.iter().filter(is_unread), &mut observed).await?;
        let keeper = self.mark_deleting(removing).await?;
        let team = leaving.record.as_ref().map(|record| record.team.as_str()).unwrap_or_default();
        let maker = Maker { target, keeper: keeper.as_ref(), id, team, adopt: None, was_ours: &known };
        // Read once the own record says that it goes: of two removals at once, the later one sees the other's.
        let is_entry = |key: &&ObjectKey| matches!(key, ObjectKey::AccessEntry { .. });
        let is_foreign = |key: &&ObjectKey| {
            observed.iter().any(|object| object.key == **key && object.ownership != Ownership::Cluster)
        };
        let shared: BTreeSet<&ObjectKey> = match is_recorded {
            true => known.iter().filter(is_entry).filter(|key| !is_foreign(key)).collect(),
            false => entries::shared_entries(&known, &observed).collect(),
        };
        let named = match shared.is_empty() {
            true => Ok(BTreeSet::new()),
            false => named_elsewhere(&target, id).await,
        };
        let (mut keep, mut done, mut of, mut failures) = (BTreeSet::new(), 0, 0, vec![]);
        match named {
            Ok(named) => {
                let (kept, reasons) = entries::keep(shared, &named, &cluster.caller);
                problems.extend(reasons);
                let mut unwanted = deletions(id, &observed, &known, &BTreeSet::new(), &kept);
                if is_recorded {
                    unwanted.extend(recorded_deletions(id, &known, &kept, &unwanted));
                }
                of = unwanted.len();
                progress::expect(of);
                (done, failures) = self.delete_all(&maker, &unwanted).await;
                keep = kept;
            }
            Err(failure) => failures.push(failure),
        }
        if failures.is_empty() {
            failures.extend(self.delete_record(removing, keeper.as_ref()).await.err());
        } else if let Some(keeper) = &keeper {
            failures.extend(keeper.release().await.err());
        }
        let Some(problem) = one_problem(&format!("Removing {id}"), done, of, &failures) else { return Ok(None) };
        problems.push(problem);
        // What is left is reported as well as it can be; a refresh reports the rest.
        let left = target.calm().observe(&own_selector(id, known.iter().cloned())).await.unwrap_or(observed);
        Ok(Some(lines_of_existing(id, &BTreeMap::new(), &left, &Lines::new(), |key| {
            known.contains(key) && !keep.contains(key)
        })))
    }

    /// `None`: no record holds a document any more.
    async fn mark_deleting<'a>(&self, removing: Removing<'a>) -> Result<Option<Keeper<'a>>, Failure> {
        let Removing { name, request, leaving, target, .. } = removing;
        let key = record::key_of(&request.id);
        let object = leaving.observed.iter().find(|object| object.key == key);
        let (Some(record), Some(object)) = (&leaving.record, object) else { return Ok(None) };
        let (operation, writers) = (Some(self.recorded_operation(name, Some(record))), record.writers_with(name));
        let record = Record { phase: Phase::Deleting, operation, writers, ..record.clone() };
        let expect = Expect::Version(object.version.clone());
        Keeper::take(target.calm(), key, record::shell_of(object), record, expect).await.map(Some)
    }

    /// The last one. A baseline's went with its namespace.
    async fn delete_record(&self, removing: Removing<'_>, keeper: Option<&Keeper<'_>>) -> Result<(), Failure> {
        let Removing { request, leaving, target, .. } = removing;
        let target = target.calm();
        let key = record::key_of(&request.id);
        let Some(now) = target.get(&key).await? else {
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
            None if leaving.observed.iter().any(|object| object.key == key) => target.delete(&now, &|_| true).await,
            None => Ok(()),
        }
    }

    /// The cluster is gone, and what was in it: the roles of the account are left.
    pub async fn execute_removal_of_roles(
        &self,
        request: &RemoveRequest,
        facts: &StableFacts,
        moment: Moment<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let id = &request.id;
        let target = self.target(&facts.cluster_arn, moment);
        let known: BTreeSet<ObjectKey> = request.keys.iter().filter(|key| key.is_iam()).cloned().collect();
        let mut observed: Vec<Observed> = vec![];
        read_more(&target, known.iter(), &mut observed).await?;
        let unwanted = deletions(id, &observed, &known, &BTreeSet::new(), &BTreeSet::new());
        let maker = Maker { target, keeper: None, id, team: "", adopt: None, was_ours: &known };
        let (done, failures) = self.delete_all(&maker, &unwanted).await;
        let Some(problem) = one_problem(&format!("Removing {id}"), done, unwanted.len(), &failures) else {
            problems.push(Problem::warning(
                "cluster.gone",
                format!("Cluster {} no longer exists, and the objects of {id} went with it", id.cluster()),
                format!("{done} IAM role(s) were deleted."),
            ));
            return Ok(None);
        };
        problems.push(problem);
        let selector = Selector { scope: Scope::Keys, keys: known.iter().cloned().collect() };
        let left = target.calm().observe(&selector).await.unwrap_or_default();
        Ok(Some(lines_of_existing(id, &BTreeMap::new(), &left, &Lines::new(), |key| known.contains(key))))
    }
}
