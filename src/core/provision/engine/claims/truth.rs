//! What is known of an id without its client: the record, the record of the environment around it, and the cluster's facts as they
//! are now. Reads only; knows `connection`, `gather`'s readers and the bounds.

use crate::{
    domain::{ClusterRef, Facts, Id, NameError, Problem, Record, StableFacts},
    provision::engine::{
        connection::Engine,
        decide::bounds,
        gather::unreadable,
        record,
        target::{Moment, TargetCalls},
    },
};
use std::collections::BTreeMap;

pub struct Truth {
    pub facts: Facts,
    pub record: Option<Record>,
    /// Of the environment that it lives in.
    pub environment: Option<Record>,
}

impl Engine {
    /// The error arm: it lies outside of the bounds, or that can't be known.
    pub(super) async fn truth(&self, id: &Id, cluster: Result<ClusterRef, NameError>) -> Result<Truth, Problem> {
        let cluster = cluster.map_err(|error| Problem::wrong_cluster(&error))?;
        let facts = self.clusters.facts(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        let arn = &facts.stable.cluster_arn;
        bounds::of_id(&self.config.bounds, id, arn).into_iter().next().map_or(Ok(()), Err)?;
        let calls = self.target(arn, Moment::PlanAgain);
        let record = self.within(&calls, id).await?;
        let environment = match id.parent() {
            Some(environment) => self.within(&calls, &environment.into()).await?,
            None => None,
        };
        Ok(Truth { facts, record, environment })
    }

    async fn within(&self, calls: &TargetCalls<'_>, id: &Id) -> Result<Option<Record>, Problem> {
        let found = calls.get(&record::key_of(id)).await?;
        let record = found.as_ref().map_or(Ok(None), record::parse)?;
        if record.is_some() {
            self.within_bounds(id, record.as_ref())?;
        }
        Ok(record)
    }
}

// === impl Truth ===

impl Truth {
    /// An apply gets the facts of its plan: those of now, with the Pod Security version of when it was made, or those of the record.
    /// Permission sets come and go in an account meanwhile; those that are named are to be true.
    pub fn knows(&self, claimed: &StableFacts) -> bool {
        let alone = |facts: &StableFacts| StableFacts { permission_sets: BTreeMap::new(), ..facts.clone() };
        let (now, claimed_alone) = (alone(&self.facts.stable), alone(claimed));
        let made = self.record.as_ref().map(|record| &record.facts);
        let sets: Vec<_> = made.into_iter().chain([&self.facts.stable]).map(|facts| &facts.permission_sets).collect();
        let is_true = |(name, arn): (&String, &String)| sets.iter().any(|sets| sets.get(name) == Some(arn));
        if !claimed.permission_sets.iter().all(is_true) {
            return false;
        }
        let Some(made) = made.map(alone) else { return claimed_alone == now };
        let as_made = StableFacts { pod_security_version: made.pod_security_version.clone(), ..now.clone() };
        [now, made, as_made].contains(&claimed_alone)
    }
}
