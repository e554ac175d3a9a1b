//! What EKS says of a cluster: asked once, for the facts, the endpoint and the target alike.

use super::{Aws, call::call, calls::Call, facts, health, session::Session};
use crate::kube::{Endpoint, EndpointSource};
use async_trait::async_trait;
use aws_sdk_eks::types::{Cluster, ClusterStatus};
use goldenpath_core::{
    domain::{Class, ClusterArn, ClusterRef, Facts, IdentityProvider},
    ports::{Clusters, PortError},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// A plan takes less; in a process that lives longer a cluster may be deleted, or made anew under its name.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct Described {
    pub arn: ClusterArn,
    pub cluster: Arc<Cluster>,
    pub facts: Arc<OnceCell<Facts>>,
    at: Instant,
}

pub(super) type Known = Mutex<HashMap<String, Arc<OnceCell<Described>>>>;

/// Those who ask at the same time wait for one answer.
pub(super) async fn described(session: &Session, known: &Known, wanted: &ClusterRef) -> Result<Described, PortError> {
    let name = wanted.name().to_owned();
    let cell = {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = known.entry(name.clone()).or_default();
        if cell.get().is_some_and(|described| described.at.elapsed() > FRESH) {
            *cell = Arc::default();
        }
        cell.clone()
    };
    let described = cell.get_or_try_init(|| describe(session, &name)).await?.clone();
    match wanted.arn() {
        Some(arn) if arn != described.arn => Err(elsewhere(&arn, &described.arn)),
        _ => Ok(described),
    }
}

async fn describe(session: &Session, name: &str) -> Result<Described, PortError> {
    let answer = call(session, Call::DescribeCluster, session.eks.describe_cluster().name(name).send()).await?;
    let cluster = answer.cluster.ok_or_else(|| odd("no cluster in the answer"))?;
    let arn = cluster.arn().unwrap_or_default();
    let arn: ClusterArn = arn.parse().map_err(|error| odd(&format!("{error}")))?;
    match cluster.status() {
        // What is being updated serves all the same.
        Some(ClusterStatus::Active | ClusterStatus::Updating) | None => {}
        Some(status) => {
            let class = match status {
                ClusterStatus::Creating | ClusterStatus::Pending => Class::Unavailable,
                _ => Class::Invalid,
            };
            let message = format!("the cluster {arn} is {}: wait until it is ACTIVE", status.as_str());
            return Err(PortError::new(class, Call::DescribeCluster.name(), message));
        }
    }
    Ok(Described { arn, cluster: Arc::new(cluster), facts: Arc::default(), at: Instant::now() })
}

/// The name was found, under another ARN.
fn elsewhere(wanted: &ClusterArn, found: &ClusterArn) -> PortError {
    let message = format!(
        "{wanted} cannot be reached: with these credentials and this region {} is {found}. Another account or region needs a \
         provider configuration of its own (`alias`)",
        wanted.name()
    );
    PortError::new(Class::Invalid, Call::DescribeCluster.name(), message)
}

fn odd(message: &str) -> PortError {
    PortError::new(Class::Invalid, Call::DescribeCluster.name(), message)
}

#[async_trait]
impl Clusters for Aws {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        Ok(self.described(cluster).await?.arn.to_string())
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        let described = self.described(cluster).await?;
        let session = self.session().await?;
        let gather = || facts::gather(session, &described.arn, &described.cluster);
        described.facts.get_or_try_init(gather).await.cloned()
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        let session = self.session().await?;
        let (mut names, mut token) = (vec![], None);
        loop {
            let asked = session.eks.list_clusters().set_next_token(token).send();
            let answer = call(session, Call::ListClusters, asked).await?;
            names.extend(answer.clusters.unwrap_or_default());
            token = answer.next_token;
            if token.is_none() || names.len() > 1 {
                break;
            }
        }
        match names.as_slice() {
            [name] => name.parse().map(Some).map_err(|error| odd(&format!("{error}"))),
            _ => Ok(None),
        }
    }

    async fn policy_exists(&self, _cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        let session = self.session().await?;
        let asked = session.iam.get_policy().policy_arn(policy_arn).send();
        match call(session, Call::GetPolicy, asked).await {
            Ok(_) => Ok(true),
            Err(error) if error.class == Class::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        health::identity_providers(self.session().await?, cluster.name()).await
    }
}

#[async_trait]
impl EndpointSource for Aws {
    async fn endpoint(&self, cluster: &ClusterArn) -> Result<Endpoint, PortError> {
        let wanted: ClusterRef = cluster.as_str().parse().map_err(|error| odd(&format!("{error}")))?;
        let described = self.described(&wanted).await?;
        let url = described.cluster.endpoint().unwrap_or_default().to_owned();
        let authority = described.cluster.certificate_authority();
        let ca_data = authority.and_then(|authority| authority.data()).unwrap_or_default().to_owned();
        if url.is_empty() || ca_data.is_empty() {
            return Err(odd(&format!("{cluster} has no endpoint or no certificate authority (yet)")));
        }
        Ok(Endpoint { url, ca_data })
    }
}
