//! May this operation begin? Asks the target once for all that is its own, waits for whoever is at work, and lets the pure
//! decisions speak.

use super::{Admitted, Operation, lines_in_state};
use crate::{
    domain::{Class, Id, ObjectKey, Observed, Problem, Record, Spec},
    ports::{Expect, Scope, Selector},
    provision::engine::{
        Engine,
        claim::is_made_for,
        decide::{Decision, Intent, decide},
        failure::Failure,
        lease::{Watch, wait_until_free},
        observe::find_record,
        parent::recorded_shares,
        record, shares,
        target::{looks, own_selector},
    },
};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    pub(super) async fn admit(&self, operation: &Operation<'_>) -> Result<Admitted, Problem> {
        let Operation { request, id, facts, prepared, target, .. } = operation;
        let state: BTreeSet<ObjectKey> = lines_in_state(request).keys().filter_map(|key| key.parse().ok()).collect();
        let mut asked: BTreeSet<ObjectKey> = state.clone();
        asked.extend(prepared.blueprint.objects.iter().map(|desired| desired.key.clone()));
        let selector = own_selector(id, &asked.iter().cloned().collect::<Vec<_>>());
        let record_key = record::key_of(id);
        let mut watch = Watch::default();
        loop {
            let mut observed = target.observe(&selector).await.map_err(|failure| failure.problem())?;
            if !matches!(id, Id::Baseline(_)) && !observed.iter().any(|object| object.key == record::baseline_key()) {
                return Err(no_baseline(id));
            }
            let found = find_record(id, &observed)?;
            let hold = watch.look(found.as_ref().and_then(|record| record.operation.as_ref()), target.clock.elapsed());
            let team = prepared.blueprint.resolved.team.as_str();
            let intent = match &request.prior {
                Some(prior) => Intent::Update { uid: &prior.uid },
                None => Intent::Create { team, spec: &request.spec, replacing: request.replacing.as_ref() },
            };
            match decide(facts.cluster_arn.as_str(), found.as_ref(), intent, hold) {
                Decision::Refuse(problem) => return Err(problem),
                Decision::Wait => {
                    wait_until_free(target, id, found, &mut watch).await.map_err(|failure| failure.problem())?;
                    continue;
                }
                Decision::Rebuild if !observed.iter().any(|object| is_made_for(id, object)) => return Err(gone(id)),
                decision => {
                    let expect = match observed.iter().find(|object| object.key == record_key) {
                        Some(object) => Expect::Version(object.version.clone()),
                        None => Expect::Absent,
                    };
                    let known = self.with_inventory(operation, found.as_ref(), state, &mut observed).await?;
                    self.wait_for_shares(operation, &observed).await?;
                    return Ok(Admitted { decision, record: found, expect, observed, known });
                }
            }
        }
    }

    /// What the record names and nobody else asked for: shared objects that are no longer wanted.
    async fn with_inventory(
        &self,
        operation: &Operation<'_>,
        record: Option<&Record>,
        state: BTreeSet<ObjectKey>,
        observed: &mut Vec<Observed>,
    ) -> Result<BTreeSet<ObjectKey>, Problem> {
        let mut known = state.clone();
        known.extend(record.iter().flat_map(|record| &record.inventory).filter_map(|key| key.parse().ok()));
        let asked = |key: &ObjectKey| {
            state.contains(key) || operation.prepared.blueprint.objects.iter().any(|desired| desired.key == *key)
        };
        let unseen: Vec<ObjectKey> = known
            .iter()
            .filter(|key| !asked(key) && !observed.iter().any(|object| object.key == **key))
            .cloned()
            .collect();
        if !unseen.is_empty() {
            let selector = Selector { scope: Scope::Keys, keys: unseen };
            observed.extend(operation.target.observe(&selector).await.map_err(|failure| failure.problem())?);
        }
        Ok(known)
    }

    /// A slot that no longer fits waits for its siblings to become smaller; not for long, since they may be queued behind it.
    async fn wait_for_shares(&self, operation: &Operation<'_>, observed: &[Observed]) -> Result<(), Problem> {
        let (Spec::Slot(spec), Some(parent)) = (&operation.request.spec, &operation.parent) else {
            return Ok(());
        };
        let usual = self.usual_share(parent);
        let own = shares::amounts(spec, usual.as_ref());
        let give_up = operation.target.clock.elapsed() + self.config.share_wait;
        let mut records: Vec<Record> = records_of(observed);
        for pause in looks() {
            let recorded: BTreeMap<_, _> = recorded_shares(&records, usual.as_ref());
            let Some((resource, sum, total)) = shares::over(spec.name.as_str(), &own, &recorded, &parent.quota_total)
            else {
                return Ok(());
            };
            let what = format!("other slots of {} to become smaller: {resource} {sum} of {total}", spec.environment);
            let waited = match operation.target.clock.elapsed() >= give_up {
                true => Err(Failure::TimedOut { what }),
                false => operation.target.pause(pause, &what).await,
            };
            match waited {
                Ok(()) => {}
                Err(Failure::TimedOut { .. }) => {
                    return Err(too_much(spec, resource, &sum.to_string(), &total.to_string()));
                }
                Err(failure) => return Err(failure.problem()),
            }
            let selector =
                Selector { scope: Scope::Environment(spec.environment.environment.to_string()), keys: vec![] };
            let now = match operation.target.observe(&selector).await {
                Ok(now) => now,
                Err(failure) if failure.class() == Some(Class::Unavailable) => continue,
                Err(failure) => return Err(failure.problem()),
            };
            records = records_of(&now);
        }
        Ok(())
    }
}

fn records_of(observed: &[Observed]) -> Vec<Record> {
    let records = observed.iter().filter(|object| record::is_record(&object.key));
    records.filter_map(|object| record::parse(object).ok().flatten()).collect()
}

fn too_much(spec: &crate::domain::SlotSpec, resource: &str, sum: &str, total: &str) -> Problem {
    Problem::error(
        "slot.shares_exceed_total",
        format!("the shares of {} add up to {resource}={sum}, more than its total of {total}", spec.environment),
        "no other slot became smaller meanwhile; apply again after the others, make the share smaller, or raise the total. \
         Nothing was changed",
    )
    .at(["share"])
}

fn no_baseline(id: &Id) -> Problem {
    Problem::error(
        "baseline.missing",
        format!("cluster {} has no baseline", id.cluster()),
        format!(
            "{id} needs what goldenpath_cluster_baseline makes once per cluster: add that resource, and `depends_on` it. \
             Nothing was changed"
        ),
    )
    .at(["cluster"])
}

fn gone(id: &Id) -> Problem {
    Problem::error(
        "record.gone",
        format!("{id} no longer exists"),
        "its record and its objects are gone since the plan was made: plan again, and it will be created",
    )
}
