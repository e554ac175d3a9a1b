//! What one connection has planned or applied: the baseline of a cluster, the environment that a slot of the
//! same run lives in, and its siblings' shares. Dropped with the connection; nothing is decided for another one.

use crate::{
    domain::{EnvironmentId, Id, ObjectKey},
    golden::{Amounts, Parent, Spec},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// One slot of an environment, as far as this connection knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareClaim {
    pub recorded: Option<Amounts>,
    /// Planned or applied over this connection; empty amounts: it is planned to be deleted.
    pub planned: Option<Amounts>,
}

#[derive(Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// By cluster: the baseline that this run makes.
    baselines: HashMap<String, Spec>,
    /// More than one where not all of the request is known: what it may turn out to be.
    environments: HashMap<EnvironmentId, Vec<Parent>>,
    /// As recorded, rendered once for all slots that need it; anything planned here comes before it.
    recorded: HashMap<EnvironmentId, Parent>,
    shares: HashMap<EnvironmentId, BTreeMap<String, Amounts>>,
    /// What the plan within an apply has just not found of AWS. Whatever is made expects that, so that a mistake shows.
    absent: HashMap<Id, BTreeSet<ObjectKey>>,
    /// By cluster and name: who has planned it.
    namespaces: HashMap<(String, String), Id>,
}

// === impl Memory ===

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the slots of the same run may count on: the cluster's baseline, or their environment.
    pub fn remember(&self, spec: &Spec, variant: usize, parent: Option<Parent>) {
        let id = &spec.id();
        match (id.environment(), parent) {
            (None, _) => {
                self.lock().baselines.insert(id.cluster().to_owned(), spec.clone());
            }
            (Some(id), Some(parent)) => {
                let mut known = self.lock();
                let parents = known.environments.entry(id.clone()).or_default();
                if variant == 0 {
                    parents.clear();
                }
                if !parents.contains(&parent) {
                    parents.push(parent);
                }
            }
            (Some(_), None) => {}
        }
    }

    pub fn baseline(&self, cluster: &str) -> Option<Spec> {
        self.lock().baselines.get(cluster).cloned()
    }

    pub fn remember_recorded(&self, id: &EnvironmentId, parent: Parent) {
        self.lock().recorded.insert(id.clone(), parent);
    }

    pub fn planned_parent(&self, id: &EnvironmentId, variant: usize) -> Option<Parent> {
        let known = self.lock();
        known.environments.get(id).and_then(|parents| parents.get(variant % parents.len().max(1))).cloned()
    }

    pub fn recorded_parent(&self, id: &EnvironmentId) -> Option<Parent> {
        self.lock().recorded.get(id).cloned()
    }

    pub fn remember_absent(&self, id: &Id, keys: BTreeSet<ObjectKey>) {
        self.lock().absent.insert(id.clone(), keys);
    }

    /// Once: a second look is a fresh one.
    pub fn take_absent(&self, id: &Id) -> BTreeSet<ObjectKey> {
        self.lock().absent.remove(id).unwrap_or_default()
    }

    /// How many it may turn out to be.
    pub fn count_parents(&self, id: &EnvironmentId) -> usize {
        self.lock().environments.get(id).map_or(1, Vec::len).max(1)
    }

    /// What a slot takes of its environment's total; empty amounts: it is planned to be deleted. Of anything else nothing is kept.
    /// Of a request that is not known whole the least of what it may turn out to be.
    pub fn remember_share(&self, id: &Id, variant: usize, mut amounts: Amounts) {
        let (Some(parent), Some(slot)) = (id.parent(), id.part()) else { return };
        let mut known = self.lock();
        let shares = known.shares.entry(parent.clone()).or_default();
        if let Some(earlier) = shares.get(&slot).filter(|_| variant > 0) {
            amounts.retain(|key, _| earlier.contains_key(key));
            for (key, amount) in &mut amounts {
                *amount = amount.clone().min(earlier[key].clone());
            }
        }
        shares.insert(slot, amounts);
    }

    /// Those of these namespaces that something else of this run has planned, and what.
    pub fn claim_namespaces(&self, id: &Id, namespaces: &[String]) -> Vec<(String, Id)> {
        let mut known = self.lock();
        known.namespaces.retain(|_, owner| owner != id);
        let mut rivals = vec![];
        for namespace in namespaces {
            let claimed = known.namespaces.entry((id.cluster().to_owned(), namespace.clone()));
            let owner = claimed.or_insert_with(|| id.clone());
            if owner != id {
                rivals.push((namespace.clone(), owner.clone()));
            }
        }
        rivals
    }

    /// Every slot of the environment, recorded or planned, by name.
    pub fn claims(&self, id: &EnvironmentId, recorded: BTreeMap<String, Amounts>) -> BTreeMap<String, ShareClaim> {
        let mut claims: BTreeMap<String, ShareClaim> = recorded
            .into_iter()
            .map(|(slot, amounts)| (slot, ShareClaim { recorded: Some(amounts), planned: None }))
            .collect();
        for (slot, amounts) in self.lock().shares.get(id).into_iter().flatten() {
            claims.entry(slot.clone()).or_default().planned = Some(amounts.clone());
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{golden::QuotaPart, provision::engine::fixtures::slot};
    use serde_json::json;

    fn amounts(given: &[(&str, &str)]) -> Amounts {
        let amount = |(resource, text): &(&str, &str)| {
            ((QuotaPart::Own, (*resource).to_owned()), text.parse().expect("a quantity"))
        };
        given.iter().map(amount).collect()
    }

    #[test]
    fn a_share_is_the_least_of_what_a_request_may_turn_out_to_be() {
        let id = slot("pay", "ledger", json!({})).id();
        for (planned, expected, reason) in [
            (vec![(0, amounts(&[("cpu", "2")]))], amounts(&[("cpu", "2")]), "it is known"),
            (vec![(1, amounts(&[("cpu", "2")]))], amounts(&[("cpu", "2")]), "none came before"),
            (
                vec![(0, amounts(&[("cpu", "2")])), (1, amounts(&[("cpu", "1")]))],
                amounts(&[("cpu", "1")]),
                "the later one is less",
            ),
            (
                vec![(0, amounts(&[("cpu", "1")])), (1, amounts(&[("cpu", "2")]))],
                amounts(&[("cpu", "1")]),
                "the earlier one is less",
            ),
            (
                vec![(0, amounts(&[("cpu", "3")])), (1, amounts(&[("cpu", "2")])), (2, amounts(&[("cpu", "4")]))],
                amounts(&[("cpu", "2")]),
                "the one between is the least of three",
            ),
            (
                vec![(0, amounts(&[("cpu", "2"), ("memory", "1Gi")])), (1, amounts(&[("cpu", "2")]))],
                amounts(&[("cpu", "2")]),
                "the later one takes no memory",
            ),
            (
                vec![(0, amounts(&[("cpu", "2")])), (1, amounts(&[("cpu", "2"), ("memory", "1Gi")]))],
                amounts(&[("cpu", "2")]),
                "the earlier one takes no memory",
            ),
            (
                vec![(0, amounts(&[("cpu", "1")])), (0, amounts(&[("cpu", "2")]))],
                amounts(&[("cpu", "2")]),
                "a plan that is made again begins again",
            ),
        ] {
            let memory = Memory::default();
            for (variant, taken) in planned {
                memory.remember_share(&id, variant, taken);
            }
            let claims = memory.claims(id.parent().expect("an environment"), BTreeMap::new());
            let claim = ShareClaim { recorded: None, planned: Some(expected) };
            assert_eq!(claims, BTreeMap::from([("ledger".to_owned(), claim)]), "{reason}");
        }
    }
}
