//! What a daemon reports of what it does and knows, in the form in which it travels to its clients and is printed as JSON.

use crate::domain::{Phase, Problem, ResourceKind, Severity};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What the commands that look at a daemon ask of it.
#[async_trait]
pub trait DaemonReports: Send + Sync {
    async fn status(&self) -> Result<DaemonStatus, Problem>;
    async fn instances(&self) -> Result<Instances, Problem>;
    /// Those that run, and those that have ended and are still kept; the latest first.
    async fn operations(&self) -> Result<Vec<OperationReport>, Problem>;
    /// Shows events until the operation has ended, or of all operations until the daemon ends, for as long as they are wanted.
    async fn watch(&self, operation: Option<&str>, show: &mut Show<'_>) -> Result<(), Problem>;
    /// Whether the daemon leaves it alone between applies.
    async fn pause(&self, id: &str, is_paused: bool) -> Result<(), Problem>;
}

/// Whether more of them are wanted.
pub type Show<'a> = dyn FnMut(Event) -> bool + Send + 'a;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaemonStatus {
    pub release: String,
    pub api: u32,
    /// RFC 3339.
    pub started_at: String,
    pub running_operations: usize,
    /// Entries of the audit ledger.
    pub ledger_entries: u64,
    /// Whether it looks for drift between applies.
    pub reconciles: bool,
    pub clusters: Vec<ClusterReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterReport {
    pub cluster: String,
    /// When it was last compared; absent: not yet.
    pub compared_at: Option<String>,
    /// Why it can't be read now.
    pub unreachable: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    pub instances: Vec<InstanceReport>,
    pub clusters: Vec<ClusterReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceReport {
    pub id: String,
    pub kind: ResourceKind,
    pub team: String,
    /// Empty for a baseline.
    pub tier: String,
    pub golden_path: String,
    pub golden_path_version: String,
    pub phase: Phase,
    pub is_paused: bool,
    /// As it was last compared; absent: not yet.
    pub drift: Option<DriftReport>,
    pub last_operation: Option<OperationReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftReport {
    pub compared_at: String,
    /// Drift in words.
    pub drift: Vec<ReportedProblem>,
    /// Such as a golden path that is deprecated.
    pub notices: Vec<ReportedProblem>,
    /// The newest version of its golden path, if that is not its own.
    pub newest: Option<String>,
}

/// A problem as text: its reader may be of another release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedProblem {
    pub severity: Severity,
    pub code: String,
    pub summary: String,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    Running,
    Done,
    Failed,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationReport {
    pub id: String,
    pub verb: String,
    pub about: String,
    pub caller: String,
    pub accepted_at: String,
    pub ended_at: Option<String>,
    pub state: OperationState,
    /// How far it has come, or what came of it, in words.
    pub outcome: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Accepted,
    Began,
    Resumed,
    Step,
    Cancelled,
    Ended,
    Drift,
    Healed,
    Notice,
    Unreachable,
    Reachable,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub at: String,
    pub kind: EventKind,
    /// Empty where it is of no operation.
    pub operation: String,
    pub caller: String,
    pub verb: String,
    pub about: String,
    /// Of a step: how many are done, and of how many.
    pub done: usize,
    pub of: usize,
    pub text: String,
}

// === impl ReportedProblem ===

impl From<&Problem> for ReportedProblem {
    fn from(problem: &Problem) -> Self {
        let Problem { severity, code, summary, detail, field: _ } = problem;
        Self { severity: *severity, code: (*code).to_owned(), summary: summary.clone(), detail: detail.clone() }
    }
}

// === impl EventKind ===

impl EventKind {
    pub const ALL: [Self; 11] = [
        Self::Accepted,
        Self::Began,
        Self::Resumed,
        Self::Step,
        Self::Cancelled,
        Self::Ended,
        Self::Drift,
        Self::Healed,
        Self::Notice,
        Self::Unreachable,
        Self::Reachable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Began => "began",
            Self::Resumed => "resumed",
            Self::Step => "step",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
            Self::Drift => "drift",
            Self::Healed => "healed",
            Self::Notice => "notice",
            Self::Unreachable => "unreachable",
            Self::Reachable => "reachable",
        }
    }
}

/// `5 min`
pub fn age_in_words(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age_in_words;

    #[test]
    fn an_age_is_one_number() {
        for (seconds, expected, reason) in [
            (-3, "0 s", "clocks differ"),
            (119, "119 s", "seconds"),
            (120, "2 min", "minutes"),
            (7199, "119 min", "minutes still"),
            (7200, "2 h", "hours"),
            (172_800, "2 d", "days"),
        ] {
            assert_eq!(age_in_words(seconds), expected, "{reason}");
        }
    }
}
