//! Makes it so: everything is decided before the first change, the record is written before the first object, and
//! whatever exists afterwards is in the outcome.

mod admit;
mod begin;
mod plan;
mod work;

use super::{
    Engine,
    decide::{self, Decision},
    drift::Lines,
    facts::{same_target, stable, unreadable},
    failure::Failure,
    prepare::{Prepared, Question, keeps_promise, prepare},
    preview::{cluster_of_spec, no_boundary},
    random_id,
    target::TargetCalls,
};
use crate::{
    domain::{ClusterRef, Facts, Id, ObjectKey, Observed, Problem, Record, Spec, StableFacts},
    golden::Parent,
    ports::{Expect, operation},
    provision::{EnsureRequest, Exists, Outcome},
};
use std::{collections::BTreeSet, time::Duration};

/// Everything that is decided before anything is changed.
struct Operation<'a> {
    /// Its id.
    name: &'a str,
    request: &'a EnsureRequest,
    id: Id,
    facts: StableFacts,
    /// For the caller's own access; its stable half may be older than `facts`.
    cluster: Facts,
    parent: Option<Parent>,
    prepared: Prepared,
    target_text: String,
    target: TargetCalls<'a>,
    begun: Duration,
    requested_at: String,
}

/// What the target answered, and what that means.
struct Admitted {
    decision: Decision,
    record: Option<Record>,
    /// How the record's first write must find it.
    expect: Expect,
    observed: Vec<Observed>,
    /// In the record's inventory or in state.
    known: BTreeSet<ObjectKey>,
}

impl Engine {
    pub(super) async fn ensure_all(&self, request: EnsureRequest) -> Outcome {
        let name = match random_id("op-") {
            Ok(name) => name,
            Err(failure) => {
                return Outcome { exists: None, problems: vec![failure.problem()] };
            }
        };
        let mut problems = vec![];
        match operation::within(&name, self.ensured(&request, &name, &mut problems)).await {
            Ok(exists) => Outcome { exists: Some(exists), problems },
            Err(errors) => {
                // Warnings of a change that was refused explain nothing.
                Outcome { exists: None, problems: errors }
            }
        }
    }

    /// The error arm: nothing was changed.
    async fn ensured(
        &self,
        request: &EnsureRequest,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Exists, Vec<Problem>> {
        let one = |problem: Problem| vec![problem];
        let begun = self.clock.elapsed();
        let requested_at = self.clock.now();
        let id = request.spec.id();
        let cluster_ref = cluster_of_spec(&request.spec).map_err(one)?;
        let target_text =
            self.known.target(&cluster_ref).await.map_err(|error| one(unreadable(&cluster_ref, error)))?;
        same_target(&id.to_string(), request.planned_target.as_deref(), &target_text).map_err(one)?;
        let (cluster, facts) = self.facts_for_apply(request, &cluster_ref).await.map_err(one)?;
        let arn = facts.cluster_arn.clone();
        let target = self.target_until(&arn, begun + request.timeout, &request.cancel);
        if target.cancelled() {
            return Err(one(Failure::Cancelled.problem()));
        }
        let parent = match &request.spec {
            Spec::Slot(spec) => Some(self.parent_for_apply(&target, &spec.environment).await.map_err(one)?),
            Spec::Baseline(_) | Spec::Environment(_) => None,
        };
        let question = Question {
            spec: &request.spec,
            facts: &facts,
            parent: parent.as_ref(),
            prior: request.prior.as_ref(),
            catalogue: &self.catalogue,
        };
        let prepared = prepare(&question)?;
        if prepared.problems.iter().any(Problem::is_error) {
            return Err(prepared.problems);
        }
        problems.extend(prepared.problems.iter().cloned());
        let mode = &cluster.authentication_mode;
        let blueprint = &prepared.blueprint;
        let mut against = self.authentication_problems(&request.spec, &cluster_ref, mode, blueprint).await;
        against.retain(Problem::is_error);
        if !against.is_empty() {
            return Err(against);
        }
        if let Some(planned) = &request.planned {
            keeps_promise(planned, &prepared.promised).map_err(one)?;
        }
        for boundary in &prepared.blueprint.resolved.boundaries {
            match self.known.policy_exists(&facts, boundary).await {
                Ok(true) => {}
                Ok(false) => return Err(one(no_boundary(boundary))),
                Err(error) => return Err(one(Failure::call("looking for", boundary, error).problem())),
            }
        }
        let operation = Operation {
            name,
            request,
            id,
            facts: facts.clone(),
            cluster,
            parent,
            prepared,
            target_text,
            target,
            begun,
            requested_at,
        };
        self.carry_out(operation, problems).await
    }

    async fn carry_out(&self, operation: Operation<'_>, problems: &mut Vec<Problem>) -> Result<Exists, Vec<Problem>> {
        if let Some(owner) = super::claim::owner_of(&operation.id) {
            self.listings.forget(operation.facts.cluster_arn.as_str(), &owner.environment).await;
        }
        loop {
            let admitted = self.admit(&operation).await.map_err(|problem| vec![problem])?;
            let plan = self.work_of(&operation, &admitted).await?;
            match self.begin(&operation, &admitted, &plan).await {
                Ok(begun) => {
                    problems.extend(warnings(&operation, &admitted));
                    let exists = self.work(&operation, admitted, plan, begun, problems).await;
                    self.remember_applied(&operation);
                    return Ok(exists);
                }
                // Somebody else was quicker: their record is what decides now.
                Err(failure) if failure.class() == Some(crate::domain::Class::Conflict) => {
                    let what = format!("the record of {}, which another operation has just written", operation.id);
                    let pause = Duration::from_millis(100);
                    operation.target.pause(pause, &what).await.map_err(|failure| vec![failure.problem()])?;
                }
                Err(failure) => return Err(vec![failure.problem()]),
            }
        }
    }

    /// The stable half as the plan had it; the rest as it is now.
    async fn facts_for_apply(
        &self,
        request: &EnsureRequest,
        cluster: &ClusterRef,
    ) -> Result<(Facts, StableFacts), Problem> {
        let now = self.known.facts(cluster).await.map_err(|error| unreadable(cluster, error))?;
        let facts = stable(&request.spec, request.facts.as_ref(), Some(&now)).unwrap_or_else(|| now.stable.clone());
        if facts.cluster_arn != now.stable.cluster_arn {
            return Err(Problem::error(
                "cluster.other",
                format!("{cluster} is another cluster than the one that was planned for"),
                format!(
                    "the plan was made for {}, this provider sees {}: nothing was changed; plan again",
                    facts.cluster_arn, now.stable.cluster_arn
                ),
            ));
        }
        Ok((now, facts))
    }

    fn remember_applied(&self, operation: &Operation<'_>) {
        self.remember(&operation.request.spec, &operation.facts);
        if let (Spec::Slot(spec), Some(parent)) = (&operation.request.spec, &operation.parent) {
            let amounts = super::shares::amounts(spec, self.usual_share(parent).as_ref());
            self.plans.share(&spec.id(), amounts);
        }
    }
}

/// What an apply that continues something says.
fn warnings(operation: &Operation<'_>, admitted: &Admitted) -> Vec<Problem> {
    match (&admitted.decision, &admitted.record) {
        (Decision::Resume, Some(record)) => {
            let done = super::preview::count_done(&operation.id, record, &admitted.observed);
            vec![decide::resume_warning(record, done)]
        }
        (Decision::TakeOver, Some(record)) => vec![decide::take_over_warning(record)],
        _ => vec![],
    }
}

fn lines_in_state(request: &EnsureRequest) -> Lines {
    request.prior.as_ref().map(|prior| prior.objects.clone()).unwrap_or_default()
}
