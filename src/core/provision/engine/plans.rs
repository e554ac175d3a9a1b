//! What one connection has planned or applied a moment ago: the baseline of a cluster, the environment that a slot of the
//! same run lives in, and its siblings' shares. Freed with the connection; nothing is decided for another one.

use super::shares::{Amounts, Claim};
use crate::{
    domain::{EnvironmentId, SlotId},
    golden::Parent,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Default)]
pub(super) struct Plans(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// Names of clusters whose baseline this run makes.
    baselines: HashSet<String>,
    environments: HashMap<EnvironmentId, Parent>,
    /// As recorded, rendered once for all slots that ask; anything planned here comes before it.
    recorded: HashMap<EnvironmentId, Parent>,
    shares: HashMap<EnvironmentId, BTreeMap<String, Amounts>>,
}

// === impl Plans ===

impl Plans {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn remember_baseline(&self, cluster: &str) {
        self.lock().baselines.insert(cluster.to_owned());
    }

    pub(super) fn has_baseline(&self, cluster: &str) -> bool {
        self.lock().baselines.contains(cluster)
    }

    pub(super) fn remember(&self, id: &EnvironmentId, parent: Parent) {
        self.lock().environments.insert(id.clone(), parent);
    }

    pub(super) fn remember_recorded(&self, id: &EnvironmentId, parent: Parent) {
        self.lock().recorded.insert(id.clone(), parent);
    }

    pub(super) fn parent(&self, id: &EnvironmentId) -> Option<Parent> {
        self.lock().environments.get(id).cloned()
    }

    pub(super) fn recorded_parent(&self, id: &EnvironmentId) -> Option<Parent> {
        self.lock().recorded.get(id).cloned()
    }

    /// Empty amounts: it is planned to go.
    pub(super) fn share(&self, id: &SlotId, amounts: Amounts) {
        self.lock().shares.entry(id.environment.clone()).or_default().insert(id.slot.to_string(), amounts);
    }

    /// Every slot of the environment, recorded or planned, by name.
    pub(super) fn claims(&self, id: &EnvironmentId, recorded: BTreeMap<String, Amounts>) -> BTreeMap<String, Claim> {
        let mut claims: BTreeMap<String, Claim> = recorded
            .into_iter()
            .map(|(slot, amounts)| (slot, Claim { recorded: Some(amounts), planned: None }))
            .collect();
        for (slot, amounts) in self.lock().shares.get(id).into_iter().flatten() {
            claims.entry(slot.clone()).or_default().planned = Some(amounts.clone());
        }
        claims
    }
}
