//! What all connections of a daemon share: the target's clients, what they have read, the rate limits, and the counters.

use super::{ports::Ports, target};
use crate::{cli::daemon::Limits, resources::provider_config::Target};
use goldenpath_adapters::Request;
use goldenpath_daemon::{Metrics, Reads};
use plugin::Diagnostic;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A cluster may be recreated under its name, a kubeconfig rewritten, a profile changed: who connects later sees it.
const FRESH: Duration = Duration::from_secs(60);

pub(super) struct SharedTarget {
    target: Target,
    reads: Arc<Reads>,
    made: Mutex<Option<(Instant, Ports)>>,
}

// === impl SharedTarget ===

impl SharedTarget {
    pub(super) fn new(target: Target, reads: Arc<Reads>) -> Self {
        Self { target, reads, made: Mutex::default() }
    }

    pub(super) fn ports(&self) -> Result<Ports, Diagnostic> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, ports)) = &*made
            && at.elapsed() < FRESH
        {
            return Ok(ports.clone());
        }
        let ports = share(&self.reads, target::ports(self.target.clone(), false)?);
        *made = Some((Instant::now(), ports.clone()));
        Ok(ports)
    }
}

/// Whoever writes through these, or reads, counts for all.
pub(super) fn share(reads: &Arc<Reads>, ports: Ports) -> Ports {
    Ports { objects: reads.over_objects(ports.objects), clusters: reads.over_clusters(ports.clusters), ..ports }
}

pub(super) fn limit(limits: &Limits) {
    let Limits { aws_per_second, kubernetes_per_second, reads_shared_for: _ } = *limits;
    goldenpath_adapters::limit(goldenpath_adapters::Limits {
        aws_per_second,
        kubernetes_per_second: Some(kubernetes_per_second),
    });
}

pub(super) fn count(metrics: &Arc<Metrics>) {
    let metrics = metrics.clone();
    goldenpath_adapters::count_requests(move |request| match request {
        Request::Made { service, operation, code } => metrics.count_request(service, operation, code),
        Request::Waited { service, time } => metrics.count_wait(service, time),
    });
}
