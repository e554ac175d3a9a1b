//! The engine: golden paths made true over ports.
//!
//! ```text
//! preview   prepare (pure) + what the target says of names, records and shares -> Preview
//! ensure    the same again, then: record -> objects in order -> what goes, in an order of its own -> record -> Outcome
//! observe   one listing for a whole connection -> lines, drift in words
//! remove    inventory of the record and of state -> deletion order -> record last
//! ```
//! Decisions are pure and stand in files of their own (`decide`, `claim`, `drift`, `shares`, `prepare`, `outcome`); effects
//! go through `target`, `steps`, `lease` and `run`.

mod adoption;
mod authentication;
mod cache;
mod claim;
mod decide;
mod drift;
mod ensure;
mod entries;
mod facts;
mod failure;
mod going;
mod lease;
mod observe;
mod outcome;
mod parent;
mod plans;
mod prepare;
mod preview;
mod proof;
mod record;
mod remove;
mod run;
mod shares;
mod steps;
mod target;

use super::{
    Cancel, EnsureRequest, Observation, ObserveRequest, Outcome, Preview, PreviewRequest, Provisioner, RemoveRequest,
    Removed,
};
use crate::{
    domain::{ClusterArn, ClusterRef, Facts, Id, Problem, Record},
    golden::Catalogue,
    ports::{Clock, Clusters, Objects, Probe},
};
use async_trait::async_trait;
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
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            at_most: 8,
            share_wait: Duration::from_secs(60),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            assumes_baseline: false,
        }
    }
}

/// One for each connection: what it has read and planned is nobody else's.
pub struct Engine {
    objects: Arc<dyn Objects>,
    probe: Arc<dyn Probe>,
    clock: Arc<dyn Clock>,
    catalogue: Arc<Catalogue>,
    config: EngineConfig,
    known: facts::Known,
    listings: cache::Listings,
    plans: plans::Plans,
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
        Self {
            objects,
            probe,
            clock,
            catalogue,
            config,
            known: facts::Known::new(clusters),
            listings: cache::Listings::default(),
            plans: plans::Plans::default(),
        }
    }

    /// For reads outside an operation.
    fn target<'a>(&'a self, cluster: &'a ClusterArn) -> target::TargetCalls<'a> {
        target::TargetCalls { objects: &*self.objects, clock: &*self.clock, cluster, until: None, cancel: None }
    }

    fn target_until<'a>(
        &'a self,
        cluster: &'a ClusterArn,
        until: Duration,
        cancel: &'a Cancel,
    ) -> target::TargetCalls<'a> {
        target::TargetCalls { until: Some(until), cancel: Some(cancel), ..self.target(cluster) }
    }

    async fn cluster_arn(&self, cluster: &ClusterRef) -> Result<ClusterArn, Problem> {
        match cluster.arn() {
            Some(arn) => Ok(arn),
            None => Ok(self.facts(cluster).await?.stable.cluster_arn),
        }
    }
}

/// The cluster part of an id as a reference; ids are checked when they are parsed.
fn cluster_of(id: &Id) -> Result<ClusterRef, Problem> {
    id.cluster().parse().map_err(|error: crate::domain::NameError| {
        Problem::error("cluster.name", error.to_string(), "correct the id").at(["cluster"])
    })
}

/// A fresh uid or operation id.
fn random_id(prefix: &str) -> Result<String, failure::Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| failure::Failure::Random(error.to_string()))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{hex}"))
}

#[async_trait]
impl Provisioner for Engine {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        self.known.facts(cluster).await.map_err(|error| facts::unreadable(cluster, error))
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        self.known.only().await.map_err(|error| failure::Failure::call("listing", "clusters", error).problem())
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        let cluster = self.cluster_arn(&cluster_of(id)?).await?;
        let found = self.target(&cluster).get(&record::key_of(id)).await.map_err(|failure| failure.problem())?;
        match found {
            Some(observed) => record::parse(&observed).map_err(|failure| failure.problem()),
            None => Ok(None),
        }
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        self.observe_all(request).await
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        self.preview_all(request).await
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        self.ensure_all(request).await
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        self.preview_remove_all(request).await
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        self.remove_all(request).await
    }
}

#[cfg(test)]
mod tests;
