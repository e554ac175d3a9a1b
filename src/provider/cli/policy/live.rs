//! `policy report`: every object in the managed namespaces of a live cluster, by the policies that hold there. Nothing is changed.

mod audit;
mod custom;
mod named;

use super::{report::Problem, sources};
use crate::cli::{
    doctor::{DoctorTarget, Inspector, LiveCluster, Reach, Reading, in_time},
    output,
    reports::today,
};
use anyhow::ensure;
use audit::{Audit, Home};
use goldenpath_core::{
    domain::{SYSTEM_NAMESPACE, name_list},
    golden::Catalogue,
    policy::{document::Policy, pack},
};
use named::{Named, RECORDS};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Judge every object in the managed namespaces of a live cluster
///
/// Judges each namespace, including the team's own workloads, by the policies of the golden path, version and tier that it was made from,
/// and lists RoleBindings that no record names and that let in somebody from outside the environment. Nothing is changed; you must be
/// allowed to list these kinds, and the records. What can't be listed within ten minutes is an error. Exits with 1 if a policy denies an object, with 2 if something can't be
/// judged, and otherwise with 0.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Name or ARN of the cluster
    cluster: String,
    #[command(flatten)]
    reach: Reach,
    /// Only this environment, by its name
    #[arg(long)]
    environment: Option<String>,
    /// Judge by this policy document instead; can be given several times
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// Judge by the built-in policies instead
    #[arg(long)]
    built_in: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is looked at where a policy is about it, besides the cluster's custom resources. Never Secrets: a report must not hold one.
const KINDS: [(&str, &str); 22] = [
    ("v1", "Namespace"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "PodTemplate"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ResourceQuota"),
    ("v1", "LimitRange"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ROLE_BINDING,
];
const ROLE_BINDING: (&str, &str) = ("rbac.authorization.k8s.io/v1", "RoleBinding");
const DEFINITION: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");

/// Of a report. A cluster of some hundred thousand objects is listed in a few minutes.
const LIMIT: Duration = Duration::from_secs(600);
const OVER: &str = "the ten minutes of a report are over; look at one environment by itself with --environment";

/// A cluster that is listed for so long and no longer.
struct Source<'l> {
    live: &'l dyn LiveCluster,
    until: Instant,
}

// === impl Source ===

impl Source<'_> {
    async fn each(&self, kind: (&str, &str), namespace: Option<&str>, look: &(dyn Fn(Value) + Sync)) -> Reading<()> {
        let listed = timeout_at(self.until, self.live.each(kind, namespace, look)).await;
        listed.unwrap_or_else(|_| Err(OVER.to_owned()))
    }
}

pub(super) async fn run(arguments: Arguments, inspector: &dyn Inspector) -> anyhow::Result<ExitCode> {
    let Arguments { cluster, reach, environment, policy, built_in, json } = arguments;
    ensure!(reach.place.sandbox.is_none(), "a sandbox has no workloads that could be judged");
    let (own, problems) = sources::policies(&policy);
    let chosen: Vec<&Policy> = if built_in { pack().iter().chain(&own).collect() } else { own.iter().collect() };
    let instead = (built_in || !policy.is_empty()).then_some(&chosen[..]);
    let mut audit = Audit::new(&cluster);
    audit.problems.extend(
        problems
            .into_iter()
            .map(|Problem { file, line, column, message }| format!("{file}:{line}:{column}: {message}")),
    );
    let target = DoctorTarget { cluster, reach };
    let connect = async { inspector.connect(&target).await.map_err(|error| format!("{error:#}")) };
    let (live, catalogue) = in_time(connect).await.map_err(anyhow::Error::msg)?;
    let source = Source { live: &*live, until: Instant::now() + LIMIT };
    let audit = look(&source, &catalogue, instead, environment.as_deref(), audit).await?;
    output::data(&if json { crate::cli::reports::json(&audit)? } else { audit.text() })?;
    for problem in &audit.problems {
        writeln!(io::stderr(), "Error: {problem}")?;
    }
    Ok(ExitCode::from(audit.code()))
}

async fn look<'a>(
    source: &Source<'_>,
    catalogue: &'a Catalogue,
    instead: Option<&[&'a Policy]>,
    environment: Option<&str>,
    audit: Audit<'a>,
) -> anyhow::Result<Audit<'a>> {
    let found = Mutex::new(vec![]);
    let collect = |document: Value| lock(&found).extend(Home::of(document, catalogue, instead));
    source.each(("v1", "Namespace"), None, &collect).await.map_err(anyhow::Error::msg)?;
    let mut audit = audit;
    let homes = std::mem::take(&mut *lock(&found));
    if let Some(wanted) = environment {
        is_there(wanted, &homes)?;
    }
    for home in homes {
        if environment.is_none_or(|wanted| home.environment == wanted) {
            audit.add(home);
        }
    }
    audit.learn(look_for_records(source).await);
    let today = today();
    let definitions = Mutex::new(vec![]);
    let collect = |document: Value| lock(&definitions).extend(custom::kinds(&document));
    let listed = source.each(DEFINITION, None, &collect).await;
    let definitions = definitions.into_inner().unwrap_or_else(PoisonError::into_inner);
    let definitions = definitions.iter().map(|(api, kind)| (api.as_str(), kind.as_str()));
    let all: Vec<(&str, &str)> = KINDS.into_iter().chain(definitions).collect();
    let mut wanted = audit.kinds(&all);
    if let (Err(error), false) = (listed, audit.not_looked_at.is_empty()) {
        audit.problems.push(format!("{} can't be listed: {error}", DEFINITION.1));
    }
    wanted.retain(|kind| *kind != ROLE_BINDING);
    wanted.push(ROLE_BINDING);
    // A few namespaces are asked for one by one, all of them at once.
    let places: Vec<Option<String>> = match environment {
        Some(_) => audit.namespaces().map(Some).collect(),
        None => vec![None],
    };
    let audit = Mutex::new(audit);
    for (api, kind) in wanted {
        for place in places.iter().filter(|place| kind != "Namespace" || place.as_ref() == places[0].as_ref()) {
            let place = place.as_deref().filter(|_| kind != "Namespace");
            let judge = |document: Value| lock(&audit).judge(api, kind, &document, today);
            if let Err(error) = source.each((api, kind), place, &judge).await {
                lock(&audit).problems.push(format!("{kind} can't be listed: {error}"));
            }
        }
    }
    let mut audit = audit.into_inner().unwrap_or_else(PoisonError::into_inner);
    audit.finish();
    Ok(audit)
}

async fn look_for_records(source: &Source<'_>) -> Named {
    let named = Mutex::new(Named::default());
    let collect = |document: Value| lock(&named).add(&document);
    let listed = source.each(RECORDS, Some(SYSTEM_NAMESPACE), &collect).await;
    let mut named = named.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Err(why) = listed {
        named.fail(&why);
    }
    named
}

/// A name that is mistyped must not pass for an environment in which nothing is denied.
fn is_there(wanted: &str, homes: &[Home<'_>]) -> anyhow::Result<()> {
    let known: BTreeSet<&str> = homes.iter().map(|home| home.environment.as_str()).collect();
    ensure!(
        known.contains(wanted),
        "no namespace of an environment {wanted}; the cluster has those of {}",
        name_list(&known.into_iter().collect::<Vec<_>>())
    );
    Ok(())
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
