//! The work of an operation: what is made, what goes, the record around it, and what exists in the end.

use super::{Admitted, Operation, begin::Begun, lines_in_state, plan::Plan};
use crate::{
    domain::{Late, ObjectKey, Observed, Phase, Problem, Record, Timing},
    provision::{
        Exists,
        engine::{
            Engine,
            claim::is_marked_for,
            drift::Lines,
            failure::{Failure, one_problem},
            going::{Going, going},
            lease::Keeper,
            observe::lines_of_existing,
            outcome::{self, Seen},
            prepare::desired_by_key,
            preview::adopt_of,
            proof::{self, Proof},
            run::Order,
            steps::Maker,
            target::own_selector,
        },
    },
};
use futures_util::future::BoxFuture;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

enum Ended {
    /// With what was seen of a new identity.
    Well(Option<Proof>),
    Broken,
}

/// For an operation that writes nothing.
fn idle<'a>(operation: &'a Operation<'_>, admitted: &'a Admitted) -> Maker<'a> {
    Maker {
        target: operation.target,
        keeper: None,
        id: &operation.id,
        team: &operation.prepared.blueprint.resolved.team,
        adopt: None,
        was_ours: &admitted.known,
    }
}

impl Engine {
    /// Does the work. Whatever happens, the answer is what exists.
    pub(super) async fn work(
        &self,
        operation: &Operation<'_>,
        admitted: Admitted,
        mut plan: Plan,
        begun: Begun<'_>,
        problems: &mut Vec<Problem>,
    ) -> Exists {
        problems.extend(plan.warnings.iter().cloned());
        let (keeper, uid) = match begun {
            Begun::Held { keeper, uid } => (keeper, uid),
            Begun::Idle(record) => {
                let proof = self.proved(operation, &idle(operation, &admitted), problems).await;
                let seen = by_key(admitted.observed);
                let lines = promised_lines(operation);
                return self.exists(operation, &record.uid, lines, &seen, Some(&record), Ended::Well(proof));
            }
        };
        let prepared_for = self.clock.elapsed();
        let maker = Maker {
            target: operation.target,
            keeper: Some(&keeper),
            id: &operation.id,
            team: &operation.prepared.blueprint.resolved.team,
            adopt: adopt_of(&operation.request.spec),
            was_ours: &admitted.known,
        };
        let (made, mut failures) = self.make_all(operation, &maker, &plan, &admitted.observed).await;
        let mut done = made.len();
        if failures.is_empty() {
            let freed = self.freed(operation, &keeper, &mut plan, &admitted.observed).await;
            failures.extend(freed.err());
        }
        if failures.is_empty() {
            let going = going(&operation.id, &admitted.observed, &admitted.known, &wanted(operation), &plan.keep);
            let chosen: Vec<Going<'_>> =
                going.into_iter().filter(|going| plan.go.contains(&going.observed().key)).collect();
            let (gone, more) = self.take_all(&maker, &chosen).await;
            done += gone;
            failures.extend(more);
        }
        let mut proof = None;
        if failures.is_empty() {
            proof = self.proved(operation, &maker, problems).await;
            failures.extend(self.settle(operation, &keeper, prepared_for).await.err());
        }
        let of = plan.make.len() + plan.go.len();
        let Some(problem) = one_problem(&format!("ensuring {}", operation.id), done, of, &failures) else {
            let mut seen = by_key(admitted.observed);
            seen.extend(made);
            let record = keeper.record().await;
            let lines = promised_lines(operation);
            return self.exists(operation, &uid, lines, &seen, Some(&record), Ended::Well(proof));
        };
        problems.push(problem);
        if !failures.iter().any(|failure| matches!(failure, Failure::Superseded { .. })) {
            // Let go, so that the next one need not wait; should that fail too, the lease ends by itself.
            if let Err(failure) = keeper.let_go().await {
                tracing::warn!(%failure, "the lease is not released");
            }
        }
        let (lines, seen) = self.what_exists(operation, admitted, made).await;
        self.exists(operation, &uid, lines, &seen, None, Ended::Broken)
    }

    /// Shared entries that nobody names any more go with the rest, and stand in the record until they are gone.
    async fn freed(
        &self,
        operation: &Operation<'_>,
        keeper: &Keeper<'_>,
        plan: &mut Plan,
        observed: &[Observed],
    ) -> Result<(), Failure> {
        let (target, id, cluster) = (&operation.target, &operation.id, &operation.cluster);
        let freed = self.no_longer_kept(target, id, cluster, &plan.keep, observed).await?;
        if freed.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = freed.iter().map(ObjectKey::to_string).collect();
        keeper.change(|record| record.inventory.extend(names)).await?;
        plan.keep.retain(|key| !freed.contains(key));
        plan.go.extend(freed);
        Ok(())
    }

    /// Whether a new identity has arrived, where this change has to prove it.
    async fn proved(&self, operation: &Operation<'_>, maker: &Maker<'_>, problems: &mut Vec<Problem>) -> Option<Proof> {
        let key = proof::asked(&operation.prepared.blueprint, operation.request.prior.as_ref())?;
        let proof = self.prove(maker, &operation.cluster, key).await;
        if proof == Proof::NotYet {
            problems.push(proof::not_yet(key));
        }
        Some(proof)
    }

    /// Applies in the order of needs. Answers what was made.
    async fn make_all(
        &self,
        operation: &Operation<'_>,
        maker: &Maker<'_>,
        plan: &Plan,
        observed: &[Observed],
    ) -> (Seen, Vec<Failure>) {
        let objects = &operation.prepared.blueprint.objects;
        let live: BTreeMap<&ObjectKey, &Observed> = observed.iter().map(|object| (&object.key, object)).collect();
        let steps: Vec<(ObjectKey, Vec<ObjectKey>)> =
            plan.make.iter().map(|make| (objects[make.at].key.clone(), objects[make.at].needs.clone())).collect();
        let live = &live;
        let start = |step: usize| -> BoxFuture<'_, Result<Observed, Failure>> {
            let make = &plan.make[step];
            let desired = &objects[make.at];
            Box::pin(async move {
                match live.get(&desired.key).copied() {
                    Some(seen) if make.anew => maker.make_anew(desired, seen).await,
                    seen => maker.make(desired, seen.cloned()).await,
                }
            })
        };
        let ran = maker.run(Order::by_key(&steps), &self.config, start).await;
        let mut failures = ran.failures;
        let made: Seen = ran.done.into_iter().flatten().map(|object| (object.key.clone(), object)).collect();
        if failures.is_empty()
            && let Some((key, _)) = steps.iter().find(|(key, _)| !made.contains_key(key))
        {
            // A circle of needs: a fault of the golden path, found by its tests and told here all the same.
            failures.push(Failure::Stuck { key: key.clone(), why: "what it needs was never made".to_owned() });
        }
        (made, failures)
    }

    /// The end: the record says ready.
    async fn settle(
        &self,
        operation: &Operation<'_>,
        keeper: &Keeper<'_>,
        prepared_at: Duration,
    ) -> Result<(), Failure> {
        let Operation { prepared, begun, requested_at, .. } = operation;
        let now = self.clock.elapsed();
        let milliseconds =
            |from: Duration, to: Duration| to.saturating_sub(from).as_millis().try_into().unwrap_or(u64::MAX);
        let ready_at = self.clock.now();
        let inventory: Vec<String> = prepared.blueprint.objects.iter().map(|desired| desired.key.to_string()).collect();
        keeper
            .change(|record| {
                record.phase = Phase::Ready;
                record.operation = None;
                record.inventory = inventory;
                // How long the first create took; it never changes afterwards.
                if record.timings.is_empty() {
                    let timing = |phase: &str, started_at: &str, milliseconds| Timing {
                        phase: phase.to_owned(),
                        started_at: started_at.to_owned(),
                        milliseconds,
                    };
                    record.timings = vec![
                        timing("prepare", requested_at, milliseconds(*begun, prepared_at)),
                        timing("objects", requested_at, milliseconds(prepared_at, now)),
                        timing("ready", &ready_at, milliseconds(*begun, now)),
                    ];
                }
            })
            .await
    }

    /// After a failure: looked up, or as far as the operation knows.
    async fn what_exists(&self, operation: &Operation<'_>, admitted: Admitted, made: Seen) -> (Lines, Seen) {
        let Operation { request, id, prepared, target, .. } = operation;
        let mut known = admitted.known;
        known.extend(prepared.blueprint.objects.iter().map(|desired| desired.key.clone()));
        let selector = own_selector(id, &known.iter().cloned().collect::<Vec<_>>());
        let mut seen = match target.calm().observe(&selector).await {
            Ok(now) => by_key(now),
            Err(failure) => {
                tracing::warn!(%failure, "what exists is told from memory");
                let mut seen = by_key(admitted.observed);
                seen.extend(made);
                seen
            }
        };
        seen.retain(|key, object| known.contains(key) || is_marked_for(id, object));
        let observed: Vec<Observed> = seen.values().cloned().collect();
        let desired = desired_by_key(&prepared.blueprint);
        let state = lines_in_state(request);
        (lines_of_existing(id, &desired, &observed, &state, |key| known.contains(key)), seen)
    }

    fn exists(
        &self,
        operation: &Operation<'_>,
        uid: &str,
        lines: Lines,
        seen: &Seen,
        record: Option<&Record>,
        ended: Ended,
    ) -> Exists {
        let Operation { facts, parent, prepared, target_text, request, .. } = operation;
        // Written by the create that became ready; an update leaves it as it is.
        let record =
            record.filter(|_| request.prior.is_none() || request.prior.as_ref().is_some_and(|prior| prior.incomplete));
        let (proof, complete) = match ended {
            Ended::Well(proof) => (proof, true),
            Ended::Broken => (None, false),
        };
        Exists {
            outputs: outcome::existing(&prepared.blueprint, uid, target_text, lines, seen, record, proof),
            uid: uid.to_owned(),
            facts: facts.clone(),
            parent: parent.clone(),
            protected: prepared.protected,
            complete,
        }
    }
}

fn by_key(observed: Vec<Observed>) -> Seen {
    observed.into_iter().map(|object| (object.key.clone(), object)).collect()
}

fn wanted(operation: &Operation<'_>) -> BTreeSet<ObjectKey> {
    operation.prepared.blueprint.objects.iter().map(|desired| desired.key.clone()).collect()
}

/// What the plan showed is what there is.
fn promised_lines(operation: &Operation<'_>) -> Lines {
    let lines = &operation.prepared.promised;
    lines.iter().filter_map(|(key, line)| Some((key.clone(), Late::now(line)?.clone()))).collect()
}
