//! `--all`: what is recorded on a cluster, planned as it is there and as it would be by another version. Both are plans of the target
//! that would also apply them, so that bounds, permission sets and what lives there have their say.

use super::changes::Changes;
use crate::cli::{
    catalogue::{sample::Planned, tool::CatalogueTool},
    doctor::{Reach, TargetOptions},
    reports::{Through, error_of},
};
use anyhow::{Context, anyhow, ensure};
use goldenpath_core::{
    domain::{CatalogueSources, ClusterRef, EnvironmentId, Id, Record, ResourceKind, SlotId, VersionConstraint},
    golden::{PathReference, RESOURCES, spec_of},
    provision::{DaemonReports, Observation, ObserveRequest, PreviewRequest, Prior, Provisioner, Survey, WantedPath},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

#[derive(clap::Args)]
pub(super) struct Live {
    /// Compare every environment and slot that is recorded on a cluster and was made from the first version
    #[arg(long)]
    pub all: bool,
    /// Name or ARN of the cluster; not needed for a sandbox or a daemon
    #[arg(long, requires = "all")]
    cluster: Option<ClusterRef>,
    #[command(flatten)]
    place: TargetOptions,
    #[command(flatten)]
    through: Through,
}

#[derive(Serialize)]
pub(super) struct Compared {
    from: String,
    to: String,
    instances: Vec<Instance>,
    /// What was made by something else, with its version: the comparison says nothing of it.
    others: BTreeMap<String, String>,
}

/// What changes of one environment or slot.
#[derive(Serialize)]
struct Instance {
    id: String,
    kind: ResourceKind,
    team: String,
    tier: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Changes(Changes),
    /// Why it can't be planned.
    Failed {
        error: String,
    },
}

/// One record with what state would know of it.
struct Known {
    record: Record,
    id: Id,
    prior: Prior,
}

// === impl Live ===

impl Live {
    /// Without `--all` there is no cluster to look at.
    pub(super) fn is_for_nothing(&self) -> anyhow::Result<()> {
        let is_named = self.place.is_named();
        ensure!(!is_named, "only --all reads a cluster: add it, or leave out what names the cluster");
        Ok(())
    }
}

pub(super) async fn compare(
    (from, to): (&PathReference, &PathReference),
    tier: Option<&str>,
    arguments: Live,
    catalogue: Option<CatalogueSources>,
    tool: &CatalogueTool,
) -> anyhow::Result<Compared> {
    let Live { all: _, cluster, place, through } = arguments;
    let daemon = if place.sandbox.is_none() { through.daemon(catalogue.as_ref())? } else { None };
    let (records, provisioner) = match daemon {
        Some(daemon) => {
            let (reports, provisioner) = (tool.daemon)(daemon)?;
            (of_daemon(&*reports, &*provisioner, cluster.as_ref()).await?, provisioner)
        }
        None => {
            place.check()?;
            ensure!(
                cluster.is_some() || place.sandbox.is_some(),
                "no cluster is named: set --cluster, --sandbox or --endpoint"
            );
            let (survey, provisioner) = (tool.target)(Reach { place, catalogue })?;
            (of_target(&*survey, cluster).await?, provisioner)
        }
    };
    compare_records((from, to), tier, records, provisioner).await
}

async fn of_target(survey: &dyn Survey, cluster: Option<ClusterRef>) -> anyhow::Result<Vec<Record>> {
    let clusters = match cluster {
        Some(cluster) => vec![cluster],
        None => survey.clusters().await.map_err(error_of)?,
    };
    ensure!(!clusters.is_empty(), "no cluster is named: set --cluster");
    let mut records = vec![];
    for cluster in clusters {
        records.extend(survey.records(&cluster).await.map_err(error_of)?);
    }
    Ok(records)
}

async fn of_daemon(
    reports: &dyn DaemonReports,
    provisioner: &dyn Provisioner,
    cluster: Option<&ClusterRef>,
) -> anyhow::Result<Vec<Record>> {
    let mut records = vec![];
    let listed = reports.instances().await.map_err(error_of)?;
    if let Some(unreachable) = listed.clusters.iter().find_map(|cluster| cluster.unreachable.as_ref()) {
        return Err(anyhow!("the daemon can't read all of its clusters: {unreachable}"));
    }
    for instance in listed.instances.iter().filter(|instance| instance.kind != ResourceKind::BASELINE) {
        let id = id(&instance.id)?;
        if cluster.is_none_or(|cluster| cluster.name() == id.cluster()) {
            records.extend(provisioner.find(&id).await.map_err(error_of)?);
        }
    }
    Ok(records)
}

async fn compare_records(
    (from, to): (&PathReference, &PathReference),
    tier: Option<&str>,
    records: Vec<Record>,
    provisioner: Arc<dyn Provisioner>,
) -> anyhow::Result<Compared> {
    let (from, to) = (find_path(from, &*provisioner).await?, find_path(to, &*provisioner).await?);
    let (mut others, mut wanted) = (BTreeMap::new(), vec![]);
    for record in records.into_iter().filter(|record| record.kind != ResourceKind::BASELINE) {
        if tier.is_some_and(|tier| tier != record.tier) {
            continue;
        }
        let made_by = (record.golden_path.clone(), record.golden_path_version.clone());
        if made_by == from {
            wanted.push(record);
        } else {
            others.insert(record.id, display(&made_by));
        }
    }
    // An environment before what lives in it, by each version in turn: a slot follows what was planned last.
    wanted.sort_by(|one, other| one.id.cmp(&other.id));
    let mut all = vec![];
    for record in wanted {
        let known = observe(record.clone(), &*provisioner).await;
        all.push((record, known));
    }
    let mut before = vec![];
    for (_, known) in &all {
        before.push(match known {
            Ok(known) => plan(known, None, &*provisioner).await,
            Err(error) => Err(anyhow!("{error:#}")),
        });
    }
    let mut instances = vec![];
    for ((record, known), before) in all.into_iter().zip(before) {
        let outcome = match (known, before) {
            (Ok(known), Ok(before)) => match plan(&known, Some(&to), &*provisioner).await {
                Ok(after) => Outcome::Changes(Changes::between(&before, &after)),
                Err(error) => Outcome::Failed { error: format!("{error:#}") },
            },
            (Err(error), _) | (_, Err(error)) => Outcome::Failed { error: format!("{error:#}") },
        };
        let Record { id, kind, team, tier, .. } = record;
        instances.push(Instance { id, kind, team, tier, outcome });
    }
    Ok(Compared { from: display(&from), to: display(&to), instances, others })
}

/// (name, version), as the catalogue that decides has it.
async fn find_path(reference: &PathReference, provisioner: &dyn Provisioner) -> anyhow::Result<(String, String)> {
    let PathReference { name, version } = reference;
    let wanted = WantedPath { name: name.clone(), version: Some(VersionConstraint::exactly(*version)) };
    let found = provisioner.golden_path(&wanted).await.map_err(error_of)?;
    Ok((found.name, found.version))
}

fn display((name, version): &(String, String)) -> String {
    format!("{name} {version}")
}

async fn observe(record: Record, provisioner: &dyn Provisioner) -> anyhow::Result<Known> {
    let id = id(&record.id)?;
    let spec = spec_of(RESOURCES, &record).context("another release wrote its record")?;
    let seen = match provisioner.observe(ObserveRequest::by_record(id.clone(), &record)).await.map_err(error_of)? {
        Observation::Gone(_) => return Err(anyhow!("it no longer exists")),
        Observation::Here(seen) => seen,
    };
    let prior = Prior {
        spec,
        uid: record.uid.clone(),
        target: Some(seen.target),
        objects: seen.objects,
        incomplete: false,
        identity_ready: None,
    };
    Ok(Known { record, id, prior })
}

/// As it was requested, or with another version: what lives in an environment moves with it.
async fn plan(known: &Known, to: Option<&(String, String)>, provisioner: &dyn Provisioner) -> anyhow::Result<Planned> {
    let Known { record, id, prior } = known;
    let mut moved = record.clone();
    if let (Some((name, version)), None) = (to, id.parent()) {
        moved.spec["golden_path"] = name.as_str().into();
        moved.spec["golden_path_version"] = version.as_str().into();
    }
    let preview = provisioner
        .preview(PreviewRequest {
            facts: Some(record.facts.clone()),
            path: record.path(),
            prior: Some(prior.clone()),
            ..PreviewRequest::new(spec_of(RESOURCES, &moved).context("another release wrote its record")?)
        })
        .await;
    match preview.decided {
        Some(_) => Ok(Planned::of(preview)),
        None => {
            let why: Vec<String> = preview.problems.into_iter().map(|problem| problem.summary).collect();
            Err(anyhow!("{}", why.join("; ")))
        }
    }
}

fn id(text: &str) -> anyhow::Result<Id> {
    match text.split('/').count() {
        2 => Ok(Id::from(text.parse::<EnvironmentId>()?)),
        _ => Ok(Id::from(text.parse::<SlotId>()?)),
    }
}

// === impl Compared ===

impl Compared {
    /// Of the process: what can't be planned must not pass for what does not change.
    pub(super) fn code(&self) -> u8 {
        let has_failed = |one: &Instance| matches!(one.outcome, Outcome::Failed { .. });
        if self.instances.iter().any(has_failed) { 2 } else { 0 }
    }

    pub(super) fn text(&self) -> String {
        let Self { from, to, instances, others } = self;
        let mut text = String::new();
        for Instance { id, kind, team, tier, outcome } in instances {
            text.push_str(&format!("{id} ({kind} of team {team}, tier {tier}), from {from} to {to}:\n"));
            match outcome {
                Outcome::Changes(changes) => text.push_str(&changes.text()),
                Outcome::Failed { error } => text.push_str(&format!("  can't be planned: {error}\n")),
            }
        }
        if instances.is_empty() {
            text.push_str(&format!("Nothing on the cluster was made by {from}.\n"));
        }
        for (id, version) in others {
            text.push_str(&format!("not compared: {id}, which was made by {version}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_planned_is_no_success() {
        let same = || Outcome::Changes(Changes::between(&Planned::default(), &Planned::default()));
        let failed = || Outcome::Failed { error: "another release wrote its record".to_owned() };
        for (outcomes, code, reason) in [
            (vec![], 0, "nothing to compare"),
            (vec![same()], 0, "nothing changes"),
            (vec![same(), failed()], 2, "nobody knows what changes of one of them"),
        ] {
            let instance = |outcome| Instance {
                id: "demo/pay".to_owned(),
                kind: ResourceKind::ENVIRONMENT,
                team: "pay".to_owned(),
                tier: "dev".to_owned(),
                outcome,
            };
            let instances = outcomes.into_iter().map(instance).collect();
            let (from, to) = ("acme 1.0.0".to_owned(), "acme 1.1.0".to_owned());
            let compared = Compared { from, to, instances, others: BTreeMap::new() };
            assert_eq!(compared.code(), code, "{reason}: {}", compared.text());
        }
    }
}
