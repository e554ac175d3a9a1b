//! The objects that the target has of what was rendered, and their record.

use super::ground::Ground;
use crate::{
    domain::{Id, ObjectKey, Observed, Owner, Ownership, Phase, Record},
    golden::Blueprint,
    ports::{Expect, Scope, Selector},
    provision::engine::{
        connection::Engine,
        failure::Failure,
        record,
        request::ChangeRequest,
        target::{Moment, TargetCalls},
        watch::{Hold, Watch},
    },
};
use std::collections::BTreeSet;

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
    pub(super) async fn gather_objects(
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
