//! The doctor's eyes: each target's own way to see what `cli::doctor` judges.

use crate::cli::doctor::{Doctor, OwnObject, Patient, Rights, Seen, Told};
use async_trait::async_trait;
use goldenpath_adapters::{
    aws::{Aws, AwsOptions},
    joined::{Joined, JoinedClusters},
    kube::{Credentials, Kube, Kubeconfig, permissions},
    sandbox::{Sandbox, SandboxOptions},
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ClusterRef, Observed, Ownership, PersonaName, Record},
    golden::cluster_roles,
    ports::{Clusters, Objects, PortError, Scope, Selector},
};
use std::sync::Arc;

pub(super) struct Eyes;

fn told<T>(answer: Result<T, PortError>) -> Told<T> {
    answer.map_err(|error| error.to_string())
}

#[async_trait]
impl Doctor for Eyes {
    async fn look(&self, patient: &Patient) -> anyhow::Result<Seen> {
        let cluster: ClusterRef = patient.cluster.parse()?;
        match &patient.sandbox {
            Some(path) => {
                let sandbox = Sandbox::open(path.clone(), SandboxOptions::default());
                Ok(common(&sandbox, &sandbox, &cluster).await)
            }
            None => real(patient, &cluster).await,
        }
    }
}

/// What every target has.
async fn common(clusters: &dyn Clusters, objects: &dyn Objects, cluster: &ClusterRef) -> Seen {
    let facts = told(clusters.facts(cluster).await);
    let arn = facts.as_ref().map(|facts| facts.stable.cluster_arn.clone()).map_err(Clone::clone);
    let (boundary, own) = match &arn {
        Ok(arn) => {
            let boundary = format!("arn:{}:iam::{}:policy/goldenpath/boundary", arn.partition(), arn.account());
            (told(clusters.policy_exists(arn, &boundary).await), own_objects(objects, arn).await)
        }
        Err(why) => (Err(why.clone()), Err(why.clone())),
    };
    Seen {
        facts,
        boundary,
        audit_logging: None,
        identity_providers: told(clusters.identity_providers(cluster).await),
        refused_by_aws: None,
        refused: None,
        clock: None,
        objects: own,
    }
}

async fn real(patient: &Patient, cluster: &ClusterRef) -> anyhow::Result<Seen> {
    let Patient { cluster: _, region, profile, kubeconfig, context, sandbox: _ } = patient.clone();
    let aws = Arc::new(Aws::new(AwsOptions { region, profile, ..AwsOptions::default() }));
    let credentials = match (kubeconfig, context) {
        (None, None) => Credentials::Tokens(aws.clone()),
        (path, context) => Credentials::Kubeconfig(Kubeconfig { path, context, is_proxied: false }),
    };
    let kube = Arc::new(Kube::new(aws.clone(), credentials));
    let clusters = JoinedClusters { aws: aws.clone(), kubernetes: kube.clone() };
    let objects = Joined { aws: aws.clone(), kubernetes: kube.clone() };
    let mut seen = common(&clusters, &objects, cluster).await;
    seen.audit_logging = Some(told(aws.audits(cluster).await));
    if let Ok(facts) = &seen.facts {
        let arn = &facts.stable.cluster_arn;
        let names: Vec<String> = PersonaName::ALL.into_iter().map(cluster_roles::name).collect();
        seen.refused_by_aws = Some(match aws.refused(arn, &facts.caller).await {
            Err(error) if error.class == Class::Denied => Ok(Rights::Unknown(error.to_string())),
            answer => told(answer).map(Rights::Lacking),
        });
        seen.refused = Some(told(kube.refused(arn, &permissions::for_environments(&names)).await));
        seen.clock = Some(told(kube.clock_skew(arn).await));
    }
    Ok(seen)
}

async fn own_objects(objects: &dyn Objects, cluster: &ClusterArn) -> Told<Vec<OwnObject>> {
    let everything = Selector { scope: Scope::Everything, keys: vec![] };
    let found = told(objects.observe(cluster, &everything).await)?;
    Ok(found.into_iter().filter_map(own).collect())
}

/// What is foreign in our namespaces (a ServiceAccount that Kubernetes made, a RoleBinding of somebody) is none of it.
fn own(observed: Observed) -> Option<OwnObject> {
    let owner = match observed.ownership {
        Ownership::Ours(owner) => Some(match owner.slot {
            Some(slot) => format!("{}/{slot}", owner.environment),
            None => owner.environment,
        }),
        Ownership::Cluster => None,
        Ownership::Foreign { .. } => return None,
    };
    let record: Option<Record> = observed.record.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Some(OwnObject { key: observed.key, owner, inventory: record.map(|record| record.inventory) })
}
