//! One instance: what its record, its last comparison, the target and the journal say of it. Pure.

use super::rows::{InstanceRow, Moment, OperationRow, instance_row, operation_row, slots_of};
use crate::refusal;
use goldenpath_core::{
    domain::{Problem, Record, ResourceKind, Severity},
    golden::promises::PersonaAccess,
    kinds::{FieldLine, lines_of, short},
    provision::{DriftReport, InstanceReport, OperationReport, ReportedProblem},
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is there now.
#[derive(Default)]
pub struct LiveInstance {
    /// By whole key.
    pub objects: BTreeMap<String, String>,
    pub drift: Vec<ReportedProblem>,
}

pub struct Instance {
    pub row: InstanceRow,
    /// The environment that it is in.
    pub environment: Option<String>,
    pub facts: Vec<(&'static str, String)>,
    pub written: Moment,
    pub compared: Option<Moment>,
    pub findings: Vec<Finding>,
    pub access: Vec<PersonaAccess>,
    pub objects: Vec<ObjectRow>,
    pub slots: Vec<InstanceRow>,
    pub history: Vec<OperationRow>,
    /// What could not be said, and why.
    pub gaps: Vec<String>,
}

pub struct Finding {
    pub tone: &'static str,
    pub kind: &'static str,
    pub summary: String,
    pub detail: String,
}

pub struct ObjectRow {
    pub name: String,
    pub fields: Vec<FieldLine>,
    pub is_missing: bool,
}

pub fn instance(
    record: Record,
    listed: Vec<InstanceReport>,
    history: Vec<OperationReport>,
    seen: Result<LiveInstance, String>,
    personas: Result<Vec<PersonaAccess>, String>,
    now: Timestamp,
) -> Result<Instance, Problem> {
    // Recorded a moment ago; it may be gone by now.
    let own = listed.iter().find(|one| one.id == record.id).ok_or_else(|| refusal::no_record(&record.id))?;
    let is_environment = record.kind == ResourceKind::ENVIRONMENT;
    let mut gaps = vec![];
    let seen = seen.map_err(|why| gaps.push(format!("The objects can't be read: {why}."))).ok();
    let access = match personas {
        _ if !is_environment => vec![],
        Ok(personas) => personas,
        Err(why) => {
            gaps.push(format!("Who may do what can't be said: {why}."));
            vec![]
        }
    };
    let slots = slots_of(&record.id, &listed).filter(|_| is_environment).map(|slot| instance_row(slot, now));
    Ok(Instance {
        row: instance_row(own, now),
        environment: (record.kind != ResourceKind::ENVIRONMENT)
            .then(|| record.id.rsplit_once('/').map(|(environment, _)| environment.to_owned()))
            .flatten(),
        facts: facts(&record),
        written: Moment::new(&record.written_at, now),
        compared: own.drift.as_ref().map(|known| Moment::new(&known.compared_at, now)),
        findings: findings(&record, seen.as_ref(), own.drift.as_ref()),
        access,
        objects: objects(&record, seen.as_ref()),
        slots: slots.collect(),
        history: history.iter().map(|operation| operation_row(operation, now)).collect(),
        gaps,
    })
}

fn facts(record: &Record) -> Vec<(&'static str, String)> {
    let Record { cluster_arn, team, tier, golden_path, golden_path_version, uid, tool_version, spec, .. } = record;
    let path = format!("{golden_path} {golden_path_version}");
    let contact = spec["owner"]["contact"].as_str().unwrap_or_default();
    let all = [
        ("Team", team.as_str()),
        ("Tier", tier),
        ("Golden path", &path),
        ("Owner", contact),
        ("Cluster", cluster_arn),
        ("UID", uid),
        ("Made by release", tool_version),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.to_owned())).collect()
}

/// Drift as it is now where that is known, and as it was at the last comparison where it is not.
fn findings(record: &Record, seen: Option<&LiveInstance>, known: Option<&DriftReport>) -> Vec<Finding> {
    let drift = seen.map(|seen| &seen.drift).or(known.map(|known| &known.drift));
    let notices = known.map(|known| &known.notices);
    let of = |kind, problems: Option<&Vec<ReportedProblem>>| {
        let problems = problems.cloned().unwrap_or_default();
        problems.into_iter().map(move |ReportedProblem { severity, summary, detail, .. }| {
            let tone = if severity == Severity::Error { "bad" } else { "warn" };
            Finding { tone, kind, summary, detail }
        })
    };
    let mut findings: Vec<Finding> = of("Drift", drift).chain(of("Notice", notices)).collect();
    if let Some(unprotected) = &record.unprotected {
        let summary = "Deletion protection is lifted until the next apply".to_owned();
        let detail = format!("By {} at {}.", unprotected.by, unprotected.at);
        findings.push(Finding { tone: "warn", kind: "Protection", summary, detail });
    }
    if let Some(newest) = known.and_then(|known| known.newest.as_ref()) {
        let summary = format!("{} {newest} is the newest", record.golden_path);
        let detail = "It moves there once `golden_path_version` says so.".to_owned();
        findings.push(Finding { tone: "calm", kind: "Version", summary, detail });
    }
    findings
}

/// All that the record lists, and all that is there: without a look, nothing is said to be missing.
fn objects(record: &Record, seen: Option<&LiveInstance>) -> Vec<ObjectRow> {
    let found = seen.map(|seen| &seen.objects);
    let keys: BTreeSet<&String> = record.inventory.iter().chain(found.into_iter().flat_map(BTreeMap::keys)).collect();
    let mut rows: Vec<ObjectRow> = keys
        .into_iter()
        .map(|key| {
            let text = found.and_then(|found| found.get(key));
            let fields = text.and_then(|text| lines_of(text)).unwrap_or_default();
            ObjectRow { name: short(key), fields, is_missing: found.is_some() && text.is_none() }
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}
