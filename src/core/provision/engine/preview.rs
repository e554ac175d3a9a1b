//! What an ensure would do, and what speaks against it. Makes no change.
//!
//! An update is answered from state alone, so that it works with the cluster away; a create asks the target about names,
//! records and shares, and what the target does not tell is "undecided", never "pass".

mod create;

pub(super) use create::count_done;

use super::{
    Engine,
    facts::{stable, unreadable},
    outcome, parent,
    prepare::{Prepared, Question, prepare},
    record, shares,
};
use crate::{
    domain::{Class, ClusterRef, Facts, Problem, SlotSpec, Spec, StableFacts},
    golden::{self, Parent},
    provision::{Decided, Preview, PreviewRequest},
};

impl Engine {
    pub(super) async fn preview_all(&self, request: PreviewRequest) -> Preview {
        let mut problems = vec![];
        let decided = match self.previewed(&request, &mut problems).await {
            Ok(decided) => decided,
            Err(mut errors) => {
                // Said once, wherever it was found.
                errors.retain(|error| !problems.contains(error));
                problems.append(&mut errors);
                None
            }
        };
        Preview { decided, problems }
    }

    async fn previewed(
        &self,
        request: &PreviewRequest,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Decided>, Vec<Problem>> {
        let PreviewRequest { spec, facts, parent, prior, replacing } = request;
        let id = spec.id();
        let cluster = cluster_of_spec(spec).map_err(|error| vec![error])?;
        let Some(facts) = self.facts_for_plan(spec, facts.as_ref(), &cluster, problems).await? else {
            problems.extend(self.known_without_facts(spec));
            return Ok(None);
        };
        let parent = match spec {
            Spec::Slot(spec) => {
                let found = self.parent_for_plan(&spec.environment, &facts, parent.as_ref()).await;
                match found.or_else(|problem| undecided_if_away(problem, problems)).map_err(|problem| vec![problem])? {
                    Some(parent) => Some(parent),
                    None => {
                        problems.extend(self.known_without_facts(&request.spec));
                        problems.push(parent::undecided(&spec.environment));
                        return Ok(None);
                    }
                }
            }
            Spec::Baseline(_) | Spec::Environment(_) => None,
        };
        let question = Question {
            spec,
            facts: &facts,
            parent: parent.as_ref(),
            prior: prior.as_ref(),
            catalogue: &self.catalogue,
        };
        let prepared = prepare(&question)?;
        problems.extend(prepared.problems.iter().cloned());

        let mut target = None;
        if prior.is_none() {
            target = self.known.target(&cluster).await.ok();
            problems.extend(self.door_problems(spec, &cluster, &prepared).await);
            problems.extend(self.create_problems(spec, &facts, &prepared, replacing.as_ref()).await);
        }
        self.remember(spec, &facts);
        if let (Spec::Slot(spec), Some(parent)) = (spec, &parent) {
            self.plans.share(&spec.id(), shares::amounts(spec, self.usual_share(parent).as_ref()));
            let same_share =
                matches!(prior.as_ref().map(|prior| &prior.spec), Some(Spec::Slot(old)) if old.share == spec.share);
            if !same_share {
                problems.extend(self.share_problems(spec, parent, &facts).await);
            }
        }
        if problems.iter().any(Problem::is_error) {
            tracing::debug!(%id, "the plan is refused");
        }
        let Prepared { blueprint, promised, protected, .. } = prepared;
        let outputs = outcome::planned(&blueprint, &promised, prior.as_ref(), target.as_deref());
        Ok(Some(Decided { outputs, facts, parent, protected }))
    }

    /// `None` is "undecided": the cluster may be made in the same run, or be out of reach while it is planned for.
    async fn facts_for_plan(
        &self,
        spec: &Spec,
        remembered: Option<&StableFacts>,
        cluster: &ClusterRef,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<StableFacts>, Vec<Problem>> {
        if let Some(facts) = stable(spec, remembered, None) {
            return Ok(Some(facts));
        }
        let fetched: Result<Facts, _> = self.known.facts(cluster).await;
        match fetched {
            Ok(facts) => Ok(stable(spec, None, Some(&facts))),
            Err(error) if matches!(error.class, Class::NotFound | Class::Unavailable | Class::Throttled) => {
                problems.push(
                    Problem::warning(
                        "cluster.undecided",
                        format!("undecided: the facts of cluster {cluster} are not known"),
                        format!("{error}; the objects are known when it can be read, at apply at the latest"),
                    )
                    .at(["cluster"]),
                );
                Ok(None)
            }
            Err(error) => Err(vec![unreadable(cluster, error)]),
        }
    }

    /// What can be judged without facts.
    fn known_without_facts(&self, spec: &Spec) -> Vec<Problem> {
        let mut problems = golden::check_spec(spec);
        problems.extend(golden::check_with(spec, &self.catalogue));
        problems
    }

    /// For the slots of the same run.
    pub(super) fn remember(&self, spec: &Spec, facts: &StableFacts) {
        match spec {
            Spec::Baseline(baseline) => self.plans.remember_baseline(baseline.cluster.name()),
            Spec::Environment(environment) => {
                if let Ok(parent) = golden::parent_of(environment, facts, &self.catalogue) {
                    self.plans.remember(&environment.id(), parent);
                }
            }
            Spec::Slot(_) => {}
        }
    }

    async fn share_problems(&self, spec: &SlotSpec, parent: &Parent, facts: &StableFacts) -> Vec<Problem> {
        let id = spec.id();
        let target = self.target(&facts.cluster_arn);
        let recorded = match self.listings.records(&target, id.environment.environment.as_str()).await {
            Ok(observed) => observed.iter().filter_map(|object| record::parse(object).ok().flatten()).collect(),
            // Judged by what this connection has planned; apply asks again.
            Err(_) => vec![],
        };
        let claims =
            self.plans.claims(&id.environment, parent::recorded_shares(&recorded, self.usual_share(parent).as_ref()));
        shares::judge(id.slot.as_str(), &claims, &parent.quota_total, &id.environment.to_string())
    }
}

pub(super) fn cluster_of_spec(spec: &Spec) -> Result<ClusterRef, Problem> {
    match spec {
        Spec::Baseline(spec) => Ok(spec.cluster.clone()),
        Spec::Environment(spec) => Ok(spec.cluster.clone()),
        Spec::Slot(_) => super::cluster_of(&spec.id()),
    }
}

pub(super) fn adopt_of(spec: &Spec) -> Option<&crate::domain::Adopt> {
    match spec {
        Spec::Environment(spec) => spec.adopt.as_ref(),
        Spec::Baseline(_) | Spec::Slot(_) => None,
    }
}

/// A target out of reach leaves a plan undecided; a refusal does not.
fn undecided_if_away(problem: Problem, problems: &mut Vec<Problem>) -> Result<Option<Parent>, Problem> {
    if problem.code != "target.unavailable" {
        return Err(problem);
    }
    problems.push(problem.as_warning());
    Ok(None)
}

pub(super) fn no_boundary(arn: &str) -> Problem {
    Problem::error(
        "boundary.missing",
        format!("the permissions boundary {arn} does not exist"),
        "every role is made with it: create the policy in this account first, or have the golden path name another one",
    )
}
