//! Our own small document about one baseline, environment or slot, kept in the target itself as a ConfigMap in
//! `goldenpath-system`. Written before the first object and removed after the last, so that nothing is ever lost.

use super::{PathVersion, ResourceKind, StableFacts};
use serde::{Deserialize, Serialize};

/// More than come between an operation and its next run, whose daemon needs minutes to start again; a record stays small.
const MOST_WRITERS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Creating,
    Ready,
    Changing,
    Deleting,
}

// === impl Phase ===

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Changing => "changing",
            Self::Deleting => "deleting",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `<cluster>/<environment>[/<slot>]`
    pub id: String,
    /// New with every operation that creates, resumes or takes over: what distinguishes a live instance from a superseded one.
    pub uid: String,
    pub kind: ResourceKind,
    pub cluster_arn: String,
    pub team: String,
    /// Empty for a baseline.
    #[serde(default)]
    pub tier: String,
    pub golden_path: String,
    pub golden_path_version: String,
    pub golden_path_digest: String,
    /// The request as it was written, so that an import is followed by an empty plan; without its kind.
    pub spec: serde_json::Value,
    /// As they were written, for the same reason.
    #[serde(default)]
    pub timeouts: Option<serde_json::Value>,
    pub facts: StableFacts,
    /// Texts of [`super::ObjectKey`]: every object that exists or may exist.
    pub inventory: Vec<String>,
    pub phase: Phase,
    /// The change that is in progress or was interrupted; `None` once ready.
    #[serde(default)]
    pub operation: Option<Operation>,
    #[serde(default)]
    pub timings: Vec<Timing>,
    /// Ids of the operations that have written it, the last one last; the oldest are forgotten. One that is run again, since its end was
    /// lost, finds here whether it has ended, or whether another one has come since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writers: Vec<String>,
    /// When the last operation wrote it (RFC 3339).
    #[serde(default)]
    pub written_at: String,
    pub tool_version: String,
    /// Deletion protection was lifted outside of an apply, whatever `spec` says; the next apply ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unprotected: Option<Unprotected>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprotected {
    /// Who asked for it: as the target knows them, an ARN in AWS; a caller of a daemon as its ledger names it.
    pub by: String,
    /// RFC 3339.
    pub at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: String,
    /// `None`: it ended with an error and released the lease. Else it is alive for as long as `renewals` keeps moving.
    pub lease: Option<Lease>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Counts up; a waiter measures with its own clock how long it has stood still.
    pub renewals: u64,
    pub seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// `create`, `change`, ...
    pub phase: String,
    pub started_at: String,
    pub milliseconds: u64,
}

// === impl Record ===

impl Record {
    /// What it was made by. `None`: a later release wrote the version in another form.
    pub fn path(&self) -> Option<PathVersion> {
        let version = self.golden_path_version.parse().ok()?;
        Some(PathVersion { name: self.golden_path.clone(), version, digest: self.golden_path_digest.clone() })
    }

    /// With this operation as the last one.
    pub fn writers_with(&self, operation: &str) -> Vec<String> {
        let mut writers: Vec<String> = self.writers.iter().filter(|writer| *writer != operation).cloned().collect();
        writers.push(operation.to_owned());
        writers.split_off(writers.len().saturating_sub(MOST_WRITERS))
    }

    /// Of all that it says: another one means that somebody has written it.
    pub fn digest(&self) -> String {
        super::digest(&serde_json::to_string(self).unwrap_or_default())
    }

    /// Whether deletion protection has anything to hold. A create that never ended has nothing inside that anybody could miss.
    pub fn holds_protection(&self) -> bool {
        self.phase != Phase::Creating && self.unprotected.is_none()
    }
}
