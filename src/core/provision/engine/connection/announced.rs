//! Environments that a read has begun with: as soon as there are several, one listing of all is read instead of each by itself. The
//! connections of a daemon share it, since what they list they share as well.

use crate::domain::{ClusterArn, EnvironmentId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A plan of many environments asks for all of them within a moment. Whoever asks for one much later is alone with it.
const COUNTS_FOR: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct Announced(Mutex<BTreeMap<EnvironmentId, Instant>>);

// === impl Announced ===

impl Announced {
    pub fn announce(&self, environment: &EnvironmentId) {
        let mut announced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|_, at| at.elapsed() < COUNTS_FOR);
        announced.insert(environment.clone(), Instant::now());
    }

    /// Whether more than this environment of the cluster is wanted.
    pub fn are_many(&self, cluster: &ClusterArn, environment: &str) -> bool {
        let announced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |at: &Instant| at.elapsed() < COUNTS_FOR;
        announced
            .iter()
            .any(|(id, at)| id.cluster == cluster.name() && id.environment.as_str() != environment && counts(at))
    }
}
