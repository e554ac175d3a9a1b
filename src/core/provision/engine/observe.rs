//! What exists of one id: lines, drift in words, and whether anything is left of it at all.

mod look;

use look::Look;
pub(super) use look::{lacks_group, lines_of_existing};

use super::{
    Engine,
    claim::{is_made_for, owner_of},
    cluster_of, decide,
    drift::Lines,
    facts::{refreshed, replaced, same_target, stable, unreadable},
    failure::Failure,
    outcome, record,
};
use crate::{
    domain::{
        BaselineOutputs, EnvironmentOutputs, Id, Late, ObjectKey, Observed, Outputs, Phase, Problem, Record,
        SlotOutputs, Spec, StableFacts,
    },
    golden::{self, Blueprint, Parent},
    provision::{Observation, ObserveRequest, Seen},
};
use std::collections::BTreeSet;

impl Engine {
    pub(super) async fn observe_all(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        let ObserveRequest { id, uid, target: state_target, spec, facts, parent, objects: state } = request;
        let cluster = match &spec {
            Some(Spec::Environment(spec)) => spec.cluster.clone(),
            Some(Spec::Baseline(spec)) => spec.cluster.clone(),
            Some(Spec::Slot(_)) | None => cluster_of(&id)?,
        };
        match &id {
            Id::Environment(environment) => self.listings.announce(environment),
            Id::Slot(slot) => self.listings.announce(&slot.environment),
            Id::Baseline(_) => {}
        }
        let target = self.known.target(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        same_target(&id.to_string(), state_target.as_deref(), &target)?;
        let now = self.known.facts(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        let another = replaced(facts.as_ref(), &now.stable);
        let fresh = refreshed(facts.as_ref(), &now);
        let facts = spec.as_ref().and_then(|spec| stable(spec, Some(&fresh), None)).unwrap_or(fresh);

        let parent = self.parent_if_slot(&id, &facts, parent.as_ref()).await?;
        let mut blueprint = spec.as_ref().and_then(|spec| self.rendered(spec, &facts, parent.as_ref()));
        let mut keys = known_keys(&id, &state, blueprint.as_ref());
        let mut observed = self.owned(&id, &facts, &keys).await.map_err(|failure| failure.problem())?;
        let record = find_record(&id, &observed)?;
        if blueprint.is_none()
            && let Some(record) = &record
            && let Ok(spec) = record.request()
        {
            // Right after an import: only the record knows the request, and the request knows the keys.
            blueprint = self.rendered(&spec, &facts, parent.as_ref());
            let all = known_keys(&id, &state, blueprint.as_ref());
            let more: Vec<ObjectKey> = all.difference(&keys).cloned().collect();
            observed.extend(self.owned_keys(&facts, more).await.map_err(|failure| failure.problem())?);
            keys = all;
        }
        if record.is_none() && !observed.iter().any(|object| is_made_for(&id, object)) {
            return Ok(Observation::Gone(another.into_iter().collect()));
        }

        let unfinished = record.as_ref().is_some_and(|record| record.phase != Phase::Ready);
        let look = Look { id: &id, state: &state, keys: &keys, blueprint: blueprint.as_ref(), unfinished };
        let (lines, seen, mut problems) = look.at(observed);
        problems.extend(another);
        if let Id::Baseline(_) = &id {
            let told = self.of_the_whole_cluster(&cluster, &now.authentication_mode).await;
            problems.extend(told.into_iter().map(Problem::as_warning));
        }
        if let (Some(uid), Some(record)) = (&uid, &record)
            && *uid != record.uid
        {
            problems.push(decide::superseded(record, uid).as_warning());
        }
        let known_uid = record.as_ref().map(|record| record.uid.clone()).or_else(|| uid.clone()).unwrap_or_default();
        let outputs = blueprint.map(|mut blueprint| {
            blueprint.outputs = match (&uid, &record) {
                // A new catalogue changes what rendering says, and nothing that exists.
                (Some(_), _) => blank(&blueprint.outputs),
                (None, record) => imported(blueprint.outputs, record.as_ref()),
            };
            outcome::existing(&blueprint, &known_uid, &target, lines.clone(), &seen, record.as_ref(), None)
        });
        Ok(Observation::Here(Box::new(Seen {
            uid: known_uid,
            target,
            objects: lines,
            facts,
            parent,
            record,
            outputs,
            problems,
        })))
    }

    async fn parent_if_slot(
        &self,
        id: &Id,
        facts: &StableFacts,
        remembered: Option<&Parent>,
    ) -> Result<Option<Parent>, Problem> {
        match id {
            Id::Slot(id) => self.parent_for_plan(&id.environment, facts, remembered).await,
            Id::Baseline(_) | Id::Environment(_) => Ok(None),
        }
    }

    fn rendered(&self, spec: &Spec, facts: &StableFacts, parent: Option<&Parent>) -> Option<Blueprint> {
        golden::render(spec, facts, parent, &self.catalogue).ok()
    }

    /// Read through the connection's listing.
    async fn owned(&self, id: &Id, facts: &StableFacts, keys: &BTreeSet<ObjectKey>) -> Result<Vec<Observed>, Failure> {
        let owner = owner_of(id);
        let (environment, slot) = match &owner {
            Some(owner) => (Some(owner.environment.as_str()), owner.slot.as_deref()),
            None => (None, None),
        };
        let keys: Vec<ObjectKey> = keys.iter().cloned().collect();
        self.listings.take(&self.target(&facts.cluster_arn), environment, slot, &keys).await
    }

    async fn owned_keys(&self, facts: &StableFacts, keys: Vec<ObjectKey>) -> Result<Vec<Observed>, Failure> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let selector = crate::ports::Selector { scope: crate::ports::Scope::Keys, keys };
        self.target(&facts.cluster_arn).observe(&selector).await
    }
}

pub(super) fn find_record(id: &Id, observed: &[Observed]) -> Result<Option<Record>, Problem> {
    let key = record::key_of(id);
    match observed.iter().find(|object| object.key == key) {
        Some(object) => record::parse(object).map_err(|failure| failure.problem()),
        None => Ok(None),
    }
}

fn known_keys(id: &Id, state: &Lines, blueprint: Option<&Blueprint>) -> BTreeSet<ObjectKey> {
    let desired =
        blueprint.into_iter().flat_map(|blueprint| blueprint.objects.iter().map(|desired| desired.key.clone()));
    let known = state.keys().filter_map(|key| key.parse().ok());
    desired.chain(known).chain([record::key_of(id)]).collect()
}

/// Nothing but what the target generates.
fn blank(outputs: &Outputs) -> Outputs {
    match outputs {
        Outputs::Baseline(_) => Outputs::Baseline(BaselineOutputs::default()),
        Outputs::Environment(_) => Outputs::Environment(EnvironmentOutputs::default()),
        Outputs::Slot(_) => Outputs::Slot(SlotOutputs::default()),
    }
}

/// After an import everything is told, and the version is that which made it.
fn imported(mut outputs: Outputs, record: Option<&Record>) -> Outputs {
    if let (Outputs::Environment(environment), Some(record)) = (&mut outputs, record) {
        environment.resolved_version = Some(Late::Now(record.golden_path_version.clone()));
    }
    outputs
}
