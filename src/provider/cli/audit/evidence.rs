//! The evidence of one environment: what exists of it and in it, who may do what, which guards hold, since when, and what was done to
//! it. Of one that was destroyed: that nothing exists, since when, and what was done to it.

mod guards;
mod promises;

use super::tool::{AuditTool, Looks, Proof, read};
use crate::cli::{daemon::Settings, drift::is_within, reports::error_of};
use anyhow::{Context as _, ensure};
use goldenpath_core::{
    domain::{ClusterRef, EnvironmentId, Id, PersonaName, Problem, Record, ResourceKind},
    golden::{
        RESOURCES,
        promises::{PersonaAccess, personas},
        spec_of,
    },
    provision::{Observation, ObserveRequest, Provisioner, ReportedProblem, Surveyed},
};
use guards::Guards;
use jiff::Timestamp;
use promises::Promises;
use serde::Serialize;
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::PathBuf};

/// Raised when the form changes.
const FORMAT: u32 = 2;

#[derive(Serialize)]
pub struct Evidence {
    format: u32,
    made_at: String,
    environment: String,
    #[serde(flatten)]
    own: Instance,
    /// When it was removed, as the ledgers have it; of what is there, null.
    gone_since: Option<String>,
    access: BTreeMap<PersonaName, Access>,
    /// Of its cluster.
    guards: Option<Guards>,
    /// What the cluster itself says of each promise, as `doctor environment` asks it: of the environment with all that is in it.
    promises: Promises,
    /// What is recorded in it, by id.
    inside: Vec<Instance>,
    /// Entries of the audit ledgers about it and what is or was in it.
    entries: Vec<Json>,
    ledgers: BTreeMap<String, Proof>,
}

/// An environment, or a slot in it.
#[derive(Serialize)]
struct Instance {
    record: Option<Record>,
    /// Each object as it is now, by its key.
    exists: BTreeMap<String, String>,
    /// What of it is not as recorded.
    drift: Vec<ReportedProblem>,
}

#[derive(Serialize)]
struct Access {
    /// Whose permissions the tier gives it.
    role: PersonaName,
    /// As the request names them.
    who: Json,
    may: Vec<&'static str>,
    may_not: Vec<&'static str>,
}

// === impl Instance ===

impl Instance {
    fn is_gone(&self) -> bool {
        self.record.is_none() && self.exists.is_empty()
    }
}

pub async fn bundle(
    id: &EnvironmentId,
    settings: &Settings,
    ledgers: &[PathBuf],
    tool: &AuditTool,
) -> anyhow::Result<Evidence> {
    let about = id.to_string();
    let cluster: ClusterRef = id.cluster.parse()?;
    let (own, baseline) = (Id::from(id), Id::baseline(&cluster));
    let of_cluster = baseline.to_string();
    let wanted = |entry: &Json| is_within(about_of(entry), &about) || about_of(entry) == of_cluster;
    let (lines, ledgers) = read(ledgers, tool, wanted)?;
    let entries: Vec<Json> = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let (entries, of_guards): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| is_within(about_of(entry), &about));

    let Looks { survey, provisioner, baselines } = (tool.open)(settings)?;
    let record = provisioner.find(&own).await.map_err(error_of)?;
    ensure!(record.is_some() || !entries.is_empty(), "no record of {id}, and no entry about it in the ledger");
    let is_inside = |record: &Record| is_within(&record.id, &about);
    let compared = survey.survey(&cluster, &is_inside).await.map_err(error_of)?;
    let mut inside = vec![];
    for record in survey.records(&cluster).await.map_err(error_of)? {
        if is_inside(&record) && record.kind != ResourceKind::ENVIRONMENT {
            let spec = spec_of(RESOURCES, &record);
            let spec = spec.with_context(|| format!("another release wrote the record of {}", record.id))?;
            inside.push(instance(&*provisioner, spec.id(), Some(record), &compared).await?);
        }
    }
    let promises = match &record {
        Some(_) => promises::ask(id, settings, tool).await,
        None => Promises::NotAsked("nothing is recorded of the environment".to_owned()),
    };
    let access = record.as_ref().map(|record| access(record, settings, tool)).transpose()?;
    let own = instance(&*provisioner, own, record, &compared).await?;
    Ok(Evidence {
        format: FORMAT,
        made_at: Timestamp::now().to_string(),
        gone_since: own.is_gone().then(|| removed_at(&about, &entries)).flatten(),
        environment: about,
        access: access.unwrap_or_default(),
        own,
        guards: guards::of(&*baselines, baseline, &of_guards).await?,
        promises,
        inside,
        entries,
        ledgers,
    })
}

fn about_of(entry: &Json) -> &str {
    entry["about"].as_str().unwrap_or_default()
}

async fn instance(
    provisioner: &dyn Provisioner,
    id: Id,
    record: Option<Record>,
    compared: &[Surveyed],
) -> anyhow::Result<Instance> {
    // Of what has lost its record, what is left.
    let request = match &record {
        Some(record) => ObserveRequest::by_record(id.clone(), record),
        None => ObserveRequest::without_record(id.clone()),
    };
    let (exists, seen) = match provisioner.observe(request).await.map_err(error_of)? {
        Observation::Gone(_) => (BTreeMap::new(), vec![]),
        Observation::Here(seen) => (seen.objects, seen.problems),
    };
    let compared = compared.iter().filter(|one| one.id == id).flat_map(|one| &one.drift);
    Ok(Instance { record, exists, drift: drift(&seen, compared) })
}

/// A look by the record alone misses nothing, since no state says what there was: what was deleted is found by the comparison with what
/// the record stands for.
fn drift<'a>(seen: &'a [Problem], compared: impl Iterator<Item = &'a Problem>) -> Vec<ReportedProblem> {
    let mut all: Vec<&Problem> = seen.iter().collect();
    for problem in compared {
        if !all.iter().any(|known| known.code == problem.code && known.summary == problem.summary) {
            all.push(problem);
        }
    }
    all.into_iter().map(ReportedProblem::from).collect()
}

/// By the tier of the golden path that made it.
fn access(record: &Record, settings: &Settings, tool: &AuditTool) -> anyhow::Result<BTreeMap<PersonaName, Access>> {
    let catalogue = (tool.catalogue)(&settings.provider.catalogue.sources)?;
    let personas = personas(record, &catalogue).map_err(anyhow::Error::msg)?;
    let of = |PersonaAccess { persona, role, may, may_not, who: _ }| {
        let who = record.spec["access"][persona.as_str()].clone();
        (persona, Access { role, who, may, may_not })
    };
    Ok(personas.into_iter().map(of).collect())
}

/// The end of the last removal that left nothing.
fn removed_at(about: &str, entries: &[Json]) -> Option<String> {
    let is_removal = |entry: &&Json| {
        about_of(entry) == about
            && entry["kind"] == "ended"
            && entry["verb"] == "remove"
            && entry["detail"]["outcome"] == "done"
    };
    entries.iter().rfind(is_removal).and_then(|entry| entry["at"].as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_removal_is_the_last_one_that_left_nothing() {
        let entry = |at: &str, about: &str, kind: &str, verb: &str, outcome: &str| json!({ "at": at, "about": about, "kind": kind, "verb": verb, "detail": { "outcome": outcome } });
        let first = entry("1", "demo/pay", "ended", "remove", "done");
        for (later, expected, reason) in [
            (entry("2", "demo/pay", "ended", "remove", "done"), "2", "it was there twice"),
            (entry("2", "demo/pay", "ended", "remove", "failed"), "1", "something is left"),
            (entry("2", "demo/pay", "ended", "ensure", "done"), "1", "no removal"),
            (entry("2", "demo/pay", "began", "remove", "done"), "1", "no end"),
            (entry("2", "demo/pay/api", "ended", "remove", "done"), "1", "a slot that was in it"),
        ] {
            assert_eq!(removed_at("demo/pay", &[first.clone(), later]).as_deref(), Some(expected), "{reason}");
        }
        assert_eq!(removed_at("demo/pay", &[]), None, "not by a daemon of these ledgers");
    }

    #[test]
    fn drift_is_what_a_look_sees_and_what_it_misses() {
        let problem = |code, summary: &str, detail: &str| Problem::warning(code, summary, detail);
        let seen = [problem("drift.changed", "A was changed", "by kubectl")];
        let compared =
            [problem("drift.changed", "A was changed", "in other words"), problem("drift.missing", "B is gone", "")];
        let found = drift(&seen, compared.iter());
        let found: Vec<(&str, &str)> = found.iter().map(|one| (one.summary.as_str(), one.detail.as_str())).collect();
        assert_eq!(found, [("A was changed", "by kubectl"), ("B is gone", "")]);
    }
}
