//! What an ensure would do, and what speaks against it. Makes no change.
//!
//! An update is answered from state alone, so that it works with the cluster away; a create asks the world about names,
//! records and shares, and what the world does not tell is "undecided", never "pass".

use super::{
    Engine, adoption,
    claim::{Asker, Claim, claim, is_marked_for},
    decide::{self, Decision, Hold, Intent, decide},
    facts::{stable, unreadable},
    failure::Failure,
    observe::{find_record, lacks_group},
    outcome, parent,
    prepare::{Prepared, Question, namespaces_go, own_namespaces, prepare},
    record, shares,
};
use crate::{
    domain::{Class, ClusterRef, Facts, Id, ObjectKey, Observed, Phase, Problem, Record, SlotSpec, Spec, StableFacts},
    golden::{self, Parent},
    ports::{Scope, Selector},
    provision::{Decided, Preview, PreviewRequest, Replacing},
};
use std::collections::BTreeSet;

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
        let PreviewRequest {
            spec,
            facts,
            parent,
            prior,
            replacing,
        } = request;
        let id = spec.id();
        let cluster = cluster_of_spec(spec).map_err(|error| vec![error])?;
        let Some(facts) = self.facts_for_plan(spec, facts.as_ref(), &cluster, problems).await? else {
            problems.extend(self.known_without_facts(spec));
            return Ok(None);
        };
        let parent = match spec {
            Spec::Slot(spec) => {
                let found = self.parent_for_plan(&spec.environment, &facts, parent.as_ref()).await;
                match found
                    .or_else(|problem| undecided_if_away(problem, problems))
                    .map_err(|problem| vec![problem])?
                {
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

        let mut world = None;
        if prior.is_none() {
            world = self.known.world(&cluster).await.ok();
            problems.extend(self.door_problems(spec, &cluster, &prepared).await);
            problems.extend(self.create_problems(spec, &facts, &prepared, replacing.as_ref()).await);
        }
        self.remember(spec, &facts);
        if let (Spec::Slot(spec), Some(parent)) = (spec, &parent) {
            self.plans
                .share(&spec.id(), shares::amounts(spec, self.usual_share(parent).as_ref()));
            let same_share =
                matches!(prior.as_ref().map(|prior| &prior.spec), Some(Spec::Slot(old)) if old.share == spec.share);
            if !same_share {
                problems.extend(self.share_problems(spec, parent, &facts).await);
            }
        }
        if problems.iter().any(Problem::is_error) {
            tracing::debug!(%id, "the plan is refused");
        }
        let Prepared {
            blueprint,
            promised,
            protected,
            ..
        } = prepared;
        let outputs = outcome::planned(&blueprint, &promised, prior.as_ref(), world.as_deref());
        Ok(Some(Decided {
            outputs,
            facts,
            parent,
            protected,
        }))
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

    /// Of a cluster that can be read; the others are "undecided" already.
    async fn door_problems(&self, spec: &Spec, cluster: &ClusterRef, prepared: &Prepared) -> Vec<Problem> {
        let pinned = match spec {
            Spec::Environment(spec) => spec.facts.clone(),
            Spec::Baseline(_) | Spec::Slot(_) => None,
        };
        let facts = match pinned {
            Some(facts) => Some(facts),
            None => self.known.facts(cluster).await.ok(),
        };
        let Some(facts) = facts else { return vec![] };
        let mode = &facts.authentication_mode;
        self.authentication_problems(spec, cluster, mode, &prepared.blueprint)
            .await
    }

    async fn create_problems(
        &self,
        spec: &Spec,
        facts: &StableFacts,
        prepared: &Prepared,
        replacing: Option<&Replacing>,
    ) -> Vec<Problem> {
        match self.names_and_records(spec, facts, prepared, replacing).await {
            Ok(problems) => problems,
            Err(failure) => match undecided_if_away(failure.problem(), &mut vec![]) {
                Ok(_) => vec![Problem::warning(
                    "create.undecided",
                    format!("undecided: whether the names of {} are free", spec.id()),
                    format!("{failure}; it is asked again at apply, before anything is changed"),
                )],
                Err(problem) => vec![problem],
            },
        }
    }

    async fn names_and_records(
        &self,
        spec: &Spec,
        facts: &StableFacts,
        prepared: &Prepared,
        replacing: Option<&Replacing>,
    ) -> Result<Vec<Problem>, Failure> {
        let id = spec.id();
        let world = self.world(&facts.cluster_arn);
        let mut keys: BTreeSet<ObjectKey> = prepared.blueprint.objects.iter().map(|d| d.key.clone()).collect();
        keys.extend([record::key_of(&id), record::baseline_key()]);
        let replaced: Option<Id> = replacing
            .and_then(|replacing| parse_like(&id, &replacing.id))
            .filter(|old| *old != id);
        keys.extend(replaced.as_ref().map(record::key_of));
        let observed = world
            .observe(&Selector {
                scope: Scope::Keys,
                keys: keys.into_iter().collect(),
            })
            .await?;
        let mut problems = vec![];
        let recorded = find_record(&id, &observed);
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(problem) => return Ok(vec![problem]),
        };
        let has_baseline = matches!(id, Id::Baseline(_))
            || self.config.assumes_baseline
            || self.plans.has_baseline(id.cluster())
            || observed.iter().any(|object| object.key == record::baseline_key());
        if !has_baseline {
            problems.push(no_baseline_yet(&id));
        }
        if let (Some(old), Some(replacing)) = (&replaced, replacing)
            && let Ok(Some(old_record)) = find_record(old, &observed)
            && old_record.uid == replacing.uid
            && old_record.phase == Phase::Ready
        {
            problems.extend(replacement_loses(old, &old_record, replacing.protected));
        }
        let team = prepared.blueprint.resolved.team.as_str();
        let intent = Intent::Create { team, spec, replacing };
        match decide(facts.cluster_arn.as_str(), recorded.as_ref(), intent, Hold::Free) {
            Decision::Refuse(problem) => problems.push(problem),
            Decision::Resume => {
                if let Some(recorded) = &recorded {
                    problems.push(decide::resume_warning(
                        recorded,
                        self.done_of(&id, recorded, facts).await?,
                    ));
                }
            }
            Decision::TakeOver => {
                if let Some(recorded) = &recorded {
                    match replacing {
                        // The delete comes first, unless create_before_destroy turns it round.
                        Some(replacing) if replacing.uid == recorded.uid => {
                            problems.extend(replacement_loses(&id, recorded, replacing.protected));
                        }
                        _ => problems.push(decide::take_over_warning(recorded)),
                    }
                }
            }
            Decision::Start | Decision::Change | Decision::Rebuild | Decision::Wait => {}
        }
        let inventory: BTreeSet<&str> = recorded
            .iter()
            .flat_map(|record| record.inventory.iter().map(String::as_str))
            .collect();
        for desired in &prepared.blueprint.objects {
            let Some(object) = observed.iter().find(|object| object.key == desired.key) else {
                continue;
            };
            if desired.key == record::key_of(&id) {
                continue;
            }
            let was_ours = inventory.contains(desired.key.to_string().as_str());
            let asker = Asker {
                id: &id,
                team,
                adopt: adopt_of(spec),
                was_ours,
            };
            match claim(desired, object, &asker) {
                Claim::Taken { by } => problems.push(
                    Failure::Foreign {
                        key: desired.key.clone(),
                        by,
                    }
                    .problem(),
                ),
                Claim::Borrowed => problems.extend(lacks_group(desired, object)),
                Claim::Adopted => problems.extend(asker.adopt.map(|adopt| adoption::told(desired, object, adopt))),
                Claim::Mine => {}
            }
        }
        for boundary in &prepared.blueprint.resolved.boundaries {
            if !self.known.policy_exists(facts, boundary).await.unwrap_or(true) {
                problems.push(Problem {
                    severity: crate::domain::Severity::Warning,
                    ..no_boundary(boundary)
                });
            }
        }
        Ok(problems)
    }

    /// How many objects of a broken-off operation exist.
    async fn done_of(&self, id: &Id, recorded: &Record, facts: &StableFacts) -> Result<usize, Failure> {
        let keys: Vec<ObjectKey> = recorded.inventory.iter().filter_map(|key| key.parse().ok()).collect();
        let selector = Selector {
            scope: Scope::Keys,
            keys,
        };
        let observed = self.world(&facts.cluster_arn).observe(&selector).await?;
        Ok(count_done(id, recorded, &observed))
    }

    async fn share_problems(&self, spec: &SlotSpec, parent: &Parent, facts: &StableFacts) -> Vec<Problem> {
        let id = spec.id();
        let world = self.world(&facts.cluster_arn);
        let recorded = match self.listings.records(&world, id.environment.environment.as_str()).await {
            Ok(observed) => observed
                .iter()
                .filter_map(|object| record::parse(object).ok().flatten())
                .collect(),
            // Judged by what this connection has planned; apply asks again.
            Err(_) => vec![],
        };
        let claims = self.plans.claims(
            &id.environment,
            parent::recorded_shares(&recorded, self.usual_share(parent).as_ref()),
        );
        shares::judge(
            id.slot.as_str(),
            &claims,
            &parent.quota_total,
            &id.environment.to_string(),
        )
    }
}

/// Of the recorded inventory, what exists and is ours.
pub(super) fn count_done(id: &Id, recorded: &Record, observed: &[Observed]) -> usize {
    let exists = |key: &&String| {
        observed.iter().any(|object| {
            object.key.to_string() == **key
                && (is_marked_for(id, object) || !matches!(object.ownership, crate::domain::Ownership::Ours(_)))
        })
    };
    recorded.inventory.iter().filter(exists).count()
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

/// A world out of reach leaves a plan undecided; a refusal does not.
fn undecided_if_away(problem: Problem, problems: &mut Vec<Problem>) -> Result<Option<Parent>, Problem> {
    if problem.code != "world.unavailable" {
        return Err(problem);
    }
    problems.push(Problem {
        severity: crate::domain::Severity::Warning,
        ..problem
    });
    Ok(None)
}

/// An id of the same kind as another one.
fn parse_like(like: &Id, text: &str) -> Option<Id> {
    match like {
        Id::Baseline(_) => Some(Id::Baseline(text.to_owned())),
        Id::Environment(_) => text.parse().ok().map(Id::Environment),
        Id::Slot(_) => text.parse().ok().map(Id::Slot),
    }
}

/// What a replacement of something that is alive and well would delete.
fn replacement_loses(id: &Id, recorded: &Record, protected: bool) -> Option<Problem> {
    let keys: Vec<ObjectKey> = recorded.inventory.iter().filter_map(|key| key.parse().ok()).collect();
    let lost = own_namespaces(id, &keys);
    (!lost.is_empty()).then(|| namespaces_go(&id.to_string(), &lost, protected))
}

fn no_baseline_yet(id: &Id) -> Problem {
    Problem::warning(
        "baseline.missing",
        format!("undecided: cluster {} has no baseline", id.cluster()),
        format!(
            "{id} needs what goldenpath_cluster_baseline makes once per cluster; if it is made in this run, add \
             `depends_on = [goldenpath_cluster_baseline.<name>]`, otherwise apply will refuse"
        ),
    )
    .at(["cluster"])
}

pub(super) fn no_boundary(arn: &str) -> Problem {
    Problem::error(
        "boundary.missing",
        format!("the permissions boundary {arn} does not exist"),
        "every role is made with it: create the policy in this account first, or have the golden path name another one",
    )
}
