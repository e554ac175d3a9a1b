//! One connection: the ports that it works over, and what it has read and planned. Knows no stage.

mod announced;
mod cluster;
mod kept;
mod listings;
mod memory;

pub use announced::Announced;
pub use memory::ShareClaim;

use super::{
    failure::Failure,
    target::{FEW_TRIES, Moment, TargetCalls},
};
use crate::{
    domain::{ClusterArn, Problem, release},
    golden::{Catalogue, Descriptor, RESOURCES},
    policy::Bounds,
    ports::{Clock, Clusters, Objects, Probe},
};
use cluster::KnownClusters;
use listings::Listings;
use memory::Memory;
use std::{sync::Arc, time::Duration};

/// What differs between a person's machine, a test and a daemon.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// How long a record may stand still before another operation takes it for abandoned; renewed every third of it.
    pub lease: Duration,
    /// Calls in flight at once: new EKS control planes throttle writes (aws/containers-roadmap#2800).
    pub at_most: usize,
    /// How long an apply of a slot waits for its siblings to become smaller. They may be queued behind it, so it is short.
    pub share_wait: Duration,
    /// Written into records.
    pub tool_version: String,
    /// The target knows no objects (offline): what each cluster must have is taken to be there.
    pub assumes_baseline: bool,
    /// What this process may touch; all of them hold.
    pub bounds: Vec<Bounds>,
    /// Requests come from somebody who has none of our credentials, and may claim anything.
    pub verifies: bool,
    /// For whom it works, where that is not whom the target knows; written into records.
    pub caller: Option<String>,
    /// One for all connections that share what they read.
    pub announced: Arc<Announced>,
    /// The golden resources that there are.
    pub resources: &'static [&'static dyn Descriptor],
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            at_most: 8,
            share_wait: Duration::from_secs(60),
            tool_version: release().to_owned(),
            assumes_baseline: false,
            bounds: vec![],
            verifies: false,
            caller: None,
            announced: Arc::default(),
            resources: RESOURCES,
        }
    }
}

/// One for each connection: what it has read and planned is nobody else's.
pub struct Engine {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) config: EngineConfig,
    pub(super) clusters: KnownClusters,
    pub(super) listings: Listings,
    pub(super) memory: Memory,
}

// === impl Engine ===

impl Engine {
    pub fn new(
        objects: Arc<dyn Objects>,
        clusters: Arc<dyn Clusters>,
        probe: Arc<dyn Probe>,
        clock: Arc<dyn Clock>,
        catalogue: Arc<Catalogue>,
        config: EngineConfig,
    ) -> Self {
        let clusters = KnownClusters::new(clusters);
        let (listings, memory) = (Listings::new(config.announced.clone()), Memory::default());
        Self { objects, probe, clock, catalogue, config, clusters, listings, memory }
    }

    pub(super) fn target<'a>(&'a self, cluster: &'a ClusterArn, moment: Moment<'a>) -> TargetCalls<'a> {
        let (tries, until, cancel) = match moment {
            Moment::Plan => (0, None, None),
            Moment::PlanAgain => (FEW_TRIES, None, None),
            Moment::Apply { until, cancel } => (FEW_TRIES, Some(until), Some(cancel)),
        };
        TargetCalls { objects: &*self.objects, clock: &*self.clock, cluster, tries, until, cancel }
    }
}

/// A fresh id of an operation, wherever it is carried out.
pub fn operation_id() -> Result<String, Problem> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Random(error.to_string()))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("op-{hex}"))
}
