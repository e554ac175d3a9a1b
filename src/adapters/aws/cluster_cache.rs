//! What EKS says about a cluster: read once, for the facts, the endpoint and the target alike.

use super::{call::call, calls::Call, clients::AwsClients};
use crate::errors::{invalid, is_not_found};
use aws_sdk_eks::types::{Cluster, ClusterStatus};
use goldenpath_core::{
    domain::{Class, ClusterArn, ClusterRef, Facts},
    ports::PortError,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// A plan takes less; in a process that lives longer a cluster may be deleted, or recreated under its name.
const FRESH: Duration = Duration::from_secs(60);
const CALL: Call = Call::DescribeCluster;

#[derive(Clone)]
pub(super) struct Described {
    pub arn: ClusterArn,
    pub cluster: Arc<Cluster>,
    pub facts: Arc<OnceCell<Facts>>,
    at: Instant,
}

/// By name.
#[derive(Default)]
pub(super) struct ClusterCache(Mutex<HashMap<String, Arc<OnceCell<Described>>>>);

// === impl ClusterCache ===

impl ClusterCache {
    /// Callers at the same time share one request.
    pub async fn describe(&self, clients: &AwsClients, wanted: &ClusterRef) -> Result<Described, PortError> {
        let cell = self.cell(wanted.name());
        let described = cell.get_or_try_init(|| describe(clients, wanted.name())).await;
        match (described, wanted.arn()) {
            (Ok(described), Some(arn)) if arn != described.arn => {
                Err(elsewhere(&arn, &format!("{} is {}", arn.name(), described.arn)))
            }
            (Err(error), Some(arn)) if is_not_found(&error) => {
                check_home(clients, &arn).await?;
                Err(error)
            }
            (described, _) => described.cloned(),
        }
    }

    fn cell(&self, name: &str) -> Arc<OnceCell<Described>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = known.entry(name.to_owned()).or_default();
        if cell.get().is_some_and(|described| described.at.elapsed() > FRESH) {
            *cell = Arc::default();
        }
        cell.clone()
    }
}

async fn describe(clients: &AwsClients, name: &str) -> Result<Described, PortError> {
    let response = call(clients, CALL, clients.eks.describe_cluster().name(name).send()).await?;
    let cluster = response.cluster.ok_or_else(|| invalid(CALL.name(), "the response holds no cluster"))?;
    let arn = cluster.arn().unwrap_or_default();
    let arn: ClusterArn = arn.parse().map_err(|error| invalid(CALL.name(), format!("{error}")))?;
    match cluster.status() {
        // A cluster that is being updated serves all the same.
        Some(ClusterStatus::Active | ClusterStatus::Updating) | None => {}
        Some(status) => {
            let class = match status {
                ClusterStatus::Creating | ClusterStatus::Pending => Class::Unavailable,
                _ => Class::Invalid,
            };
            let message = format!("the cluster {arn} is {}: wait until it is ACTIVE", status.as_str());
            return Err(PortError::new(class, CALL.name(), message));
        }
    }
    Ok(Described { arn, cluster: Arc::new(cluster), facts: Arc::default(), at: Instant::now() })
}

/// With the credentials of another account, or in another region, a cluster is not found, and may be there all the same.
async fn check_home(clients: &AwsClients, wanted: &ClusterArn) -> Result<(), PortError> {
    let request = clients.sts.get_caller_identity().send();
    let account = call(clients, Call::GetCallerIdentity, request).await?.account.unwrap_or_default();
    is_home(wanted, &account, &clients.region)
}

fn is_home(wanted: &ClusterArn, account: &str, region: &str) -> Result<(), PortError> {
    match (wanted.account(), wanted.region()) == (account, region) {
        true => Ok(()),
        false => Err(elsewhere(wanted, &format!("clusters are those of account {account} in {region}"))),
    }
}

fn elsewhere(wanted: &ClusterArn, there: &str) -> PortError {
    let message = format!(
        "{wanted} can't be reached: with these credentials and this region, {there}. Add a provider configuration with an `alias` for \
         the other account or region"
    );
    invalid(CALL.name(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> ClusterArn {
        "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN")
    }

    #[test]
    fn only_at_home_is_a_cluster_absent() {
        for (account, region, expected, reason) in [
            ("111122223333", "eu-west-1", None, "where it would be"),
            ("999900001111", "eu-west-1", Some(Class::Invalid), "a wrong profile"),
            ("111122223333", "eu-west-2", Some(Class::Invalid), "a wrong region"),
            ("", "eu-west-1", Some(Class::Invalid), "nobody says whose credentials they are"),
        ] {
            assert_eq!(is_home(&demo(), account, region).err().map(|error| error.class), expected, "{reason}");
        }
    }
}
