//! What the target has of what was rendered: the objects, their record, and everything else that may speak against a change.

use super::{authentication::Authentication, ground::Ground, item::Item, shares::Lowered};
use crate::{
    domain::{
        AcceptedPath, Class, Facts, Id, ObjectKey, Observed, Owner, Ownership, Phase, Problem, Record, RoleQuotas,
    },
    golden::{Blueprint, recorded},
    ports::{Expect, Scope, Selector},
    provision::engine::{
        connection::{Engine, ShareClaim},
        failure::Failure,
        record,
        request::ChangeRequest,
        target::{Moment, TargetCalls},
        watch::{Hold, Watch},
    },
};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What the baseline says that environments may be made by; `None`: anything, or it was not read.
    pub accepted: Option<BTreeMap<String, AcceptedPath>>,
    /// Of an environment whose total is lowered.
    pub lowered: Option<Lowered>,
    /// Of the Namespaces that a plan adds, and of the entries that it adds access policies to, those that are there.
    pub taken: Vec<Observed>,
    /// Of what lives in the environment, where a plan drops a namespace. An apply finds them among the objects.
    pub records: Vec<Record>,
}

pub struct Objects {
    pub observed: Vec<Observed>,
    pub record: Option<Record>,
    pub hold: Hold,
    /// What a create replaces under another id.
    pub replaced: Option<(Id, Record)>,
    pub has_baseline: bool,
    /// In the record's inventory or in state.
    pub known: BTreeSet<ObjectKey>,
    /// What the records of others name, where a shared entry is no longer wanted here.
    pub named: BTreeSet<String>,
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
            accepted: None,
            lowered: None,
            taken: vec![],
            records: vec![],
        }
    }
}

// === impl Objects ===

impl Objects {
    pub fn get(&self, key: &ObjectKey) -> Option<&Observed> {
        self.observed.iter().find(|object| object.key == *key)
    }

    /// How a first write must find the object.
    pub fn expect(&self, key: &ObjectKey) -> Expect {
        self.get(key).map_or(Expect::Absent, |object| Expect::Version(object.version.clone()))
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
                accepted: self.accepted_again(change, ground, blueprint).await,
                lowered: self.gather_lowered(change, ground, None).await,
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
                Item::Undecided(vec![undecided(&change.id, &failure)])
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
        let accepted = objects.known().and_then(|objects| self.accepted(&change.id, &objects.observed));
        let observed = objects.known().map(|objects| objects.observed.as_slice());
        let lowered = self.gather_lowered(change, ground, observed).await;
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
            accepted,
            lowered,
            taken,
            records,
        }
    }

    /// Planned over this connection, else recorded.
    fn accepted(&self, id: &Id, observed: &[Observed]) -> Option<BTreeMap<String, AcceptedPath>> {
        id.owner()?;
        let recorded = || {
            let baseline = observed.iter().find(|object| object.key == record::baseline_key())?;
            recorded(self.config.resources, &record::parse(baseline).ok()??)
        };
        self.memory.baseline(id.cluster()).or_else(recorded)?.common().accepted.cloned()
    }

    /// A plan of something that exists reads it where another golden path than before is to make it.
    async fn accepted_again(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
        blueprint: &Blueprint,
    ) -> Option<BTreeMap<String, AcceptedPath>> {
        if change.id.owner().is_none() || change.path == Some(&blueprint.summary.path) {
            return None;
        }
        let target = self.target(&ground.facts.cluster_arn, change.moment);
        let observed = target.get(&record::baseline_key()).await.ok()?;
        self.accepted(&change.id, observed.as_slice())
    }

    /// A plan of something that exists reads only the names and entries that it adds; none where they can't be read, apply reads them again.
    async fn gather_taken(&self, change: &ChangeRequest<'_>, ground: &Ground, blueprint: &Blueprint) -> Vec<Observed> {
        let keys = [change.new_namespaces(blueprint), change.newly_granted(blueprint)].concat();
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

    async fn gather_objects(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
        blueprint: &Blueprint,
        watch: &mut Watch,
    ) -> Result<Objects, Failure> {
        let id = &change.id;
        let target = self.target(&ground.facts.cluster_arn, change.moment);
        let mut known = change.state_keys();
        let mut keys: BTreeSet<ObjectKey> = blueprint.objects.iter().map(|desired| desired.key.clone()).collect();
        if change.prior.is_none() {
            leave_out_new_policies(&mut keys);
        }
        keys.extend(known.iter().cloned());
        let replacing = change.replacing.filter(|_| change.is_plan());
        let replaced = replacing.and_then(|old| id.parse_like(&old.id)).filter(|old| old != id);
        keys.extend(replaced.as_ref().map(record::key_of));
        let absent = if change.is_plan() { BTreeSet::new() } else { self.memory.take_absent(id) };
        let selector = own_selector(id, keys.into_iter().filter(|key| !absent.contains(key)));
        // A plan of a create looks at nothing but the names that it wants.
        let scope = if change.is_plan() { Scope::Keys } else { selector.scope };
        let mut observed = target.observe(&Selector { scope, keys: selector.keys.clone() }).await?;
        if matches!(change.moment, Moment::PlanAgain) {
            let is_absent = |key: &&ObjectKey| key.is_aws() && !observed.iter().any(|object| object.key == **key);
            self.memory.remember_absent(id, selector.keys.iter().filter(is_absent).cloned().collect());
        }
        let record = record::find(id, &observed)?;
        let replaced = replaced.and_then(|old| Some((record::find(&old, &observed).ok()??, old)));
        known.extend(record::keys(record.as_ref()));
        read_more(
            &target,
            known.iter().filter(|key| !selector.keys.contains(key) && !absent.contains(key)),
            &mut observed,
        )
        .await?;
        let operation = record.as_ref().and_then(|record| record.operation.as_ref());
        let hold = if change.is_plan() { Hold::Free } else { watch.look(operation, target.clock.elapsed()) };
        let is_unwanted = |object: &&Observed| {
            known.contains(&object.key) && !blueprint.objects.iter().any(|desired| desired.key == object.key)
        };
        let has_unwanted_entry = observed.iter().filter(is_unwanted).any(is_shared_entry);
        let named = match has_unwanted_entry && !change.is_plan() {
            true => named_elsewhere(&target, id).await?,
            false => BTreeSet::new(),
        };
        let has_baseline = id.owner().is_none() || observed.iter().any(|object| object.key == record::baseline_key());
        let is_expected = self.config.assumes_baseline || self.memory.baseline(id.cluster()).is_some();
        Ok(Objects {
            has_baseline: has_baseline || (change.is_plan() && is_expected),
            replaced: replaced.map(|(record, old)| (old, record)),
            observed,
            record,
            hold,
            known,
            named,
        })
    }
}

/// Access policies that a slot's create adds to its environment's entries: its namespace is new, so there are none, and one that somebody
/// else has associated meanwhile is met by the write. Reading them would cost two requests for each person and slot.
fn leave_out_new_policies(keys: &mut BTreeSet<ObjectKey>) {
    let entries: BTreeSet<String> = keys
        .iter()
        .filter_map(|key| match key {
            ObjectKey::AccessEntry { principal } => Some(principal.clone()),
            _ => None,
        })
        .collect();
    keys.retain(|key| match key {
        ObjectKey::AccessPolicy { principal, .. } => entries.contains(principal),
        _ => true,
    });
}

/// Everything of one id: its environment's listing, and these keys. Of a slot the names of all that it may have in AWS are rendered or
/// known, so that AWS is not asked for what its siblings have.
pub fn own_selector(id: &Id, keys: impl IntoIterator<Item = ObjectKey>) -> Selector {
    let mut keys: BTreeSet<ObjectKey> = keys.into_iter().collect();
    keys.extend([record::key_of(id), record::baseline_key()]);
    let scope = match id.owner() {
        None => Scope::Keys,
        Some(Owner { environment, slot: None }) => Scope::Environment(environment),
        Some(Owner { environment, slot: Some(_) }) => Scope::InCluster(environment),
    };
    Selector { scope, keys: keys.into_iter().collect() }
}

/// Of these keys, the objects that were not seen yet.
pub async fn read_more<'k>(
    target: &TargetCalls<'_>,
    keys: impl Iterator<Item = &'k ObjectKey>,
    observed: &mut Vec<Observed>,
) -> Result<(), Failure> {
    let unseen = keys.filter(|key| !observed.iter().any(|object| object.key == **key));
    let keys: Vec<ObjectKey> = unseen.cloned().collect();
    if !keys.is_empty() {
        observed.extend(target.observe(&Selector { scope: Scope::Keys, keys }).await?);
    }
    Ok(())
}

/// An access entry that environments of the cluster share.
pub fn is_shared_entry(object: &Observed) -> bool {
    matches!(object.key, ObjectKey::AccessEntry { .. }) && object.ownership == Ownership::Cluster
}

/// Objects that the other records of the cluster name. Records that are being deleted hold on to nothing, or two removals at
/// once would each leave a shared entry to the other.
pub async fn named_elsewhere(target: &TargetCalls<'_>, id: &Id) -> Result<BTreeSet<String>, Failure> {
    let own = record::key_of(id);
    let records = target.observe(&Selector { scope: Scope::Records, keys: vec![] }).await?;
    let mut named = BTreeSet::new();
    for object in records.iter().filter(|object| object.key != own) {
        if let Some(record) = record::parse(object)?.filter(|record| record.phase != Phase::Deleting) {
            named.extend(record.inventory);
        }
    }
    Ok(named)
}

fn undecided(id: &Id, failure: &Failure) -> Problem {
    Problem::warning(
        "create.undecided",
        format!("Undecided: whether the names of {id} are free"),
        format!("{failure}. It is read again at apply, before anything is changed."),
    )
}
