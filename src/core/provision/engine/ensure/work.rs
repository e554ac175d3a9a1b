//! The work of an operation: what is made, what goes, the record around it, and what exists in the end.

use super::{Admitted, Operation, lines_in_state};
use crate::{
    domain::{
        Desired, Id, Late, Lease, ObjectKey, Observed, Operation as RecordOperation, Ownership, Phase, Problem, Record,
        Spec, Timing,
    },
    ports::Expect,
    provision::{
        Exists,
        engine::{
            Engine,
            claim::{Claim, is_marked_for},
            decide::Decision,
            drift::Lines,
            failure::{Failure, one_problem},
            lease::Keeper,
            observe::{lacks_group, lines_of_existing},
            outcome::{self, Seen},
            prepare::{desired_by_key, namespaces_go, own_namespaces},
            preview::adopt_of,
            random_id, record,
            remove::{Going, calm, going, let_go, own_selector, stop_reason},
            run::{Order, Rules, run},
            steps::{Maker, field_changes},
        },
    },
};
use futures_util::future::BoxFuture;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What will be done, as keys: the objects themselves stay where they are.
pub(super) struct Plan {
    make: Vec<Make>,
    go: BTreeSet<ObjectKey>,
    /// Shared objects that others name.
    keep: BTreeSet<ObjectKey>,
    /// Said when the work begins.
    warnings: Vec<Problem>,
}

struct Make {
    /// Position in the blueprint.
    at: usize,
    /// An access entry whose role is made anew.
    anew: bool,
}

/// The record as the operation holds it.
pub(super) enum Begun<'a> {
    /// Nothing is to be done, and nothing was written.
    Idle(Box<Record>),
    Held {
        keeper: Box<Keeper<'a>>,
        uid: String,
    },
}

impl Engine {
    /// What is to be done; the error arm holds everything that speaks against it.
    pub(super) async fn work_of(&self, operation: &Operation<'_>, admitted: &Admitted) -> Result<Plan, Vec<Problem>> {
        let Operation {
            request,
            id,
            prepared,
            world,
            ..
        } = operation;
        let team = prepared.blueprint.resolved.team.as_str();
        let maker = Maker {
            world: *world,
            keeper: None,
            id,
            team,
            adopt: adopt_of(&request.spec),
            was_ours: &admitted.known,
        };
        let live: BTreeMap<&ObjectKey, &Observed> =
            admitted.observed.iter().map(|object| (&object.key, object)).collect();
        let (mut make, mut errors, mut warnings) = (vec![], vec![], vec![]);
        for (at, desired) in prepared.blueprint.objects.iter().enumerate() {
            if desired.key == record::key_of(id) || prepared.left.contains(&desired.key.to_string()) {
                continue;
            }
            let seen = live.get(&desired.key).copied();
            if let Some(seen) = seen
                && maker.claim(desired, seen) == Claim::Borrowed
            {
                warnings.extend(lacks_group(desired, seen));
            }
            let anew = seen.is_some() && is_dead_entry(desired, &live);
            match maker.needs_work(desired, seen) {
                Ok(false) if !anew => {}
                Ok(_) => make.push(Make { at, anew }),
                Err(failure) => errors.push(failure.problem()),
            }
        }
        let wanted: BTreeSet<ObjectKey> = prepared
            .blueprint
            .objects
            .iter()
            .map(|desired| desired.key.clone())
            .collect();
        let unwanted: BTreeSet<ObjectKey> = admitted.known.difference(&wanted).cloned().collect();
        let keep = self
            .kept_entries(
                world,
                id,
                &operation.cluster,
                &unwanted,
                &admitted.observed,
                &mut warnings,
            )
            .await
            .map_err(|failure| vec![failure.problem()])?;
        let go: BTreeSet<ObjectKey> = going(id, &admitted.observed, &admitted.known, &wanted, &keep)
            .iter()
            .map(|going| going.observed().key.clone())
            .collect();
        match self.loses(operation, admitted, &go) {
            Some(problem) if problem.is_error() => errors.push(problem),
            Some(problem) if !prepared.problems.contains(&problem) => warnings.push(problem),
            _ => {}
        }
        if errors.is_empty() {
            Ok(Plan {
                make,
                go,
                keep,
                warnings,
            })
        } else {
            Err(errors)
        }
    }

    /// Deletion protection, asked again of what really is there. What a create that never ended has made is nobody's loss.
    fn loses(&self, operation: &Operation<'_>, admitted: &Admitted, go: &BTreeSet<ObjectKey>) -> Option<Problem> {
        let keys: Vec<ObjectKey> = go.iter().cloned().collect();
        let lost = own_namespaces(&operation.id, &keys);
        if lost.is_empty() {
            return None;
        }
        let never_ready = admitted
            .record
            .as_ref()
            .is_some_and(|record| record.phase == Phase::Creating);
        let recorded = admitted.record.as_ref().and_then(|record| record.request().ok());
        let before = operation
            .request
            .prior
            .as_ref()
            .map(|prior| &prior.spec)
            .or(recorded.as_ref());
        let protected = before.is_some_and(|before| self.protects(before, operation));
        Some(namespaces_go(
            &operation.id.to_string(),
            &lost,
            protected && !never_ready,
        ))
    }

    /// Deletion protection of an earlier request; one that can't be rendered any more is taken for protected.
    fn protects(&self, spec: &Spec, operation: &Operation<'_>) -> bool {
        let written = match spec {
            Spec::Baseline(_) => Some(false),
            Spec::Environment(spec) => spec.deletion_protection,
            Spec::Slot(spec) => spec.deletion_protection,
        };
        written.unwrap_or_else(|| {
            crate::golden::render(spec, &operation.facts, operation.parent.as_ref(), &self.catalogue)
                .map_or(true, |blueprint| blueprint.resolved.deletion_protection)
        })
    }

    /// Writes the record. A conflict means that another operation was quicker.
    pub(super) async fn begin<'a>(
        &self,
        operation: &Operation<'a>,
        admitted: &Admitted,
        plan: &Plan,
    ) -> Result<Begun<'a>, Failure> {
        let Operation {
            request,
            id,
            prepared,
            world,
            ..
        } = operation;
        let draft = self.draft(operation, admitted, plan)?;
        let key = record::key_of(id);
        let Some(shell) = prepared.blueprint.objects.iter().find(|desired| desired.key == key) else {
            return Err(Failure::Record {
                id: id.to_string(),
                reason: "the golden path renders none".to_owned(),
            });
        };
        let nothing_to_do = plan.make.is_empty() && plan.go.is_empty();
        if let Some(record) = &admitted.record
            && nothing_to_do
            && request.prior.is_some()
            && is_settled(record, &draft)
            && admitted
                .observed
                .iter()
                .find(|object| object.key == key)
                .is_some_and(|o| field_changes(shell, o).is_empty())
        {
            return Ok(Begun::Idle(Box::new(record.clone())));
        }
        let mut expect = admitted.expect.clone();
        if matches!(id, Id::Baseline(_)) {
            self.make_home(operation, admitted).await?;
            // The namespace of the records may have been on its way out, and the old record with it.
            if let Expect::Version(_) = &expect
                && world.get(&key).await?.is_none()
            {
                expect = Expect::Absent;
            }
        }
        let shell = match &shell.body {
            Some(crate::domain::Body::Kube(document)) => document.clone(),
            _ => return Err(Failure::Undecided { key }),
        };
        let uid = draft.uid.clone();
        let keeper = Keeper::take(calm(world), key, shell, draft, expect).await?;
        Ok(Begun::Held {
            keeper: Box::new(keeper),
            uid,
        })
    }

    /// The one object that comes before a record: the namespace that all records live in.
    async fn make_home(&self, operation: &Operation<'_>, admitted: &Admitted) -> Result<(), Failure> {
        let Operation {
            id, prepared, world, ..
        } = operation;
        let key = ObjectKey::namespace_object(crate::domain::projection::SYSTEM_NAMESPACE);
        let maker = Maker {
            world: *world,
            keeper: None,
            id,
            team: "",
            adopt: None,
            was_ours: &admitted.known,
        };
        match prepared.blueprint.objects.iter().find(|desired| desired.key == key) {
            Some(desired) if !prepared.left.contains(&key.to_string()) => {
                let seen = world.get(&key).await?;
                maker.make(desired, seen).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// The record at the begin of the operation.
    fn draft(&self, operation: &Operation<'_>, admitted: &Admitted, plan: &Plan) -> Result<Record, Failure> {
        let Operation {
            request,
            id,
            facts,
            prepared,
            ..
        } = operation;
        let resolved = &prepared.blueprint.resolved;
        let mut inventory: BTreeSet<String> = prepared.blueprint.objects.iter().map(|d| d.key.to_string()).collect();
        inventory.extend(plan.go.iter().map(ObjectKey::to_string));
        let uid = match (&admitted.decision, &request.prior) {
            (Decision::Change | Decision::Rebuild, Some(prior)) => prior.uid.clone(),
            _ => random_id("")?,
        };
        // What once was ready holds what people may miss; only a create that never ended is still one.
        let phase = match (&admitted.decision, &admitted.record) {
            (Decision::Start, _) => Phase::Creating,
            (Decision::Resume, Some(record)) if record.phase == Phase::Creating => Phase::Creating,
            (Decision::Change, Some(record)) if record.phase == Phase::Creating => Phase::Creating,
            _ => Phase::Changing,
        };
        let timings = admitted
            .record
            .as_ref()
            .map(|record| record.timings.clone())
            .unwrap_or_default();
        let spec = Record::written(&request.spec).map_err(|error| Failure::Record {
            id: id.to_string(),
            reason: error.to_string(),
        })?;
        Ok(Record {
            id: id.to_string(),
            uid,
            kind: request.spec.kind(),
            cluster_arn: facts.cluster_arn.to_string(),
            team: resolved.team.clone(),
            golden_path: resolved.golden_path.clone(),
            golden_path_version: resolved.golden_path_version.clone(),
            golden_path_digest: resolved.golden_path_digest.clone(),
            spec,
            facts: facts.clone(),
            inventory: inventory.into_iter().collect(),
            phase,
            operation: Some(RecordOperation {
                id: random_id("op-")?,
                lease: Some(Lease {
                    renewals: 0,
                    seconds: self.config.lease.as_secs(),
                }),
            }),
            timings,
            tool_version: self.config.tool_version.clone(),
        })
    }

    /// Does the work. Whatever happens, the answer is what exists.
    pub(super) async fn work(
        &self,
        operation: &Operation<'_>,
        admitted: Admitted,
        plan: Plan,
        begun: Begun<'_>,
        problems: &mut Vec<Problem>,
    ) -> Exists {
        problems.extend(plan.warnings.iter().cloned());
        let (keeper, uid) = match begun {
            Begun::Held { keeper, uid } => (keeper, uid),
            Begun::Idle(record) => {
                let seen = by_key(admitted.observed);
                return self.exists(
                    operation,
                    &record.uid,
                    promised_lines(operation),
                    &seen,
                    Some(&record),
                    true,
                );
            }
        };
        let prepared_for = self.clock.elapsed();
        let maker = Maker {
            world: operation.world,
            keeper: Some(&keeper),
            id: &operation.id,
            team: &operation.prepared.blueprint.resolved.team,
            adopt: adopt_of(&operation.request.spec),
            was_ours: &admitted.known,
        };
        let (made, mut failures) = self.make_all(operation, &maker, &plan, &admitted.observed).await;
        let mut done = made.len();
        if failures.is_empty() {
            let going = going(
                &operation.id,
                &admitted.observed,
                &admitted.known,
                &wanted(operation),
                &plan.keep,
            );
            let chosen: Vec<Going<'_>> = going
                .into_iter()
                .filter(|going| plan.go.contains(&going.observed().key))
                .collect();
            let (gone, more) = self.take_all(&maker, &chosen).await;
            done += gone;
            failures.extend(more);
        }
        if failures.is_empty() {
            failures.extend(self.settle(operation, &keeper, prepared_for).await.err());
        }
        let of = plan.make.len() + plan.go.len();
        let Some(problem) = one_problem(&format!("ensuring {}", operation.id), done, of, &failures) else {
            let mut seen = by_key(admitted.observed);
            seen.extend(made);
            let record = keeper.record().await;
            return self.exists(operation, &uid, promised_lines(operation), &seen, Some(&record), true);
        };
        problems.push(problem);
        if !failures
            .iter()
            .any(|failure| matches!(failure, Failure::Superseded { .. }))
        {
            // Let go, so that the next one need not wait; should that fail too, the lease ends by itself.
            if let Err(failure) = keeper.change(let_go).await {
                tracing::warn!(%failure, "the lease is not released");
            }
        }
        let (lines, seen) = self.what_exists(operation, admitted, made).await;
        self.exists(operation, &uid, lines, &seen, None, false)
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
        let steps: Vec<(ObjectKey, Vec<ObjectKey>)> = plan
            .make
            .iter()
            .map(|make| (objects[make.at].key.clone(), objects[make.at].needs.clone()))
            .collect();
        let stop = || stop_reason(&maker.world);
        let sleep = |pause: Duration| maker.world.clock.sleep(pause);
        let beat = || -> BoxFuture<'_, Result<(), Failure>> {
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
        let live = &live;
        let ran = run(Order::by_key(&steps), rules, |step| {
            let make = &plan.make[step];
            let desired = &objects[make.at];
            Box::pin(async move {
                let seen = live.get(&desired.key).copied();
                match seen {
                    Some(seen) if make.anew => maker.make_anew(desired, seen).await,
                    seen => maker.make(desired, seen.cloned()).await,
                }
            })
        })
        .await;
        let mut failures = ran.failures;
        let made: Seen = ran
            .done
            .into_iter()
            .flatten()
            .map(|object| (object.key.clone(), object))
            .collect();
        if failures.is_empty()
            && let Some((key, _)) = steps.iter().find(|(key, _)| !made.contains_key(key))
        {
            // A circle of needs: a fault of the golden path, found by its tests and told here all the same.
            failures.push(Failure::Stuck {
                key: key.clone(),
                why: "what it needs was never made".to_owned(),
            });
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
        let Operation {
            prepared,
            begun,
            requested_at,
            ..
        } = operation;
        let now = self.clock.elapsed();
        let milliseconds =
            |from: Duration, to: Duration| to.saturating_sub(from).as_millis().try_into().unwrap_or(u64::MAX);
        let ready_at = self.clock.now();
        let inventory: Vec<String> = prepared
            .blueprint
            .objects
            .iter()
            .map(|desired| desired.key.to_string())
            .collect();
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
        let Operation {
            request,
            id,
            prepared,
            world,
            ..
        } = operation;
        let mut known = admitted.known;
        known.extend(prepared.blueprint.objects.iter().map(|desired| desired.key.clone()));
        let selector = own_selector(id, &known.iter().cloned().collect::<Vec<_>>());
        let mut seen = match calm(world).observe(&selector).await {
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
        (
            lines_of_existing(id, &desired, &observed, &state, |key| known.contains(key)),
            seen,
        )
    }

    fn exists(
        &self,
        operation: &Operation<'_>,
        uid: &str,
        lines: Lines,
        seen: &Seen,
        record: Option<&Record>,
        complete: bool,
    ) -> Exists {
        let Operation {
            facts,
            parent,
            prepared,
            world_text,
            request,
            ..
        } = operation;
        // Written by the create that became ready; an update leaves it as it is.
        let record =
            record.filter(|_| request.prior.is_none() || request.prior.as_ref().is_some_and(|prior| prior.incomplete));
        Exists {
            outputs: outcome::existing(&prepared.blueprint, uid, world_text, lines, seen, record),
            uid: uid.to_owned(),
            facts: facts.clone(),
            parent: parent.clone(),
            protected: prepared.protected,
            complete,
        }
    }
}

fn by_key(observed: Vec<Observed>) -> Seen {
    observed
        .into_iter()
        .map(|object| (object.key.clone(), object))
        .collect()
}

fn wanted(operation: &Operation<'_>) -> BTreeSet<ObjectKey> {
    operation
        .prepared
        .blueprint
        .objects
        .iter()
        .map(|desired| desired.key.clone())
        .collect()
}

/// What the plan showed is what there is.
fn promised_lines(operation: &Operation<'_>) -> Lines {
    let lines = &operation.prepared.promised;
    lines
        .iter()
        .filter_map(|(key, line)| Some((key.clone(), Late::now(line)?.clone())))
        .collect()
}

/// The record says already what this operation would write.
fn is_settled(record: &Record, draft: &Record) -> bool {
    let now: BTreeSet<&String> = record.inventory.iter().collect();
    let then: BTreeSet<&String> = draft.inventory.iter().collect();
    record.phase == Phase::Ready
        && now == then
        && (&record.uid, &record.team, &record.spec, &record.facts)
            == (&draft.uid, &draft.team, &draft.spec, &draft.facts)
        && (
            &record.golden_path,
            &record.golden_path_version,
            &record.golden_path_digest,
        ) == (
            &draft.golden_path,
            &draft.golden_path_version,
            &draft.golden_path_digest,
        )
}

/// An entry of ours whose role is made in this operation: it belongs to the role that bore the name before.
fn is_dead_entry(desired: &Desired, live: &BTreeMap<&ObjectKey, &Observed>) -> bool {
    matches!(desired.key, ObjectKey::AccessEntry { .. })
        && live
            .get(&desired.key)
            .is_some_and(|entry| entry.ownership == Ownership::Cluster)
        && desired
            .needs
            .iter()
            .any(|need| matches!(need, ObjectKey::Role { .. }) && !live.contains_key(need))
}
