//! The environment that a slot lives in: planned over this connection, else recorded, else remembered by the slot itself.

use super::item::Item;
use crate::{
    domain::{Class, EnvironmentId, Phase, Problem, Record, StableFacts},
    golden::{self, Parent},
    provision::engine::{
        connection::Engine,
        failure::Failure,
        record,
        request::ChangeRequest,
        target::{Moment, TargetCalls, looks},
        watch::{Hold, Watch},
    },
};

impl Engine {
    /// What a plan knows of it.
    pub(super) async fn planned_parent(
        &self,
        id: &EnvironmentId,
        change: &ChangeRequest<'_>,
        facts: &StableFacts,
    ) -> Item<Parent> {
        // Of something that exists state knows it, so that core's second plan is the first one whatever happened meanwhile.
        let known = self.memory.planned_parent(id, change.variant).or_else(|| change.parent.cloned());
        if let Some(parent) = known {
            return Item::Known(parent);
        }
        match self.find_parent(id, facts, None, change.moment).await {
            Ok(Some(parent)) => Item::Known(parent),
            Ok(None) if matches!(change.moment, Moment::PlanAgain) => Item::Refused(missing(id)),
            Ok(None) => Item::Undecided(vec![unknown_environment(id)]),
            // A target out of reach leaves a plan undecided; a refusal does not.
            Err(problem) if problem.code == "target.unavailable" && change.may_leave_open(Class::Unavailable) => {
                Item::Undecided(vec![problem.as_warning(), unknown_environment(id)])
            }
            Err(problem) => Item::Refused(problem),
        }
    }

    /// `None`: nobody knows it yet.
    pub async fn find_parent(
        &self,
        id: &EnvironmentId,
        facts: &StableFacts,
        remembered: Option<&Parent>,
        moment: Moment<'_>,
    ) -> Result<Option<Parent>, Problem> {
        if let Some(known) = self.memory.planned_parent(id, 0).or_else(|| self.memory.recorded_parent(id)) {
            return Ok(Some(known));
        }
        let target = self.target(&facts.cluster_arn, moment);
        let records = match self.listings.records(&target, id.environment.as_str()).await {
            Ok(records) => records,
            // A plan of something that exists works with the cluster away.
            Err(failure) => return remembered.cloned().map(Some).ok_or_else(|| failure.problem()),
        };
        let recorded = record::find(&id.into(), &records)?;
        match recorded {
            Some(recorded) if recorded.phase != Phase::Deleting => {
                let parent = self.parent_of_record(&recorded)?;
                self.memory.remember_recorded(id, parent.clone());
                Ok(Some(parent))
            }
            _ => Ok(remembered.cloned()),
        }
    }

    /// For an apply: the record as it is now. One that is being changed is waited for.
    pub(super) async fn ready_parent(&self, target: &TargetCalls<'_>, id: &EnvironmentId) -> Result<Parent, Problem> {
        let key = record::key_of(&id.into());
        let mut watch = Watch::default();
        for pause in looks() {
            let observed = target.get(&key).await?;
            let recorded = observed.as_ref().map_or(Ok(None), record::parse)?;
            let Some(recorded) = recorded else { break };
            match (recorded.phase, watch.look(recorded.operation.as_ref(), target.clock.elapsed())) {
                (Phase::Ready, _) => return self.parent_of_record(&recorded),
                (Phase::Creating | Phase::Changing, Hold::Held) => {
                    let what = format!("{id}, which {} is changing", record::operation(&recorded));
                    target.pause(pause, &what).await?;
                }
                _ => return Err(not_ready(id, &recorded)),
            }
        }
        Err(missing(id))
    }

    /// Of the namespaces that it had when a slot was decided, those that it no longer has. Read once the slot's own record says
    /// where it lives, so that of a slot and a change at the same time at least one sees the other.
    pub async fn dropped_namespaces(&self, target: &TargetCalls<'_>, parent: &Parent) -> Result<Vec<String>, Failure> {
        let dropped = |now: Option<Parent>| {
            let is_there =
                |name: &&String| now.as_ref().is_some_and(|now| now.namespace_names().any(|one| one == *name));
            parent.namespace_names().filter(|name| !is_there(name)).cloned().collect()
        };
        let Ok(id) = parent.id.parse::<EnvironmentId>() else { return Ok(dropped(None)) };
        let observed = target.get(&record::key_of(&id.into())).await?;
        let recorded = observed.as_ref().map_or(Ok(None), record::parse)?;
        Ok(dropped(recorded.and_then(|recorded| self.parent_of_record(&recorded).ok())))
    }

    pub fn parent_of_record(&self, recorded: &Record) -> Result<Parent, Problem> {
        let unreadable = |reason: String| Failure::Record { id: recorded.id.clone(), reason }.problem();
        let spec = golden::spec_of(self.config.resources, recorded);
        let spec = spec.ok_or_else(|| unreadable("another release wrote it".to_owned()))?;
        spec.parent_of(&recorded.facts, &self.catalogue.holding(recorded.path().as_ref()))
            .ok_or_else(|| unreadable("it is not an environment's".to_owned()))?
            .map_err(|problems| {
                problems.into_iter().next().unwrap_or_else(|| unreadable("nothing can be rendered from it".to_owned()))
            })
    }
}

/// The plan of a slot whose environment nobody knows.
fn unknown_environment(id: &EnvironmentId) -> Problem {
    Problem::warning(
        "slot.environment_unknown",
        format!("Undecided: environment {id} is not known yet"),
        "It does not exist and was not planned before this slot. Refer to it as \
         `environment = goldenpath_team_environment.<name>.id`, so that it comes first.",
    )
    .at(["environment"])
}

fn missing(id: &EnvironmentId) -> Problem {
    Problem::error(
        "slot.no_environment",
        format!("Environment {id} does not exist"),
        "Create it first, and refer to it as `environment = goldenpath_team_environment.<name>.id`.",
    )
    .at(["environment"])
}

fn not_ready(id: &EnvironmentId, recorded: &Record) -> Problem {
    Problem::error(
        "slot.environment_not_ready",
        format!("Environment {id} is not ready"),
        format!("A change of it was interrupted ({}). Apply the environment first.", record::operation(recorded)),
    )
    .at(["environment"])
}
