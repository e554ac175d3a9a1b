//! What may speak against a change: what the target has of what was rendered, and everything else that is read beside it.

use super::{authentication::Authentication, ground::Ground, item::Item, objects::Objects, shares::Lowered};
use crate::{
    domain::{Class, Facts, Id, Observed, Problem, Record, RoleQuotas},
    golden::{Blueprint, Spec, spec_of},
    ports::{Scope, Selector},
    provision::engine::{
        connection::{Engine, ShareClaim},
        failure::Failure,
        record,
        request::ChangeRequest,
        watch::Watch,
    },
};
use std::collections::BTreeMap;

pub struct Found {
    pub authentication: Item<Authentication>,
    /// What the request relies on and others make; `None`: it was not read.
    pub cluster: Option<Facts>,
    /// Whether IAM knows the issuer of an identity by IRSA; `None`: there is none, or it was not read.
    pub knows_issuer: Option<bool>,
    /// Of the account; `None`: they were not read.
    pub role_quotas: Option<RoleQuotas>,
    /// By ARN: whether it exists.
    pub boundaries: Vec<(String, Item<bool>)>,
    pub objects: Item<Objects>,
    /// Every slot of the environment, by name, where a plan changes a share.
    pub shares: Option<BTreeMap<String, ShareClaim>>,
    /// Namespaces that something else of this run has planned, and what.
    pub rivals: Vec<(String, Id)>,
    /// The cluster's baseline, which says what environments may be made by; `None`: there is none, or it was not read.
    pub baseline: Option<Spec>,
    /// Of an environment whose total is lowered, or whose slots take more of it by other terms.
    pub lowered: Option<Lowered>,
    /// Of what a plan adds to the whole cluster, Namespaces among it, and of the entries that it adds access policies to, what is there.
    pub taken: Vec<Observed>,
    /// Of what lives in the environment, where a plan drops a namespace. An apply finds them among the objects.
    pub records: Vec<Record>,
}

// === impl Found ===

impl Found {
    /// Nothing of what the target has.
    pub fn unread() -> Self {
        Self {
            authentication: Item::unread(),
            cluster: None,
            knows_issuer: None,
            role_quotas: None,
            boundaries: vec![],
            objects: Item::unread(),
            shares: None,
            rivals: vec![],
            baseline: None,
            lowered: None,
            taken: vec![],
            records: vec![],
        }
    }
}

impl Engine {
    /// `watch`: who was seen at work on the record, and since when. A plan of something that exists reads nothing of it.
    pub async fn gather_found(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
        blueprint: &Blueprint,
        watch: &mut Watch,
    ) -> Found {
        let shares = if change.is_plan() { self.gather_shares(change, ground).await } else { None };
        let role_quotas = self.gather_role_quotas(ground, blueprint).await;
        let rivals = self.memory.claim_namespaces(&change.id, &blueprint.summary.namespaces);
        if change.is_plan() && change.prior.is_some() {
            return Found {
                authentication: Item::unread(),
                cluster: self.cluster_again(change, ground).await,
                knows_issuer: self.knows_issuer(change, ground, blueprint).await,
                role_quotas,
                boundaries: vec![],
                objects: Item::unread(),
                shares,
                rivals,
                baseline: self.baseline_again(change, ground, blueprint).await,
                lowered: self.gather_lowered(change, ground, None, None).await,
                taken: self.gather_taken(change, ground, blueprint).await,
                records: self.gather_records(change, ground, blueprint).await,
            };
        }
        let facts = self.cluster_facts(change, ground).await;
        let authentication = self.authentication_of(change, facts.as_ref()).await;
        let objects = match self.gather_objects(change, ground, blueprint, watch).await {
            Ok(objects) => Item::Known(objects),
            Err(failure)
                if failure.class() == Some(Class::Unavailable) && change.may_leave_open(Class::Unavailable) =>
            {
                Item::Undecided(vec![undecided_names(&change.id, &failure)])
            }
            Err(failure) => Item::Refused(failure.problem()),
        };
        let mut boundaries = vec![];
        for arn in &blueprint.summary.boundaries {
            let exists = match self.clusters.policy_exists(&ground.facts, arn).await {
                Ok(exists) => Item::Known(exists),
                Err(_) if change.is_plan() => Item::unread(),
                Err(error) => Item::Refused(Failure::call("look for", arn, error).problem()),
            };
            boundaries.push((arn.clone(), exists));
        }
        let baseline = objects.value().and_then(|objects| self.baseline(&change.id, &objects.observed));
        let observed = objects.value().map(|objects| objects.observed.as_slice());
        let before = objects.value().and_then(|objects| objects.record.as_ref());
        let lowered = self.gather_lowered(change, ground, before, observed).await;
        let (taken, records) = (vec![], vec![]);
        Found {
            authentication,
            cluster: facts,
            knows_issuer: self.knows_issuer(change, ground, blueprint).await,
            role_quotas,
            boundaries,
            objects,
            shares,
            rivals,
            baseline,
            lowered,
            taken,
            records,
        }
    }

    /// Planned over this connection, else recorded.
    fn baseline(&self, id: &Id, observed: &[Observed]) -> Option<Spec> {
        id.owner()?;
        let recorded = || {
            let baseline = observed.iter().find(|object| object.key == record::baseline_key())?;
            spec_of(self.config.resources, &record::parse(baseline).ok()??)
        };
        self.memory.baseline(id.cluster()).or_else(recorded)
    }

    /// A plan of something that exists reads it where another golden path than before is to make it, or another namespace is made.
    async fn baseline_again(&self, change: &ChangeRequest<'_>, ground: &Ground, blueprint: &Blueprint) -> Option<Spec> {
        let is_as_before = change.path == Some(&blueprint.summary.path) && change.new_names(blueprint).next().is_none();
        if change.id.owner().is_none() || is_as_before {
            return None;
        }
        let target = self.target(&ground.facts.cluster_arn, change.moment);
        let observed = target.get(&record::baseline_key()).await.ok()?;
        self.baseline(&change.id, observed.as_slice())
    }

    /// A plan of something that exists reads only the names and entries that it adds; none where they can't be read, apply reads them again.
    async fn gather_taken(&self, change: &ChangeRequest<'_>, ground: &Ground, blueprint: &Blueprint) -> Vec<Observed> {
        let keys = [change.new_in_cluster(blueprint), change.new_grants(blueprint)].concat();
        if keys.is_empty() {
            return vec![];
        }
        let target = self.target(&ground.facts.cluster_arn, change.moment);
        target.observe(&Selector { scope: Scope::Keys, keys }).await.unwrap_or_default()
    }

    /// None where they can't be read: apply reads them again.
    async fn gather_records(&self, change: &ChangeRequest<'_>, ground: &Ground, blueprint: &Blueprint) -> Vec<Record> {
        match change.id.owner() {
            Some(owner) if !change.lost_namespaces(blueprint).is_empty() => {
                let target = self.target(&ground.facts.cluster_arn, change.moment);
                let observed = self.listings.records(&target, &owner.environment).await;
                record::all(&observed.unwrap_or_default())
            }
            _ => vec![],
        }
    }

    /// Of a cluster that can be read; a plan is "undecided" already of any other.
    async fn cluster_facts(&self, change: &ChangeRequest<'_>, ground: &Ground) -> Option<Facts> {
        match &ground.cluster {
            Some(facts) => Some(facts.clone()),
            None => self.clusters.facts(&change.spec.cluster().ok()?).await.ok(),
        }
    }

    /// A plan of something that exists reads them where its request changes; mostly its refresh has done so.
    async fn cluster_again(&self, change: &ChangeRequest<'_>, ground: &Ground) -> Option<Facts> {
        match change.is_another_request() {
            true => self.cluster_facts(change, ground).await,
            false => None,
        }
    }

    /// Only a plan says it: who may make the provider of the issuer makes it in the same run, or before.
    async fn knows_issuer(&self, change: &ChangeRequest<'_>, ground: &Ground, blueprint: &Blueprint) -> Option<bool> {
        let is_asked = change.is_plan() && change.is_another_request();
        let issuer = blueprint.summary.issuer.as_deref().filter(|_| is_asked)?;
        self.clusters.oidc_provider_exists(&ground.facts, issuer).await.ok()
    }

    async fn authentication_of(&self, change: &ChangeRequest<'_>, facts: Option<&Facts>) -> Item<Authentication> {
        match (change.spec.cluster(), facts) {
            (Ok(cluster), Some(facts)) => {
                Item::Known(self.gather_authentication(&change.id, &cluster, &facts.authentication_mode).await)
            }
            _ => Item::unread(),
        }
    }
}

fn undecided_names(id: &Id, failure: &Failure) -> Problem {
    let words = failure.words();
    Problem::warning(
        "create.undecided",
        format!("Undecided: whether the names of {id} are free"),
        format!("{words}. It is read again at apply, before anything is changed."),
    )
}
