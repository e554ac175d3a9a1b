//! What a refresh reads of one instance, through the connection's listing.

use super::{
    authentication::Authentication,
    facts::{pin_pod_security, replacement, same_target, unreadable},
    objects::read_more,
};
use crate::{
    domain::{ClusterArn, ClusterRef, Facts, Id, ObjectKey, Observed, Problem, StableFacts, role_names},
    golden::{Blueprint, Parent},
    ports::{Scope, Selector},
    provision::{
        ObserveRequest,
        engine::{connection::Engine, failure::Failure, record, target::Moment},
    },
};
use futures_util::future::{Either, select};
use std::{collections::BTreeSet, pin::pin, time::Duration};

/// IAM and EKS are eventually consistent: what state and the record both name may just not be seen for a moment.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(500);

pub struct InstanceGround {
    pub target: String,
    pub facts: StableFacts,
    pub parent: Option<Parent>,
    /// Of a whole cluster, for its baseline.
    pub authentication: Option<Authentication>,
    /// It is not the cluster that state remembers.
    pub replaced: Option<Problem>,
}

impl Engine {
    pub async fn gather_instance(&self, request: &ObserveRequest) -> Result<InstanceGround, Problem> {
        let ObserveRequest { id, spec, facts: remembered, parent, .. } = request;
        let cluster = spec.as_ref().map_or_else(|| id.cluster_ref(), |spec| spec.cluster());
        let cluster = cluster.map_err(|error| Problem::wrong_cluster(&error))?;
        if let Some(environment) = id.environment() {
            self.config.announced.announce(environment);
        }
        let target = self.clusters.target(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        same_target(&id.to_string(), request.target.as_deref(), &target)?;
        let now = self.facts_and_listing(request, &cluster).await?;
        let replaced = replacement(remembered.as_ref(), &now.stable);
        let facts = pin_pod_security(id, now.stable, remembered.as_ref());
        let parent = match id.parent() {
            Some(id) => self.find_parent(id, &facts, parent.as_ref(), Moment::Plan).await?,
            None => None,
        };
        let authentication = match id.owner() {
            None => Some(self.gather_authentication(id, &cluster, &now.authentication_mode).await),
            Some(_) => None,
        };
        Ok(InstanceGround { target, facts, parent, authentication, replaced })
    }

    /// At the same time. A cluster whose facts cannot be read is reported at once, whatever the listing waits for.
    async fn facts_and_listing(&self, request: &ObserveRequest, cluster: &ClusterRef) -> Result<Facts, Problem> {
        let facts = async { self.clusters.facts(cluster).await.map_err(|error| unreadable(cluster, error)) };
        match select(pin!(facts), pin!(self.read_ahead(request))).await {
            Either::Left((facts, listing)) => {
                let facts = facts?;
                listing.await?;
                Ok(facts)
            }
            Either::Right((listed, facts)) => {
                let facts = facts.await?;
                listed?;
                Ok(facts)
            }
        }
    }

    /// Beside the facts, where state knows the cluster.
    async fn read_ahead(&self, request: &ObserveRequest) -> Result<(), Failure> {
        let Some(facts) = &request.facts else { return Ok(()) };
        let keys: Vec<ObjectKey> = instance_keys(request, None).into_iter().collect();
        self.listings.begin(&self.target(&facts.cluster_arn, Moment::Plan), &request.id, &keys).await
    }

    /// All that is its own, and what state and the golden path name, whoever owns it.
    pub async fn gather_owned(
        &self,
        request: &ObserveRequest,
        ground: &InstanceGround,
        blueprint: Option<&Blueprint>,
    ) -> Result<Vec<Observed>, Failure> {
        let keys = instance_keys(request, blueprint);
        let roles = roles_of_people(request, ground, &keys);
        let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
        let all: Vec<ObjectKey> = keys.union(&roles).cloned().collect();
        let mut observed = self.listings.take(&target, &request.id, &all).await?;
        let is_missing = |key: &ObjectKey| key.is_aws() && !observed.iter().any(|object| object.key == *key);
        let missing: Vec<ObjectKey> = record::keys(record::find(&request.id, &observed)?.as_ref())
            .filter(|key| request.objects.contains_key(&key.to_string()))
            .chain(roles)
            .filter(is_missing)
            .collect();
        if !missing.is_empty() {
            self.clock.sleep(ASKED_AGAIN_AFTER).await;
            observed.extend(target.observe(&Selector { scope: Scope::Keys, keys: missing }).await?);
        }
        Ok(observed)
    }

    /// Right after an import only the record knows the request, and the request knows the keys.
    pub async fn gather_rest(
        &self,
        request: &ObserveRequest,
        ground: &InstanceGround,
        blueprint: Option<&Blueprint>,
        observed: &mut Vec<Observed>,
    ) -> Result<(), Failure> {
        let read = instance_keys(request, None);
        let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
        let keys = instance_keys(request, blueprint);
        let roles = roles_of_people(request, ground, &keys);
        read_more(&target, keys.difference(&read).chain(&roles), observed).await
    }
}

/// Roles of its environment that a slot's access policies rest on: others' objects, and yet it shows whether they are there.
fn roles_of_people(
    request: &ObserveRequest,
    ground: &InstanceGround,
    keys: &BTreeSet<ObjectKey>,
) -> BTreeSet<ObjectKey> {
    keys.iter().filter_map(|key| role_of_people(&request.id, &ground.facts.cluster_arn, key)).collect()
}

/// Of an access policy of a slot: the role of its principal, if its environment makes it for a persona.
pub fn role_of_people(id: &Id, cluster: &ClusterArn, key: &ObjectKey) -> Option<ObjectKey> {
    let (ObjectKey::AccessPolicy { principal, .. }, Some(environment)) = (key, id.parent()) else { return None };
    let (_, path) = principal.split_once(&format!(":iam::{}:role/", cluster.account()))?;
    let name = path.rsplit('/').next()?;
    role_names(cluster, &environment.into()).iter().any(|own| own == name).then(|| ObjectKey::role(name))
}

/// Keys of what state, the golden path and the record know of it.
pub fn instance_keys(request: &ObserveRequest, blueprint: Option<&Blueprint>) -> BTreeSet<ObjectKey> {
    let desired = blueprint.into_iter().flat_map(|blueprint| blueprint.objects.iter().map(|d| d.key.clone()));
    let state = request.objects.keys().filter_map(|key| key.parse().ok());
    desired.chain(state).chain([record::key_of(&request.id)]).collect()
}
