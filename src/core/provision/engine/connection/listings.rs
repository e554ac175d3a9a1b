//! One listing for all reads of a connection, so that refreshing N environments does not cost N times the calls.
//!
//! The first environment is read by its own selector; the second distinct one switches to one listing of all
//! that is ours, and every later one is taken from it. Who is about to read says so before the facts are there, so a plan of
//! many environments begins with the listing of all. Whoever has read its objects takes them along (memory must not
//! hold a cluster twice), and asking again reads that environment afresh. Apply never reads here; it only says what it
//! has touched.

use super::{announced::Announced, kept::Kept};
use crate::{
    domain::{Id, ObjectKey, Observed, Owner, Ownership},
    kinds::{
        self, Refresh,
        kubernetes::{pod_disruption_budget, role_binding},
    },
    ports::{Scope, Selector},
    provision::engine::{
        failure::Failure,
        record::{self, is_record},
        target::TargetCalls,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use tokio::sync::Mutex;

pub struct Listings {
    by_cluster: Mutex<HashMap<String, Listing>>,
    announced: Arc<Announced>,
}

#[derive(Default)]
struct Listing {
    extent: Extent,
    /// What each owner has not read yet.
    parts: BTreeMap<Owner, Vec<Observed>>,
    /// Owners whose part was taken: asking again needs a fresh look.
    spent: BTreeSet<Owner>,
    /// Environments that an apply has touched since.
    stale: BTreeSet<String>,
    /// Never taken along: Namespaces, in which slots own annotations, and what belongs to the cluster.
    common: Kept,
    /// Never taken along: what others made beside a slot, by its namespace, which may be its environment's.
    foreign: BTreeMap<String, BTreeMap<ObjectKey, Observed>>,
    /// Never taken along: siblings' shares are judged by them.
    records: Kept,
    /// Keys looked up one by one: `None` is known to be absent.
    looked_up: BTreeMap<ObjectKey, Option<Observed>>,
}

/// How far one listing reaches.
#[derive(Default, PartialEq, Eq)]
enum Extent {
    #[default]
    Nothing,
    Environment(String),
    Everything,
}

// === impl Listings ===

impl Listings {
    pub fn new(announced: Arc<Announced>) -> Self {
        Self { by_cluster: Mutex::default(), announced }
    }

    /// Reads ahead what `take` will want, as far as it is known: these keys are those of state.
    pub async fn begin(&self, target: &TargetCalls<'_>, id: &Id, keys: &[ObjectKey]) -> Result<(), Failure> {
        let Some(owner) = id.owner() else { return Ok(()) };
        let mut all = self.by_cluster.lock().await;
        let listing = all.entry(target.cluster.to_string()).or_default();
        let environment = owner.environment.as_str();
        let are_many = self.announced.are_many(target.cluster, environment);
        let is_spent = listing.spent.contains(&owner);
        listing.reach(target, environment, keys, is_spent, are_many).await.map(|_| ())
    }

    /// All that is this id's, its record included, and these keys whoever owns them. The lock is held while the target is read:
    /// ten readers at once cause one listing.
    pub async fn take(&self, target: &TargetCalls<'_>, id: &Id, keys: &[ObjectKey]) -> Result<Vec<Observed>, Failure> {
        let mut all = self.by_cluster.lock().await;
        let listing = all.entry(target.cluster.to_string()).or_default();
        let Some(owner) = id.owner() else {
            // The baseline: few objects under fixed names, and one of it in each cluster.
            let selector = Selector { scope: Scope::Keys, keys: keys.to_vec() };
            return target.observe(&selector).await;
        };
        let environment = owner.environment.as_str();
        let are_many = self.announced.are_many(target.cluster, environment);
        let fresh = listing.reach(target, environment, keys, listing.spent.contains(&owner), are_many).await?;
        let mut objects = listing.part(&owner);
        if !fresh && !objects.iter().any(|object| is_of(object, &owner)) {
            // It may be younger than the listing; "gone" is never said from memory.
            listing.read(target, environment, keys).await?;
            objects = listing.part(&owner);
        }
        listing.spent.insert(owner);
        listing.look_up(target, &objects, keys).await?;
        let have: BTreeSet<ObjectKey> = objects.iter().map(|object| object.key.clone()).collect();
        let wanted = keys.iter().filter(|key| !have.contains(key));
        objects.extend(wanted.filter_map(|key| listing.get(key)).cloned());
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// The records of one environment's slots and its own, as the listing holds them.
    pub async fn records(&self, target: &TargetCalls<'_>, environment: &str) -> Result<Vec<Observed>, Failure> {
        let mut all = self.by_cluster.lock().await;
        let listing = all.entry(target.cluster.to_string()).or_default();
        let are_many = self.announced.are_many(target.cluster, environment);
        listing.reach(target, environment, &[], false, are_many).await?;
        Ok(listing.records.of_environment(environment).cloned().collect())
    }

    /// An apply changes what this environment's parts say.
    pub async fn forget(&self, cluster: &str, environment: &str) {
        let mut all = self.by_cluster.lock().await;
        let Some(listing) = all.get_mut(cluster) else { return };
        listing.parts.retain(|owner, _| owner.environment != environment);
        listing.stale.insert(environment.to_owned());
        listing.looked_up.clear();
    }
}

// === impl Listing ===

impl Listing {
    /// Makes the listing reach this environment. True when it was read just now.
    async fn reach(
        &mut self,
        target: &TargetCalls<'_>,
        environment: &str,
        keys: &[ObjectKey],
        spent: bool,
        are_many: bool,
    ) -> Result<bool, Failure> {
        match &self.extent {
            Extent::Nothing if !are_many => {
                self.read(target, environment, keys).await?;
                self.extent = Extent::Environment(environment.to_owned());
                Ok(true)
            }
            Extent::Nothing => {
                self.read_everything(target, keys).await?;
                Ok(true)
            }
            Extent::Environment(known) if known != environment => {
                self.read_everything(target, keys).await?;
                Ok(true)
            }
            _ if spent || self.stale.contains(environment) => {
                self.read(target, environment, keys).await?;
                Ok(true)
            }
            Extent::Environment(_) | Extent::Everything => Ok(false),
        }
    }

    /// The records come first, since they name entries and associations: most of a cluster's belong to others.
    async fn read_everything(&mut self, target: &TargetCalls<'_>, keys: &[ObjectKey]) -> Result<(), Failure> {
        let records = target.observe(&Selector { scope: Scope::Records, keys: vec![] }).await?;
        let is_named =
            |key: &ObjectKey| key.is_aws() && kinds::of(key).is_some_and(|kind| kind.refresh == Refresh::Named);
        let mut named: BTreeSet<ObjectKey> = keys.iter().filter(|key| is_named(key)).cloned().collect();
        // One after another: a thousand at once would be the most memory that a plan takes.
        for record in records {
            let record = record::parse(&record).ok().flatten();
            named.extend(record::keys(record.as_ref()).filter(is_named));
        }
        let refresh = Selector { scope: Scope::Refresh, keys: named.into_iter().collect() };
        let observed = target.observe(&refresh).await?;
        *self = Self { extent: Extent::Everything, looked_up: std::mem::take(&mut self.looked_up), ..Self::default() };
        // One that was not returned may be another state's, whose objects we may not read: whoever wants it looks for it.
        self.file(observed, is_entry);
        Ok(())
    }

    /// Reads one environment afresh. Entries are the cluster's and in no environment's listing: what the caller will want of
    /// them is read at the same time.
    async fn read(&mut self, target: &TargetCalls<'_>, environment: &str, keys: &[ObjectKey]) -> Result<(), Failure> {
        let selector = Selector {
            scope: Scope::Environment(environment.to_owned()),
            keys: keys.iter().filter(|key| is_entry(key)).cloned().collect(),
        };
        let observed = target.observe(&selector).await?;
        self.looked_up.extend(selector.keys.iter().map(|key| (key.clone(), None)));
        self.parts.retain(|owner, _| owner.environment != environment);
        self.spent.retain(|owner| owner.environment != environment);
        self.stale.remove(environment);
        self.records.remove_environment(environment);
        for home in self.common.of_environment(environment).filter_map(|object| object.key.as_namespace()) {
            self.foreign.remove(home);
        }
        self.common.remove_environment(environment);
        self.file(observed, |key| selector.keys.contains(key));
        Ok(())
    }

    /// An owner's objects, its record and its Namespaces included.
    fn part(&mut self, owner: &Owner) -> Vec<Observed> {
        let mut objects = self.parts.remove(owner).unwrap_or_default();
        objects.extend(self.common.of_owner(owner).chain(self.records.of_owner(owner)).cloned());
        let places: BTreeSet<&str> = objects.iter().filter_map(|object| place(&object.key)).collect();
        let beside: Vec<&BTreeMap<ObjectKey, Observed>> =
            places.into_iter().filter_map(|place| self.foreign.get(place)).collect();
        objects.extend(beside.into_iter().flat_map(BTreeMap::values).cloned());
        objects
    }

    /// `is_looked_up`: of keys that were asked for one by one.
    fn file(&mut self, observed: Vec<Observed>, is_looked_up: impl Fn(&ObjectKey) -> bool) {
        // A foreign RoleBinding belongs to whoever owns the namespace that it grants permissions in, as an access policy does. So
        // does one that carries somebody's mark without a field of ours: nobody would see it where the mark says.
        let mut grants = vec![];
        for object in observed {
            match &object.ownership {
                _ if is_looked_up(&object.key) => {
                    self.looked_up.insert(object.key.clone(), Some(object));
                }
                _ if is_record(&object.key) => {
                    self.records.insert(object);
                }
                _ if object.key.kind() == role_binding::KIND.name && !object.has_field_of_ours() => grants.push(object),
                Ownership::Ours(owner) if object.key.kind() != "Namespace" => {
                    self.parts.entry(owner.clone()).or_default().push(object);
                }
                Ownership::Ours(_) => {
                    self.common.insert(object);
                }
                Ownership::Cluster if object.key.kind() != "AccessPolicy" => {
                    self.common.insert(object);
                }
                Ownership::Foreign { .. } if object.key.kind() == pod_disruption_budget::KIND.name => {
                    let place = place(&object.key).unwrap_or_default().to_owned();
                    self.foreign.entry(place).or_default().insert(object.key.clone(), object);
                }
                Ownership::Cluster | Ownership::Foreign { .. } => grants.push(object),
            }
        }
        for object in grants {
            let (ObjectKey::Kube { namespace: Some(namespace), .. } | ObjectKey::AccessPolicy { namespace, .. }) =
                &object.key
            else {
                continue;
            };
            let owner = self.common.get(&ObjectKey::namespace_object(namespace)).map(|object| object.ownership.clone());
            match (owner, &object.ownership) {
                (Some(Ownership::Ours(owner)), _) => self.parts.entry(owner).or_default().push(object),
                (_, Ownership::Cluster) => {
                    self.common.insert(object);
                }
                _ => {}
            }
        }
    }

    /// Keys that no listing shows: objects without our mark, such as an access entry that someone else made.
    async fn look_up(
        &mut self,
        target: &TargetCalls<'_>,
        have: &[Observed],
        keys: &[ObjectKey],
    ) -> Result<(), Failure> {
        let have: BTreeSet<&ObjectKey> = have.iter().map(|object| &object.key).collect();
        let unknown: Vec<ObjectKey> = keys
            .iter()
            .filter(|key| !is_record(key) && !have.contains(key) && self.get(key).is_none())
            .filter(|key| !self.looked_up.contains_key(key))
            .cloned()
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let found = target.observe(&Selector { scope: Scope::Keys, keys: unknown.clone() }).await?;
        self.looked_up.extend(unknown.into_iter().map(|key| (key, None)));
        self.looked_up.extend(found.into_iter().map(|object| (object.key.clone(), Some(object))));
        Ok(())
    }

    fn get(&self, key: &ObjectKey) -> Option<&Observed> {
        self.common.get(key).or_else(|| self.looked_up.get(key)?.as_ref())
    }
}

fn is_entry(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::AccessEntry { .. })
}

fn place(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Kube { namespace, .. } => namespace.as_deref(),
        _ => None,
    }
}

fn is_of(object: &Observed, owner: &Owner) -> bool {
    matches!(&object.ownership, Ownership::Ours(other) if other == owner)
}
