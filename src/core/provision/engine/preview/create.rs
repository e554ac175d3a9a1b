//! What speaks against a create, as the target has it: names that are taken, records of the same id, a cluster that is not ready for it.

use crate::{
    domain::{ClusterRef, Id, ObjectKey, Observed, Phase, Problem, Record, Spec, StableFacts},
    ports::{Scope, Selector},
    provision::{
        Replacing,
        engine::{
            Engine, adoption,
            claim::{Asker, Claim, claim, is_marked_for},
            decide::{self, Decision, Hold, Intent, decide},
            failure::Failure,
            observe::{find_record, lacks_group},
            prepare::{Prepared, namespaces_go, own_namespaces},
            preview::{adopt_of, no_boundary, undecided_if_away},
            record,
        },
    },
};
use std::collections::BTreeSet;

impl Engine {
    /// Of a cluster that can be read; the others are "undecided" already.
    pub(super) async fn door_problems(&self, spec: &Spec, cluster: &ClusterRef, prepared: &Prepared) -> Vec<Problem> {
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
        self.authentication_problems(spec, cluster, mode, &prepared.blueprint).await
    }

    pub(super) async fn create_problems(
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
        let target = self.target(&facts.cluster_arn);
        let mut keys: BTreeSet<ObjectKey> = prepared.blueprint.objects.iter().map(|d| d.key.clone()).collect();
        keys.extend([record::key_of(&id), record::baseline_key()]);
        let replaced: Option<Id> =
            replacing.and_then(|replacing| parse_like(&id, &replacing.id)).filter(|old| *old != id);
        keys.extend(replaced.as_ref().map(record::key_of));
        let observed = target.observe(&Selector { scope: Scope::Keys, keys: keys.into_iter().collect() }).await?;
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
                    problems.push(decide::resume_warning(recorded, self.done_of(&id, recorded, facts).await?));
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
        let inventory: BTreeSet<&str> =
            recorded.iter().flat_map(|record| record.inventory.iter().map(String::as_str)).collect();
        for desired in &prepared.blueprint.objects {
            let Some(object) = observed.iter().find(|object| object.key == desired.key) else {
                continue;
            };
            if desired.key == record::key_of(&id) {
                continue;
            }
            let was_ours = inventory.contains(desired.key.to_string().as_str());
            let asker = Asker { id: &id, team, adopt: adopt_of(spec), was_ours };
            match claim(desired, object, &asker) {
                Claim::Taken { by } => problems.push(Failure::Foreign { key: desired.key.clone(), by }.problem()),
                Claim::Borrowed => problems.extend(lacks_group(desired, object)),
                Claim::Adopted => problems.extend(asker.adopt.map(|adopt| adoption::told(desired, object, adopt))),
                Claim::Mine => {}
            }
        }
        for boundary in &prepared.blueprint.resolved.boundaries {
            if !self.known.policy_exists(facts, boundary).await.unwrap_or(true) {
                problems.push(no_boundary(boundary).as_warning());
            }
        }
        Ok(problems)
    }

    /// How many objects of a broken-off operation exist.
    async fn done_of(&self, id: &Id, recorded: &Record, facts: &StableFacts) -> Result<usize, Failure> {
        let keys: Vec<ObjectKey> = recorded.inventory.iter().filter_map(|key| key.parse().ok()).collect();
        let selector = Selector { scope: Scope::Keys, keys };
        let observed = self.target(&facts.cluster_arn).observe(&selector).await?;
        Ok(count_done(id, recorded, &observed))
    }
}

/// Of the recorded inventory, what exists and is ours.
pub(in crate::provision::engine) fn count_done(id: &Id, recorded: &Record, observed: &[Observed]) -> usize {
    let exists = |key: &&String| {
        observed.iter().any(|object| {
            object.key.to_string() == **key
                && (is_marked_for(id, object) || !matches!(object.ownership, crate::domain::Ownership::Ours(_)))
        })
    };
    recorded.inventory.iter().filter(exists).count()
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
