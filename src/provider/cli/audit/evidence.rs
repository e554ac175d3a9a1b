//! The evidence of one environment: what exists, who may do what, which guards hold, since when, and what was done to it.

use super::tool::{AuditTool, Proof, entries};
use crate::{
    cli::{
        daemon::Settings,
        doctor::{Finding, Place, Reach, examine},
        drift::is_within,
        reports::failed,
    },
    resources::provider_config::{Kubernetes, Target},
};
use anyhow::Context as _;
use goldenpath_core::{
    domain::{CatalogueSources, EnvironmentId, Id, ObjectKey, PersonaName, Record},
    golden::promises::{PersonaAccess, personas},
    provision::{Observation, ObserveRequest, Provisioner, ReportedProblem},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Raised when the form changes.
const FORMAT: u32 = 1;
/// What the API server refuses to tenants.
const GUARD: &str = "ValidatingAdmissionPolicy";

#[derive(Serialize)]
pub struct Evidence {
    format: u32,
    made_at: String,
    environment: String,
    record: Record,
    /// Each object as it is now, by its key.
    exists: BTreeMap<String, String>,
    /// What of it is not as recorded.
    drift: Vec<ReportedProblem>,
    access: BTreeMap<PersonaName, Access>,
    guards: Option<Guards>,
    /// What the cluster itself says of each promise, as `doctor environment` asks it.
    promises: Promises,
    /// The records of what is in it.
    inside: Vec<String>,
    /// Entries of the audit ledger.
    entries: Vec<Json>,
    ledger: Proof,
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

#[derive(Serialize)]
struct Guards {
    baseline: String,
    /// When the baseline was last written.
    since: String,
    policies: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Promises {
    Asked(Vec<Finding>),
    NotAsked(String),
}

pub async fn bundle(id: &EnvironmentId, settings: &Settings, tool: &AuditTool) -> anyhow::Result<Evidence> {
    let about = id.to_string();
    let (lines, ledger) =
        entries(&settings.audit, tool, |entry| is_within(entry["about"].as_str().unwrap_or_default(), &about))?;
    let provisioner = (tool.open)(settings)?;
    let own = Id::from(id);
    let record = provisioner.find(&own).await.map_err(failed)?.with_context(|| format!("no record of {id}"))?;
    let (exists, drift) = observed(&*provisioner, own, &record).await?;
    let baseline = Id::baseline(&id.cluster.parse()?);
    let guards = provisioner.find(&baseline).await.map_err(failed)?.map(guards);
    let entries: Vec<Json> = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    Ok(Evidence {
        format: FORMAT,
        made_at: Timestamp::now().to_string(),
        environment: about.clone(),
        access: access(&record, settings, tool)?,
        exists,
        drift,
        guards,
        promises: promises(id, settings, tool).await,
        inside: inside(&about, &entries),
        entries,
        ledger,
        record,
    })
}

async fn observed(
    provisioner: &dyn Provisioner,
    id: Id,
    record: &Record,
) -> anyhow::Result<(BTreeMap<String, String>, Vec<ReportedProblem>)> {
    let request = ObserveRequest::by_record(id, record);
    match provisioner.observe(request).await.map_err(failed)? {
        Observation::Gone(_) => Ok((BTreeMap::new(), vec![])),
        Observation::Here(seen) => Ok((seen.objects, seen.problems.iter().map(ReportedProblem::from).collect())),
    }
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

fn guards(record: Record) -> Guards {
    let keys = record.inventory.iter().filter_map(|key| key.parse::<ObjectKey>().ok());
    let policies = keys.filter_map(|key| match key {
        ObjectKey::Kube { kind, name, .. } if kind == GUARD => Some(name),
        _ => None,
    });
    Guards { baseline: record.id, since: record.written_at, policies: policies.collect() }
}

async fn promises(id: &EnvironmentId, settings: &Settings, tool: &AuditTool) -> Promises {
    let Target::Real { aws, kubernetes } = &settings.provider.target else {
        return Promises::NotAsked("a sandbox has no RBAC and no admission that could be asked".to_owned());
    };
    if aws.assume_role.as_ref().is_some_and(|roles| !roles.is_empty()) || aws.access_key.is_some() {
        let why = "the target has credentials of its own; run `doctor environment` with them";
        return Promises::NotAsked(why.to_owned());
    }
    let Kubernetes { kubeconfig, context, .. } = kubernetes.clone().unwrap_or_default();
    let sources = &settings.provider.catalogue.sources;
    let catalogue = (!sources.is_empty()).then(|| CatalogueSources(sources.clone()));
    let (region, profile) = (aws.region.clone(), aws.profile.clone());
    let place = Place { region, profile, kubeconfig, context, sandbox: None };
    let reach = Reach { place, catalogue };
    match examine(id.clone(), reach, tool.inspector).await {
        Ok(findings) => Promises::Asked(findings),
        Err(error) => Promises::NotAsked(format!("{error:#}")),
    }
}

/// Whatever of it the ledger knows.
fn inside(environment: &str, entries: &[Json]) -> Vec<String> {
    let abouts = entries.iter().filter_map(|entry| entry["about"].as_str()).filter(|about| *about != environment);
    let mut found: Vec<String> = abouts.map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}
