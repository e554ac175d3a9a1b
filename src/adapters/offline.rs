//! A target made of facts alone: plans render and are judged without credentials, and nothing can be applied.
//!
//! It is for `terraform test` and for a module's CI, which assert on `objects` and findings in milliseconds.

use async_trait::async_trait;
use goldenpath_core::{
    domain::{Class, ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed},
    kinds::aws::role,
    ports::{Apply, Clusters, Deleted, Expect, Objects, PortError, Probe, Readiness, Selector},
};

/// Knows one cluster, the one of its facts, and no object.
pub struct Offline {
    facts: Facts,
}

const REFUSED: &str = "the offline target renders and judges plans, and applies nothing: set `sandbox` or `aws` in the provider to \
                       apply";

impl Offline {
    pub fn new(facts: Facts) -> Self {
        Self { facts }
    }

    fn check(&self, cluster: &ClusterRef) -> Result<(), PortError> {
        let own = &self.facts.stable.cluster_arn;
        let is_own = match cluster.arn() {
            Some(arn) => arn == *own,
            None => cluster.name() == own.name(),
        };
        if is_own {
            return Ok(());
        }
        let message = format!(
            "the offline target knows only {own}, the cluster of its facts: name that cluster instead of {cluster}"
        );
        Err(PortError::new(Class::NotFound, "facts", message))
    }
}

#[async_trait]
impl Clusters for Offline {
    /// A cluster's ARN, as on a real target: what is planned here is planned for that cluster.
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        self.check(cluster)?;
        Ok(self.facts.stable.cluster_arn.to_string())
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        self.check(cluster)?;
        Ok(self.facts.clone())
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        Ok(self.facts.stable.cluster_arn.as_str().parse().ok())
    }

    /// Nothing is known about what IAM has, and a plan must not fail over what only an apply can check. Whose a policy would be is in its
    /// ARN.
    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        Ok(role::may_have_policy(cluster, policy_arn))
    }

    async fn oidc_provider_exists(&self, _cluster: &ClusterArn, _issuer: &str) -> Result<bool, PortError> {
        Ok(true)
    }

    /// Nothing is known about people either.
    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        self.check(cluster)?;
        Ok(vec![])
    }
}

#[async_trait]
impl Objects for Offline {
    async fn observe(&self, _cluster: &ClusterArn, _selector: &Selector) -> Result<Vec<Observed>, PortError> {
        Ok(vec![])
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        Err(PortError::new(Class::Invalid, format!("apply {}", apply.key), REFUSED))
    }

    async fn delete(&self, _cluster: &ClusterArn, key: &ObjectKey, _expect: &Expect) -> Result<Deleted, PortError> {
        Err(PortError::new(Class::Invalid, format!("delete {key}"), REFUSED))
    }
}

#[async_trait]
impl Probe for Offline {
    /// Nothing runs here.
    async fn identity(&self, _: &ClusterArn, _: &str, _: &str) -> Result<Readiness, PortError> {
        Ok(Readiness::Inconclusive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::{
        domain::{AccessPolicy, Body},
        ports::Scope,
    };
    use serde_json::json;

    fn offline() -> Offline {
        let facts = json!({
            "stable": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
                "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"},
            "version": "1.36", "authentication_mode": "API", "network_policy_enforced": true,
        });
        Offline::new(serde_json::from_value(facts).expect("facts"))
    }

    #[tokio::test]
    async fn it_knows_its_own_cluster_by_either_form() {
        let target = offline();
        for (cluster, known, reason) in [
            ("demo", true, "by name"),
            ("arn:aws:eks:eu-west-1:111122223333:cluster/demo", true, "by ARN"),
            ("arn:aws:eks:eu-west-1:999900001111:cluster/demo", false, "another account's"),
            ("other", false, "another name"),
        ] {
            let cluster = cluster.parse().expect("a cluster");
            assert_eq!(target.facts(&cluster).await.is_ok(), known, "{reason}");
            assert_eq!(target.target(&cluster).await.is_ok(), known, "{reason}");
        }
    }

    #[tokio::test]
    async fn it_holds_nothing_and_applies_nothing() {
        let target = offline();
        let cluster = target.facts.stable.cluster_arn.clone();
        let selector = Selector { scope: Scope::Everything, keys: vec![ObjectKey::namespace_object("a")] };
        assert_eq!(target.observe(&cluster, &selector).await, Ok(vec![]));
        let key = ObjectKey::namespace_object("a");
        let body = Body::AccessPolicy(AccessPolicy {});
        let apply =
            Apply { cluster: &cluster, key: &key, body: &body, manager: "goldenpath", expect: Expect::Any, take: &[] };
        let refused = target.apply(apply).await.expect_err("offline");
        assert_eq!(refused.class, Class::Invalid);
        assert!(refused.message.contains("applies nothing"), "{refused}");
        assert!(target.delete(&cluster, &key, &Expect::Any).await.is_err());
        let probed = target.identity(&cluster, "a", "b").await;
        assert_eq!(probed, Ok(Readiness::Inconclusive), "no pod ever comes");
    }
}
