//! The environment that a slot lives in: planned over this connection, else recorded, else remembered by the slot itself.

use super::{
    Engine, decide,
    failure::Failure,
    lease::Watch,
    record, shares,
    shares::Amounts,
    target::{TargetCalls, looks},
};
use crate::{
    domain::{EnvironmentId, Id, Phase, Problem, Quantity, Record, Spec, StableFacts},
    golden::{self, Parent},
};
use std::collections::BTreeMap;

impl Engine {
    /// For a plan. `None`: nobody knows it yet.
    pub(super) async fn parent_for_plan(
        &self,
        id: &EnvironmentId,
        facts: &StableFacts,
        remembered: Option<&Parent>,
    ) -> Result<Option<Parent>, Problem> {
        if let Some(planned) = self.plans.parent(id).or_else(|| self.plans.recorded_parent(id)) {
            return Ok(Some(planned));
        }
        let records = match self.listings.records(&self.target(&facts.cluster_arn), id.environment.as_str()).await {
            Ok(records) => records,
            // A plan of something that exists works with the cluster away.
            Err(failure) => return remembered.cloned().map(Some).ok_or_else(|| failure.problem()),
        };
        let key = record::key_of(&Id::Environment(id.clone()));
        let recorded = match records.iter().find(|observed| observed.key == key) {
            Some(observed) => record::parse(observed).map_err(|failure| failure.problem())?,
            None => None,
        };
        match recorded {
            Some(recorded) if recorded.phase != Phase::Deleting => {
                let parent = self.parent_of_record(&recorded)?;
                self.plans.remember_recorded(id, parent.clone());
                Ok(Some(parent))
            }
            _ => Ok(remembered.cloned()),
        }
    }

    /// For an apply: the record as it is now. One that is being changed is waited for.
    pub(super) async fn parent_for_apply(
        &self,
        target: &TargetCalls<'_>,
        id: &EnvironmentId,
    ) -> Result<Parent, Problem> {
        let key = record::key_of(&Id::Environment(id.clone()));
        let mut watch = Watch::default();
        for pause in looks() {
            let observed = target.get(&key).await.map_err(|failure| failure.problem())?;
            let recorded = match &observed {
                Some(observed) => record::parse(observed).map_err(|failure| failure.problem())?,
                None => None,
            };
            let Some(recorded) = recorded else {
                return Err(no_environment(id));
            };
            match (recorded.phase, watch.look(recorded.operation.as_ref(), target.clock.elapsed())) {
                (Phase::Ready, _) => return self.parent_of_record(&recorded),
                (Phase::Creating | Phase::Changing, decide::Hold::Held) => {
                    let what = format!("{id}, which {} is changing", decide::operation(&recorded));
                    target.pause(pause, &what).await.map_err(|failure| failure.problem())?;
                }
                _ => return Err(not_ready(id, &recorded)),
            }
        }
        Err(no_environment(id))
    }

    /// The share of a slot that asks for none, by the environment's tier.
    pub(super) fn usual_share(&self, parent: &Parent) -> Option<(Quantity, Quantity)> {
        let path = self.catalogue.path(Some(&parent.golden_path)).ok()?;
        let share = &path.tiers.get(&parent.tier.parse().ok()?)?.slot.share;
        Some((share.cpu.clone(), share.memory.clone()))
    }

    fn parent_of_record(&self, recorded: &Record) -> Result<Parent, Problem> {
        let unreadable = |reason: String| Failure::Record { id: recorded.id.clone(), reason }.problem();
        match recorded.request().map_err(|error| unreadable(error.to_string()))? {
            Spec::Environment(spec) => golden::parent_of(&spec, &recorded.facts, &self.catalogue).map_err(|problems| {
                problems.into_iter().next().unwrap_or_else(|| unreadable("it renders nothing".into()))
            }),
            Spec::Baseline(_) | Spec::Slot(_) => Err(unreadable("it is not an environment's".into())),
        }
    }
}

/// What the records of an environment's slots hold of its total.
pub(super) fn recorded_shares(records: &[Record], usual: Option<&(Quantity, Quantity)>) -> BTreeMap<String, Amounts> {
    records
        .iter()
        .filter_map(|record| match record.request() {
            Ok(Spec::Slot(spec)) => Some((spec.name.to_string(), shares::amounts(&spec, usual))),
            _ => None,
        })
        .collect()
}

/// The plan of a slot whose environment nobody knows.
pub(super) fn undecided(id: &EnvironmentId) -> Problem {
    Problem::warning(
        "slot.environment_unknown",
        format!("undecided: environment {id} is not known yet"),
        "it does not exist and was not planned before this slot; refer to it as \
         `environment = goldenpath_team_environment.<name>.id`, so that it comes first",
    )
    .at(["environment"])
}

fn no_environment(id: &EnvironmentId) -> Problem {
    Problem::error(
        "slot.no_environment",
        format!("environment {id} does not exist"),
        "create it first, and refer to it as `environment = goldenpath_team_environment.<name>.id`",
    )
    .at(["environment"])
}

fn not_ready(id: &EnvironmentId, recorded: &Record) -> Problem {
    Problem::error(
        "slot.environment_not_ready",
        format!("environment {id} is not ready"),
        format!("{} on it was broken off: apply the environment first", decide::operation(recorded)),
    )
    .at(["environment"])
}
