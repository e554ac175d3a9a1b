//! Of a cluster that responds to some requests and not to others.

use super::*;
use goldenpath_core::{
    domain::{Facts, IdentityProvider, ObjectKey},
    ports::{Apply, Deleted, Expect},
};
use std::future::pending;

/// To requests about objects and about IAM's providers it never responds.
struct Silent(Facts);

#[async_trait]
impl Clusters for Silent {
    async fn target(&self, _: &ClusterRef) -> Result<String, PortError> {
        Ok(self.0.stable.cluster_arn.to_string())
    }

    async fn facts(&self, _: &ClusterRef) -> Result<Facts, PortError> {
        Ok(self.0.clone())
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        Ok(None)
    }

    async fn policy_exists(&self, _: &ClusterArn, _: &str) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn oidc_provider_exists(&self, _: &ClusterArn, _: &str) -> Result<bool, PortError> {
        pending().await
    }

    async fn identity_providers(&self, _: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        Ok(vec![])
    }
}

#[async_trait]
impl Objects for Silent {
    async fn observe(&self, _: &ClusterArn, _: &Selector) -> Result<Vec<Observed>, PortError> {
        pending().await
    }

    async fn apply(&self, _: Apply<'_>) -> Result<Observed, PortError> {
        pending().await
    }

    async fn delete(&self, _: &ClusterArn, _: &ObjectKey, _: &Expect) -> Result<Deleted, PortError> {
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_respond_takes_no_other_check_with_it() {
    let facts = serde_json::from_value(serde_json::json!({
        "stable": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
            "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36",
            "oidc_issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B"},
        "version": "1.36", "authentication_mode": "API",
    }));
    let silent = Silent(facts.expect("facts"));
    let seen = common(&silent, &silent, &"demo".parse().expect("a name"), Catalogue::built_in()).await;
    assert!(seen.facts.is_ok() && seen.identity_providers.is_ok(), "{seen:?}");
    assert!(seen.boundaries.as_ref().is_ok_and(|found| !found.is_empty()), "{seen:?}");
    let silence = |why: Option<&String>| why.is_some_and(|why| why == "no response within 120 s");
    assert!(silence(seen.objects.as_ref().err()), "{seen:?}");
    assert!(silence(seen.oidc_provider.as_ref().and_then(|known| known.as_ref().err())), "{seen:?}");
}

#[test]
fn what_could_not_be_read_says_what_to_do() {
    let denied = |next: Option<&str>| {
        let next = next.map(str::to_owned);
        PortError { next, ..PortError::new(Class::Denied, "eks:DescribeCluster", "no credentials: expired.") }
    };
    for (next, expected, reason) in [
        (
            Some("Sign in again with `aws sso login`"),
            "eks:DescribeCluster: no credentials: expired; sign in again with `aws sso login`",
            "a first run",
        ),
        (None, "eks:DescribeCluster: no credentials: expired.", "nothing better is known"),
    ] {
        assert_eq!(reading::<()>(Err(denied(next))), Err(expected.to_owned()), "{reason}");
    }
}
