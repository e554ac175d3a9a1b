//! What a removal needs to know. State's keys are read too: they are the inventory when the record is lost.

use super::{
    facts::{same_target, unreadable},
    objects::own_selector,
};
use crate::{
    domain::{Class, ClusterRef, Facts, ObjectKey, Observed, Owner, Ownership, Problem, Record, StableFacts},
    ports::{PortError, Scope, Selector},
    provision::{
        RemoveRequest,
        engine::{
            connection::Engine,
            record,
            target::Moment,
            watch::{Hold, Watch},
        },
    },
};
/// The cluster that something is removed from.
pub enum LeftCluster {
    There(Facts),
    /// EKS no longer knows it, in its own account: what was in it is gone with it, and the roles of the account are left.
    Gone(StableFacts),
}

/// What is there of it.
pub struct Leaving {
    /// With a record what is in the cluster, else all of it.
    pub observed: Vec<Observed>,
    /// Of what is in AWS it is the inventory: each of these is looked at as it is deleted.
    pub record: Option<Record>,
    pub hold: Hold,
    /// Records of what lives in it.
    pub dependants: Vec<ObjectKey>,
}

impl Engine {
    /// Another target is an error, as far as a plan can reach it.
    pub async fn gather_same_target(&self, request: &RemoveRequest) -> Result<(), Problem> {
        let cluster = request.id.cluster_ref().map_err(|error| Problem::wrong_cluster(&error))?;
        let Some(state) = &request.target else { return Ok(()) };
        match self.clusters.target(&cluster).await {
            Ok(target) => same_target(&request.id.to_string(), Some(state), &target),
            Err(_) => Ok(()),
        }
    }

    /// Whether the record says that deletion protection holds nothing of this instance.
    pub async fn gather_unprotected(&self, request: &RemoveRequest) -> bool {
        let Some(facts) = &request.facts else { return false };
        let found = self.target(&facts.cluster_arn, Moment::Plan).get(&record::key_of(&request.id)).await;
        let record = found.ok().flatten().and_then(|observed| record::parse(&observed).ok().flatten());
        record.is_some_and(|record| !record.holds_protection() && record.uid == request.uid)
    }

    pub async fn gather_left_cluster(&self, request: &RemoveRequest) -> Result<LeftCluster, Problem> {
        let cluster = request.id.cluster_ref().map_err(|error| Problem::wrong_cluster(&error))?;
        let facts = match (self.clusters.facts(&cluster).await, &request.facts) {
            (Ok(facts), _) => facts,
            (Err(error), Some(facts)) if error.class == Class::NotFound => {
                return self.gather_absence(facts, error).await.map(|()| LeftCluster::Gone(facts.clone()));
            }
            (Err(error), _) => return Err(unreadable(&cluster, error)),
        };
        let target = self.clusters.target(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        same_target(&request.id.to_string(), request.target.as_deref(), &target)?;
        Ok(LeftCluster::There(facts))
    }

    /// The error arm: `by_name` or the target itself says that it is not known to be gone. Credentials of another account find nothing
    /// under a name either, and a wrong profile must not empty a state: of an ARN a target knows whether it would have it.
    async fn gather_absence(&self, facts: &StableFacts, by_name: PortError) -> Result<(), Problem> {
        let arn: ClusterRef = facts.cluster_arn.as_str().parse().map_err(|error| Problem::wrong_cluster(&error))?;
        match self.clusters.target(&arn).await {
            Err(error) if error.class == Class::NotFound => Ok(()),
            Err(error) => Err(unreadable(&arn, error)),
            Ok(_) => Err(unreadable(&arn, by_name)),
        }
    }

    pub async fn gather_leaving(
        &self,
        request: &RemoveRequest,
        facts: &StableFacts,
        watch: &mut Watch,
        moment: Moment<'_>,
    ) -> Result<Leaving, Problem> {
        let id = &request.id;
        let target = self.target(&facts.cluster_arn, moment);
        let in_cluster = request.keys.iter().filter(|key| !key.is_aws()).cloned();
        let Selector { scope, keys } = own_selector(id, in_cluster);
        let scope = id.owner().map_or(scope, |owner| Scope::InCluster(owner.environment));
        let mut observed = target.observe(&Selector { scope, keys }).await?;
        let record = record::find(id, &observed)?;
        if let (None, Some(owner)) = (&record, id.owner()) {
            let Selector { keys, .. } = own_selector(id, request.keys.iter().cloned());
            let scope = Scope::Environment(owner.environment);
            observed = target.observe(&Selector { scope, keys }).await?;
        }
        let hold = watch.look(record.as_ref().and_then(|record| record.operation.as_ref()), target.clock.elapsed());
        let own = record::key_of(id);
        let records: Vec<ObjectKey> = match id.owner() {
            Some(Owner { slot: Some(_), .. }) => vec![],
            Some(_) => {
                let of_slot =
                    |object: &&Observed| matches!(&object.ownership, Ownership::Ours(owner) if owner.slot.is_some());
                observed.iter().filter(of_slot).map(|object| object.key.clone()).collect()
            }
            None => {
                let records = target.observe(&Selector { scope: Scope::Records, keys: vec![] }).await?;
                records.into_iter().map(|object| object.key).collect()
            }
        };
        let dependants = records.into_iter().filter(|key| *key != own && record::is_record(key)).collect();
        Ok(Leaving { observed, record, hold, dependants })
    }
}
