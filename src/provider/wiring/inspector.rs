//! Each target's own way to read what `doctor` judges.

use crate::cli::doctor::{
    CallerPermissions, DoctorTarget, Inspection, Inspector, LiveCluster, OwnObject, Reach, Reading, TargetOptions,
    in_time,
};
use async_trait::async_trait;
use goldenpath_adapters::{
    aws::{Aws, AwsOptions, CredentialSource, permissions::PermissionScope},
    joined::{Joined, JoinedClusters},
    kube::{Credentials, Kube, Kubeconfig, permissions},
};
use goldenpath_core::{
    domain::{CatalogueSources, Class, ClusterArn, ClusterRef, Observed, Permission, PersonaName, Who, in_few_words},
    golden::{Catalogue, boundaries, cluster_roles, role_patterns},
    ports::{Clusters, Objects, PortError, Scope, Selector},
};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

pub(super) struct TargetInspector;

fn reading<T>(result: Result<T, PortError>) -> Reading<T> {
    result.map_err(|error| with_step(&error))
}

/// With what to do, where the error knows it: the advice of a check is the same whatever kept it from reading.
fn with_step(error: &PortError) -> String {
    match &error.next {
        Some(next) => format!("{}; {}", error.to_string().trim_end_matches('.'), in_few_words(next)),
        None => error.to_string(),
    }
}

/// One check.
async fn check<T>(work: impl Future<Output = Result<T, PortError>>) -> Reading<T> {
    in_time(async { reading(work.await) }).await
}

#[async_trait]
impl Inspector for TargetInspector {
    async fn inspect(&self, target: &DoctorTarget) -> anyhow::Result<Inspection> {
        let cluster: ClusterRef = target.cluster.parse()?;
        let catalogue = catalogue(&target.reach)?;
        match &target.reach.place.sandbox {
            Some(path) => {
                let sandbox = Sandbox::open(path.clone(), SandboxOptions::default());
                Ok(common(&sandbox, &sandbox, &cluster, catalogue).await)
            }
            None => real(&target.reach, &cluster, catalogue).await,
        }
    }

    async fn connect(&self, target: &DoctorTarget) -> anyhow::Result<(Box<dyn LiveCluster>, Arc<Catalogue>)> {
        let (aws, kube) = adapters(&target.reach);
        let arn = aws.target(&target.cluster.parse()?).await;
        let arn = arn.map_err(|error| anyhow::anyhow!(with_step(&error)))?.parse()?;
        Ok((Box::new(Live { kube, arn }), catalogue(&target.reach)?))
    }
}

/// By what it says alone.
struct Live {
    kube: Arc<Kube>,
    arn: ClusterArn,
}

#[async_trait]
impl LiveCluster for Live {
    async fn objects(&self) -> Reading<Vec<Observed>> {
        let everything = Selector { scope: Scope::Everything, keys: vec![] };
        reading(self.kube.observe(&self.arn, &everything).await)
    }

    async fn reviews(&self, asked: Vec<(Option<Who>, Permission)>) -> Vec<Reading<bool>> {
        let count = asked.len();
        readings(count, self.kube.reviews(&self.arn, asked).await)
    }

    async fn each(&self, kind: (&str, &str), namespace: Option<&str>, look: &(dyn Fn(Value) + Sync)) -> Reading<()> {
        reading(self.kube.each(&self.arn, kind, namespace, look).await)
    }

    async fn dry_runs(&self, documents: Vec<Value>, as_who: Option<&Who>) -> Vec<Reading<Option<String>>> {
        let count = documents.len();
        readings(count, self.kube.dry_runs(&self.arn, documents, as_who).await)
    }
}

/// Without a connection nothing could be asked.
fn readings<T>(count: usize, results: Result<Vec<Result<T, PortError>>, PortError>) -> Vec<Reading<T>> {
    match results {
        Ok(results) => results.into_iter().map(reading).collect(),
        Err(error) => (0..count).map(|_| Err(with_step(&error))).collect(),
    }
}

fn catalogue(reach: &Reach) -> anyhow::Result<Arc<Catalogue>> {
    super::target::built_in_and(reach.catalogue.as_ref().map_or(&[], |CatalogueSources(sources)| sources))
}

fn adapters(reach: &Reach) -> (Arc<Aws>, Arc<Kube>) {
    let TargetOptions { region, profile, kubeconfig, context, proxied, sandbox: _ } = reach.place.clone();
    let credentials = profile.map_or(CredentialSource::Chain, CredentialSource::Profile);
    let aws = Arc::new(Aws::new(AwsOptions { region, credentials, ..AwsOptions::default() }));
    let credentials = match (kubeconfig, context, proxied) {
        (None, None, None) => Credentials::Tokens(aws.clone()),
        (path, context, proxied) => {
            Credentials::Kubeconfig(Kubeconfig { path, context, is_proxied: proxied.unwrap_or(false) })
        }
    };
    (aws.clone(), Arc::new(Kube::new(aws, credentials)))
}

/// What every target has. What does not depend on one another is read at once.
async fn common(
    clusters: &dyn Clusters,
    objects: &dyn Objects,
    cluster: &ClusterRef,
    catalogue: Arc<Catalogue>,
) -> Inspection {
    let facts = check(clusters.facts(cluster)).await;
    let arn = facts.as_ref().map(|facts| facts.stable.cluster_arn.clone()).map_err(Clone::clone);
    let issuer = facts.as_ref().ok().and_then(|facts| facts.stable.oidc_issuer.clone());
    let is_known = async {
        match (&arn, &issuer) {
            (Ok(arn), Some(issuer)) => Some(check(clusters.oidc_provider_exists(arn, issuer)).await),
            _ => None,
        }
    };
    let boundaries = async {
        let arn = arn.as_ref().map_err(Clone::clone)?;
        in_time(async { Ok(look_for_boundaries(clusters, arn, &catalogue).await) }).await
    };
    let own = async { own_objects(objects, arn.as_ref().map_err(Clone::clone)?).await };
    let identity_providers = check(clusters.identity_providers(cluster));
    let (oidc_provider, boundaries, own, identity_providers) =
        tokio::join!(is_known, boundaries, own, identity_providers);
    Inspection {
        facts,
        boundaries,
        oidc_provider,
        audit_logging: None,
        identity_providers,
        aws_permissions: None,
        kubernetes_permissions: None,
        clock: None,
        objects: own,
        catalogue,
    }
}

/// Of each boundary that golden paths name whether it is there.
async fn look_for_boundaries(
    clusters: &dyn Clusters,
    cluster: &ClusterArn,
    catalogue: &Catalogue,
) -> BTreeMap<String, Reading<bool>> {
    let mut found = BTreeMap::new();
    for boundary in boundaries(catalogue, Some(cluster)).into_keys() {
        let exists = reading(clusters.policy_exists(cluster, &boundary).await);
        found.insert(boundary, exists);
    }
    found
}

async fn real(reach: &Reach, cluster: &ClusterRef, catalogue: Arc<Catalogue>) -> anyhow::Result<Inspection> {
    let (aws, kube) = adapters(reach);
    let clusters = JoinedClusters { aws: aws.clone(), kubernetes: kube.clone() };
    let objects = Joined { aws: aws.clone(), kubernetes: kube.clone() };
    let mut seen = common(&clusters, &objects, cluster, catalogue).await;
    seen.audit_logging = Some(check(aws.audits(cluster)).await);
    if let Ok(facts) = &seen.facts {
        let arn = &facts.stable.cluster_arn;
        let names: Vec<String> = PersonaName::ALL.into_iter().map(cluster_roles::name).collect();
        let scope = PermissionScope::of(Some(arn), role_patterns(&seen.catalogue, Some(arn)));
        let roles = permissions::for_environments(&names);
        let held = in_time(async {
            match aws.lacking_permissions(&scope, &facts.caller).await {
                Err(error) if error.class == Class::Denied => Ok(CallerPermissions::Unknown(error.to_string())),
                missing => reading(missing).map(CallerPermissions::Missing),
            }
        });
        let lacking = check(kube.lacking_permissions(arn, &roles));
        let (held, lacking, clock) = tokio::join!(held, lacking, check(kube.clock_skew(arn)));
        seen.aws_permissions = Some(held);
        seen.kubernetes_permissions = Some(lacking);
        seen.clock = Some(clock);
    }
    Ok(seen)
}

async fn own_objects(objects: &dyn Objects, cluster: &ClusterArn) -> Reading<Vec<OwnObject>> {
    let everything = Selector { scope: Scope::Everything, keys: vec![] };
    let found = check(objects.observe(cluster, &everything)).await?;
    Ok(found.into_iter().filter_map(OwnObject::of).collect())
}

#[cfg(test)]
mod tests;
