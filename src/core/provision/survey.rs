//! All that is recorded on a cluster, for whoever looks after it between two applies.

use super::{EnsureRequest, Prior, Spec};
use crate::domain::{ClusterRef, Id, Problem, Record};
use async_trait::async_trait;
use std::time::Duration;

/// As for an apply without `timeouts`.
const HEALING: Duration = Duration::from_secs(30 * 60);

pub type Wanted<'a> = dyn Fn(&Record) -> bool + Send + Sync + 'a;

#[async_trait]
pub trait Survey: Send + Sync {
    /// The clusters that the target names by itself: its only one, or none.
    async fn clusters(&self) -> Result<Vec<ClusterRef>, Problem>;
    /// What is recorded on the cluster within the bounds, sorted by id.
    async fn records(&self, cluster: &ClusterRef) -> Result<Vec<Record>, Problem>;
    /// Of those of them that are wanted what is there now. The objects of the cluster are listed once, and `wanted` is asked of every
    /// record, so that whoever asks also knows what is recorded no more.
    async fn survey(&self, cluster: &ClusterRef, wanted: &Wanted<'_>) -> Result<Vec<Surveyed>, Problem>;
}

/// One instance, compared with what its record stands for.
#[derive(Clone, Debug)]
pub struct Surveyed {
    pub id: Id,
    pub record: Record,
    /// In words, with the field manager where there is one.
    pub drift: Vec<Problem>,
    /// What a date has brought: the golden path is deprecated or removed by now, an exemption from a policy has ended.
    pub notices: Vec<Problem>,
    /// The newest version of its golden path, if that is not its own.
    pub newest: Option<String>,
    /// `None`: nothing differs that an apply would put back.
    pub restorable: Option<Restorable>,
}

/// What an apply of the recorded request starts from.
#[derive(Clone, Debug)]
pub struct Restorable {
    pub spec: Spec,
    pub prior: Prior,
}

// === impl Surveyed ===

impl Surveyed {
    /// The apply that puts back what drifted: the recorded request, under the same `uid`, for as long as it is what is recorded.
    pub fn heal(&self) -> Option<EnsureRequest> {
        let Restorable { spec, prior } = self.restorable.clone()?;
        Some(EnsureRequest {
            facts: Some(self.record.facts.clone()),
            path: self.record.path(),
            prior: Some(prior),
            timeouts: self.record.timeouts.clone(),
            restores: Some(self.record.digest()),
            ..EnsureRequest::new(spec, HEALING)
        })
    }
}
