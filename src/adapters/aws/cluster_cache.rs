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
    check_status(&arn, cluster.status())?;
    Ok(Described { arn, cluster: Arc::new(cluster), facts: Arc::default(), at: Instant::now() })
}

/// A cluster that is being updated serves all the same.
fn check_status(arn: &ClusterArn, status: Option<&ClusterStatus>) -> Result<(), PortError> {
    let Some(status) = status else { return Ok(()) };
    let (class, next) = match status {
        ClusterStatus::Active | ClusterStatus::Updating => return Ok(()),
        ClusterStatus::Creating | ClusterStatus::Pending => {
            (Class::Unavailable, "Wait until it is ACTIVE, then try again")
        }
        ClusterStatus::Deleting => (
            Class::Invalid,
            "Wait until it is gone, then destroy these resources with -refresh=false, which removes what is left in IAM",
        ),
        _ => (Class::Invalid, "Repair or delete it in EKS, then try again"),
    };
    let message = format!("the cluster {arn} is {}", status.as_str());
    Err(PortError { next: Some(next.to_owned()), ..PortError::new(class, CALL.name(), message) })
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

    #[test]
    fn a_cluster_that_does_not_serve_says_what_to_wait_for() {
        for (status, expected, reason) in [
            (None, None, "an emulator may leave it out"),
            (Some(ClusterStatus::Active), None, "as usual"),
            (Some(ClusterStatus::Updating), None, "an upgrade"),
            (Some(ClusterStatus::Creating), Some((Class::Unavailable, "until it is ACTIVE")), "it comes"),
            (Some(ClusterStatus::Deleting), Some((Class::Invalid, "until it is gone")), "it is never ACTIVE again"),
            (Some(ClusterStatus::Failed), Some((Class::Invalid, "Repair or delete it")), "waiting won't help"),
        ] {
            let refused = check_status(&demo(), status.as_ref()).err();
            assert_eq!(refused.as_ref().map(|error| error.class), expected.map(|(class, _)| class), "{reason}");
            let next = refused.and_then(|error| error.next).unwrap_or_default();
            assert!(next.contains(expected.map_or("", |(_, words)| words)), "{reason}: {next}");
        }
    }
}
