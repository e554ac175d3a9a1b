//! What is shown of each instance and operation, in words. Pure.

use goldenpath_core::{
    domain::{Phase, ResourceKind},
    provision::{ClusterReport, DriftReport, InstanceReport, Instances, OperationReport, OperationState, age_in_words},
};
use jiff::Timestamp;

/// A word with a colour that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    pub tone: &'static str,
    pub text: String,
}

/// A time, and how long ago that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: String,
    pub ago: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRow {
    pub id: String,
    /// Such as `Change` or `Removal`.
    pub verb: &'static str,
    pub about: String,
    pub caller: String,
    pub accepted: Moment,
    pub ended: Option<Moment>,
    pub state: Badge,
    pub outcome: String,
    /// Of one that runs and has said how far it has come.
    pub progress: Option<(u32, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRow {
    pub id: String,
    /// In its cluster or environment.
    pub name: String,
    pub kind: String,
    pub team: String,
    pub tier: String,
    pub path: String,
    pub newest: Option<String>,
    pub state: Badge,
    pub drift: Badge,
    /// Of an environment: how many slots are in it.
    pub slots: Option<Badge>,
    pub last: Option<OperationRow>,
}

pub struct ClusterRows {
    pub name: String,
    pub state: Badge,
    pub compared: Option<Moment>,
    pub baseline: Option<InstanceRow>,
    pub environments: Vec<InstanceRow>,
    /// Besides those that are wanted.
    pub others: usize,
}

// === impl Badge ===

impl Badge {
    pub fn new(tone: &'static str, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

// === impl OperationRow ===

impl OperationRow {
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }
}

// === impl Moment ===

impl Moment {
    pub fn new(at: &str, now: Timestamp) -> Self {
        let ago = at.parse::<Timestamp>().map(|at| age_in_words(now.as_second() - at.as_second()));
        Self { at: at.to_owned(), ago: ago.map_or_else(|_| at.to_owned(), |age| format!("{age} ago")) }
    }
}

pub fn operation_row(report: &OperationReport, now: Timestamp) -> OperationRow {
    let OperationReport { id, verb, about, caller, accepted_at, ended_at, state, outcome } = report.clone();
    // What the badge says already.
    let outcome = match outcome.as_str() {
        "done" | "cancelled" => String::new(),
        outcome => outcome.strip_prefix("failed: ").unwrap_or(outcome).to_owned(),
    };
    let state = match state {
        OperationState::Running => Badge::new("busy", "running"),
        OperationState::Done => Badge::new("good", "done"),
        OperationState::Failed => Badge::new("bad", "failed"),
        OperationState::Cancelled => Badge::new("warn", "cancelled"),
    };
    OperationRow {
        id,
        verb: if verb == "remove" { "Removal" } else { "Change" },
        about,
        caller,
        accepted: Moment::new(&accepted_at, now),
        ended: ended_at.map(|at| Moment::new(&at, now)),
        state,
        progress: progress(&outcome),
        outcome,
    }
}

/// `3 of 22: Namespace pay`, as an operation that runs says it.
fn progress(outcome: &str) -> Option<(u32, u32)> {
    let (done, of) = outcome.split_once(':')?.0.split_once(" of ")?;
    Some((done.parse().ok()?, of.parse().ok()?))
}

pub fn instance_row(report: &InstanceReport, now: Timestamp) -> InstanceRow {
    let InstanceReport { id, kind, team, tier, golden_path, golden_path_version, phase, is_paused, .. } =
        report.clone();
    let state = match (phase, is_paused) {
        (Phase::Ready, false) => Badge::new("good", "ready"),
        (Phase::Ready, true) => Badge::new("calm", "ready, paused"),
        (phase, false) => Badge::new("busy", phase.as_str()),
        (phase, true) => Badge::new("busy", format!("{}, paused", phase.as_str())),
    };
    InstanceRow {
        name: id.rsplit('/').next().unwrap_or_default().to_owned(),
        id,
        kind: kind.to_string(),
        team,
        tier,
        path: format!("{golden_path} {golden_path_version}"),
        newest: report.drift.as_ref().and_then(|known| known.newest.clone()),
        state,
        drift: drift(report.drift.as_ref()),
        slots: None,
        last: report.last_operation.as_ref().map(|operation| operation_row(operation, now)),
    }
}

fn drift(known: Option<&DriftReport>) -> Badge {
    match known.map(|known| known.drift.len()) {
        None => Badge::new("calm", "not compared"),
        Some(0) => Badge::new("good", "none"),
        Some(1) => Badge::new("warn", "1 finding"),
        Some(many) => Badge::new("warn", format!("{many} findings")),
    }
}

/// Those environments in which each wanted word stands somewhere.
pub fn clusters(listed: &Instances, wanted: &str, now: Timestamp) -> Vec<ClusterRows> {
    listed.clusters.iter().map(|cluster| of_cluster(cluster, &listed.instances, wanted, now)).collect()
}

fn of_cluster(report: &ClusterReport, all: &[InstanceReport], wanted: &str, now: Timestamp) -> ClusterRows {
    let ClusterReport { cluster, compared_at, unreachable } = report;
    let inside = format!("{cluster}/");
    let environments = all.iter().filter(|one| one.kind == ResourceKind::ENVIRONMENT && one.id.starts_with(&inside));
    let rows: Vec<InstanceRow> = environments.map(|one| with_slots(one, all, now)).collect();
    let count = rows.len();
    let environments: Vec<InstanceRow> = rows.into_iter().filter(|row| is_wanted(row, wanted)).collect();
    ClusterRows {
        name: cluster.clone(),
        state: match unreachable {
            Some(why) => Badge::new("bad", format!("out of reach: {why}")),
            None => Badge::new("good", "within reach"),
        },
        compared: compared_at.as_ref().map(|at| Moment::new(at, now)),
        baseline: all.iter().find(|one| one.id == *cluster).map(|one| instance_row(one, now)),
        others: count - environments.len(),
        environments,
    }
}

fn with_slots(environment: &InstanceReport, all: &[InstanceReport], now: Timestamp) -> InstanceRow {
    let slots: Vec<&InstanceReport> = slots_of(&environment.id, all).collect();
    let has_drifted = |slot: &&&InstanceReport| slot.drift.as_ref().is_some_and(|known| !known.drift.is_empty());
    let slots = match slots.iter().filter(has_drifted).count() {
        0 => Badge::new("calm", slots.len().to_string()),
        drifted => Badge::new("warn", format!("{}, {drifted} with drift", slots.len())),
    };
    InstanceRow { slots: Some(slots), ..instance_row(environment, now) }
}

pub fn slots_of<'a>(environment: &str, all: &'a [InstanceReport]) -> impl Iterator<Item = &'a InstanceReport> {
    let inside = format!("{environment}/");
    all.iter().filter(move |one| one.kind != ResourceKind::ENVIRONMENT && one.id.starts_with(&inside))
}

fn is_wanted(row: &InstanceRow, wanted: &str) -> bool {
    let InstanceRow { id, team, tier, path, state, drift, .. } = row;
    let text = [id, team, tier, path, &state.text, &drift.text].map(String::as_str).join(" ").to_lowercase();
    wanted.split_whitespace().all(|word| text.contains(word))
}
