//! The trait, its requests and its results: all that the rest of the program knows of the engine.

use crate::{
    domain::{
        ClusterRef, Facts, Id, Late, ObjectKey, Outputs, PathVersion, Problem, Quantity, Record, StableFacts,
        Unprotected, VersionConstraint,
    },
    golden::{Parent, Spec},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
pub use tokio_util::sync::CancellationToken as Cancel;

#[async_trait]
pub trait Provisioner: Send + Sync {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem>;
    /// The one cluster of the target, when there is just one: what a short reference to an environment means.
    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem>;
    /// The record of something that exists; for import.
    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem>;
    /// Files for the application's own repository, by the record. `None`: there is none.
    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem>;
    /// What exists now by the record alone; for data sources. `None`: there is no record.
    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem>;
    /// A version of a golden path, as the catalogue that decides has it; for data sources.
    async fn golden_path(&self, wanted: &WantedPath) -> Result<PathReport, Problem>;
    /// What exists now, read at most once per connection and kind; for refresh.
    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem>;
    /// What an ensure would do. Makes no change.
    async fn preview(&self, request: PreviewRequest) -> Preview;
    /// Makes it so. Whatever exists afterwards is in the outcome, also when a step failed.
    async fn ensure(&self, request: EnsureRequest) -> Outcome;
    /// What a remove would lose, as problems: errors refuse it.
    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem>;
    async fn remove(&self, request: RemoveRequest) -> Removed;
    /// Lifts deletion protection until the next apply.
    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem>;
}

/// A golden path by its name and the versions that are admitted; `None`: the default one, and any.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedPath {
    pub name: Option<String>,
    pub version: Option<VersionConstraint>,
}

/// What a platform team says of one version, and what that means today.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathReport {
    pub name: String,
    pub version: String,
    pub digest: String,
    pub description: String,
    pub owner: Option<String>,
    /// `supported`, `deprecated` or `removed`.
    pub status: String,
    pub reason: Option<String>,
    /// As `2027-01-31`.
    pub removal: Option<String>,
    pub days_left: Option<i32>,
    pub successor: Option<String>,
    pub changelog: Vec<String>,
    pub tiers: Vec<String>,
    /// All of the path, in ascending order.
    pub versions: Vec<String>,
}

/// What state knows of something that exists.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    pub spec: Spec,
    pub uid: String,
    pub target: Option<String>,
    /// Key text -> line, as last observed.
    pub objects: BTreeMap<String, String>,
    /// The last change ended with an error: what differs is unfinished work and not drift.
    pub incomplete: bool,
    /// The output of that name.
    pub identity_ready: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObserveRequest {
    pub id: Id,
    /// From state; `None` right after an import.
    pub uid: Option<String>,
    pub target: Option<String>,
    pub spec: Option<Spec>,
    pub facts: Option<StableFacts>,
    /// What it was made by.
    pub path: Option<PathVersion>,
    pub parent: Option<Parent>,
    /// From state: an object with an equal digest keeps its prior line.
    pub objects: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// No record and no owned object; with what is known of why.
    Gone(Vec<Problem>),
    Here(Box<ObservedInstance>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedInstance {
    pub uid: String,
    pub target: String,
    pub objects: BTreeMap<String, String>,
    pub facts: StableFacts,
    pub parent: Option<Parent>,
    /// Absent when the record is lost.
    pub record: Option<Record>,
    /// Computed attributes as they are now: fills state after an import; generated ids that changed.
    pub outputs: Option<Outputs>,
    /// Drift in words: which field, which field manager. Warnings.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    pub record: Record,
    pub outputs: Outputs,
    /// What only a data source shows.
    pub described: Outputs,
    /// Namespace -> resource -> what is left of its quota at this moment.
    pub quota_left: BTreeMap<String, BTreeMap<String, Quantity>>,
    /// Versions of its golden path, in ascending order.
    pub newer: Vec<String>,
}

// === impl ObserveRequest ===

impl ObserveRequest {
    /// By the record alone: there is no state to compare with.
    pub fn by_record(id: Id, record: &Record) -> Self {
        Self { facts: Some(record.facts.clone()), path: record.path(), ..Self::without_record(id) }
    }

    /// By the id alone, as right after an import.
    pub fn without_record(id: Id) -> Self {
        Self {
            id,
            uid: None,
            target: None,
            spec: None,
            facts: None,
            path: None,
            parent: None,
            objects: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    pub spec: Spec,
    /// From private bytes.
    pub facts: Option<StableFacts>,
    /// What it was made by.
    pub path: Option<PathVersion>,
    pub parent: Option<Parent>,
    /// `Some`: an update.
    pub prior: Option<Prior>,
    /// A create that replaces (private bytes of the first half of a replacement say so).
    pub replacing: Option<Replacing>,
    /// Which of the requests it is that this may turn out to be, where not all of it is known yet.
    pub variant: usize,
    /// Core may be applying and make its plan again: what is out of reach is an error, since the plan that was approved knew it.
    pub again: bool,
}

// === impl PreviewRequest ===

impl PreviewRequest {
    /// Of something that nothing was made of yet.
    pub fn new(spec: Spec) -> Self {
        Self { spec, facts: None, path: None, parent: None, prior: None, replacing: None, variant: 0, again: false }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacing {
    pub id: String,
    pub uid: String,
    /// Deletion protection as it was in the prior state.
    pub protected: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// `None`: nothing can be rendered yet; `problems` says why as a warning, or holds the errors.
    pub decided: Option<Decided>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// With `objects` filled in. Drift that is only reported keeps the observed line.
    pub outputs: Outputs,
    pub facts: StableFacts,
    pub parent: Option<Parent>,
    pub protected: bool,
    /// How many environments the one that it lives in may turn out to be.
    pub variants: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsureRequest {
    pub spec: Spec,
    pub facts: Option<StableFacts>,
    /// What it was made by.
    pub path: Option<PathVersion>,
    pub parent: Option<Parent>,
    pub prior: Option<Prior>,
    pub replacing: Option<Replacing>,
    /// What the plan promised of `objects`; `None` where it was unknown as a whole. A promise that can't be kept is an
    /// error before anything is changed.
    pub planned: Option<BTreeMap<String, Late<String>>>,
    pub planned_target: Option<String>,
    /// The version of the golden path that the plan showed.
    pub planned_version: Option<String>,
    /// As they were written, for the record.
    pub timeouts: Option<serde_json::Value>,
    /// Nobody's wish: it puts back what drifted from the record with this digest, and ends where there is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<String>,
    pub timeout: Duration,
    #[serde(skip)]
    pub cancel: Cancel,
}

// === impl EnsureRequest ===

impl EnsureRequest {
    /// Of something that nothing was made of yet, without a plan that promised anything.
    pub fn new(spec: Spec, timeout: Duration) -> Self {
        Self {
            spec,
            facts: None,
            path: None,
            parent: None,
            prior: None,
            replacing: None,
            planned: None,
            planned_target: None,
            planned_version: None,
            timeouts: None,
            restores: None,
            timeout,
            cancel: Cancel::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// `None`: nothing was made or changed, and the record is not ours.
    pub exists: Option<Exists>,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exists {
    pub outputs: Outputs,
    pub uid: String,
    pub facts: StableFacts,
    pub path: PathVersion,
    pub parent: Option<Parent>,
    pub protected: bool,
    /// All of it is as desired.
    pub complete: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveRequest {
    pub id: Id,
    pub uid: String,
    pub target: Option<String>,
    pub facts: Option<StableFacts>,
    /// Keys of `objects` in state: the inventory when the record is lost.
    pub keys: Vec<ObjectKey>,
    /// Deletion protection in the prior state.
    pub protected: bool,
    /// This delete belongs to a replacement whose create has the same id: an unfinished one is handed over untouched.
    pub hand_over: bool,
    pub timeout: Duration,
    #[serde(skip)]
    pub cancel: Cancel,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    pub gone: bool,
    /// What is still there, when it is not gone; `None`: nothing was begun, and all of it is as it was.
    pub objects: Option<BTreeMap<String, String>>,
    pub problems: Vec<Problem>,
}

#[cfg(test)]
mod tests;
