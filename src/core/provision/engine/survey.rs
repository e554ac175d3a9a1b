//! All that is recorded on a cluster, compared with what the records stand for. The stages are those of a refresh; what state holds
//! there is what the record's request renders to here, so that whatever differs is drift.

use super::{
    connection::Engine,
    decide::{
        bounds,
        drift::{self, Lines},
        life, policies, promise,
        refresh::refresh,
    },
    failure::Failure,
    gather::unreadable,
    record,
    request::date,
    target::Moment,
};
use crate::{
    domain::{ClusterRef, Phase, Problem, Record},
    golden::{ResolveContext, Spec, spec_of},
    kinds::same_digest,
    ports::{Scope, Selector},
    provision::{Observation, ObserveRequest, Prior, Provisioner, Restorable, Survey, Surveyed, Wanted},
};
use async_trait::async_trait;

#[async_trait]
impl Survey for Engine {
    async fn clusters(&self) -> Result<Vec<ClusterRef>, Problem> {
        Ok(self.only_cluster().await?.into_iter().collect())
    }

    async fn records(&self, cluster: &ClusterRef) -> Result<Vec<Record>, Problem> {
        let known = self.recorded_on(cluster).await?;
        Ok(known.into_iter().map(|(record, _)| record).collect())
    }

    async fn survey(&self, cluster: &ClusterRef, wanted: &Wanted<'_>) -> Result<Vec<Surveyed>, Problem> {
        let mut known = self.recorded_on(cluster).await?;
        known.retain(|(record, _)| wanted(record));
        // From the first of them on one listing is read for all.
        for (_, spec) in &known {
            if let Some(environment) = spec.id().environment() {
                self.config.announced.announce(environment);
            }
        }
        let mut surveyed = vec![];
        for (record, spec) in known {
            let id = record.id.clone();
            match self.survey_one(record, spec).await {
                Ok(one) => surveyed.push(one),
                // Nothing can be said of any of them.
                Err(problem) if problem.code == "target.unavailable" => return Err(problem),
                Err(problem) => tracing::warn!(id, %problem, "what there is of it can't be compared"),
            }
        }
        Ok(surveyed)
    }
}

impl Engine {
    /// Of what can be read, within the bounds.
    async fn recorded_on(&self, cluster: &ClusterRef) -> Result<Vec<(Record, Spec)>, Problem> {
        let facts = self.clusters.facts(cluster).await.map_err(|error| unreadable(cluster, error))?;
        let everything = Selector { scope: Scope::Records, keys: vec![] };
        let observed = self.target(&facts.stable.cluster_arn, Moment::Plan).observe(&everything).await?; // reads
        let readable = record::all(&observed).into_iter().filter_map(|record| {
            let spec = spec_of(self.config.resources, &record)?;
            let refused = bounds::of_record(&self.config.bounds, &spec.id(), Some(&record));
            refused.is_empty().then_some((record, spec))
        });
        let mut readable: Vec<_> = readable.collect();
        readable.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        Ok(readable)
    }

    /// Whoever writes the record while it is looked at wants something else, and what is there is compared with that.
    async fn survey_one(&self, mut record: Record, mut spec: Spec) -> Result<Surveyed, Problem> {
        loop {
            match self.compare(record, spec).await? {
                Compared::Whole(surveyed) => return Ok(*surveyed),
                Compared::Outdated(newer) => (record, spec) = *newer,
            }
        }
    }

    async fn compare(&self, record: Record, spec: Spec) -> Result<Compared, Problem> {
        let id = spec.id();
        let request = ObserveRequest {
            id: id.clone(),
            uid: Some(record.uid.clone()),
            target: None,
            spec: Some(spec.clone()),
            facts: Some(record.facts.clone()),
            path: record.path(),
            parent: None,
            objects: Lines::new(),
        };
        let ground = self.gather_instance(&request).await?; // reads
        let catalogue = &self.catalogue.on(date(&self.clock.now())).holding(request.path.as_ref());
        let given = ResolveContext { facts: &ground.facts, parent: ground.parent.as_ref(), catalogue };
        let resolved = spec.resolve(&given).map_err(|problems| first(&record, problems))?; // pure
        let blueprint = resolved.render(); // pure
        let lines = promise::lines_of(&blueprint.objects).into_iter();
        let wanted: Lines = lines.filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect();
        let request = ObserveRequest { objects: wanted.clone(), ..request };
        let lapsed = policies::lapses(&blueprint, &ground.facts.cluster_arn, catalogue, &self.clock.now()); // pure
        let observed = self.gather_owned(&request, &ground, Some(&blueprint)).await?; // reads
        let found = record::find(&id, &observed)?; // pure
        if let Some(newer) = found.as_ref().filter(|found| !is_same_request(found, &record)) {
            // Of the same instance: two records that name each other would be looked at for ever.
            let spec = spec_of(self.config.resources, newer).filter(|spec| spec.id() == id);
            let spec = spec.ok_or_else(|| first(newer, vec![]))?;
            self.within_bounds(&id, Some(newer))?; // pure
            return Ok(Compared::Outdated(Box::new((newer.clone(), spec))));
        }
        let record = found.unwrap_or(record);
        let observation = refresh(&request, ground, Some(blueprint), Some(record.clone()), observed); // pure
        let Observation::Here(seen) = observation else { return Err(first(&record, vec![])) };
        // Lifted protection is shown on the record as a field that nobody wants.
        let own = record::key_of(&id).to_string();
        let is_lifted = |key: &str| record.unprotected.is_some() && key == own;
        let differs = |(key, line): &(&String, &String)| {
            !is_lifted(key) && !seen.objects.get(*key).is_some_and(|seen| same_digest(seen, line))
        };
        let policy = spec.common().drift.cloned().unwrap_or_default();
        let is_added = seen.problems.iter().any(|problem| problem.code == "drift.foreign_policy");
        let is_restorable = record.phase == Phase::Ready
            && (is_added || wanted.iter().filter(differs).any(|(key, _)| !drift::is_only_reported(&policy, key)));
        let is_drift = |problem: &&Problem| problem.code.starts_with("drift.") && record.unprotected.is_none();
        let drift = seen.problems.iter().filter(is_drift).cloned().collect();
        let newest = record.path().and_then(|path| catalogue.newer(&path).last().map(|path| path.version));
        let prior = Prior {
            spec: spec.clone(),
            uid: record.uid.clone(),
            target: Some(seen.target),
            objects: seen.objects,
            incomplete: false,
            identity_ready: None,
        };
        let surveyed = Surveyed {
            id,
            drift,
            notices: record
                .path()
                .and_then(|path| life::of(&self.catalogue, &path, &self.clock.now()))
                .into_iter()
                .chain(lapsed)
                .collect(),
            newest: newest.map(|version| version.to_string()),
            restorable: is_restorable.then_some(Restorable { spec, prior }),
            record,
        };
        Ok(Compared::Whole(Box::new(surveyed)))
    }
}

/// Of what is there, held against a record.
enum Compared {
    Whole(Box<Surveyed>),
    /// This record has come since, with another request.
    Outdated(Box<(Record, Spec)>),
}

/// Whether both stand for the same objects of the same instance.
fn is_same_request(one: &Record, other: &Record) -> bool {
    (&one.uid, &one.spec, &one.facts) == (&other.uid, &other.spec, &other.facts) && one.path() == other.path()
}

fn first(record: &Record, problems: Vec<Problem>) -> Problem {
    let unreadable = || Failure::Record { id: record.id.clone(), reason: "nothing can be rendered from it".to_owned() };
    problems.into_iter().next().unwrap_or_else(|| unreadable().problem())
}
