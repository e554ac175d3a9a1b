//! `Clusters`, and `Probe` for what pods of a cluster get.

use crate::{
    Sandbox,
    aws::{associations, clusters, iam},
    store::{PendingCall, Verb},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, RoleQuotas},
    ports::{Clusters, PortError, Probe, Readiness},
};

#[async_trait]
impl Clusters for Sandbox {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        let cluster = cluster.clone();
        Ok(self.out_of_band(move |store| clusters::find(store, &cluster).and_then(|_| store.target())).await?)
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        let cluster = cluster.clone();
        let call = PendingCall::about(Verb::Facts, cluster.as_str());
        self.call(call, move |store| clusters::describe(store, &cluster)).await
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        Ok(self.out_of_band(|store| clusters::only(store)).await?)
    }

    async fn policy_exists(&self, cluster: &ClusterArn, policy_arn: &str) -> Result<bool, PortError> {
        let (cluster, policy_arn) = (cluster.clone(), policy_arn.to_owned());
        let call = PendingCall::about(Verb::Policy, policy_arn.as_str());
        self.call(call, move |store| {
            clusters::get(store, &cluster)?;
            iam::has_policy(store, &cluster, &policy_arn)
        })
        .await
    }

    async fn role_quotas(&self, cluster: &ClusterArn) -> Result<RoleQuotas, PortError> {
        let cluster = cluster.clone();
        let call = PendingCall::about(Verb::Quotas, cluster.account());
        self.call(call, move |store| Ok(clusters::get(store, &cluster)?.role_quotas())).await
    }

    async fn oidc_provider_exists(&self, cluster: &ClusterArn, issuer: &str) -> Result<bool, PortError> {
        let (cluster, issuer) = (cluster.clone(), issuer.to_owned());
        let call = PendingCall::about(Verb::Policy, issuer.as_str());
        self.call(call, move |store| clusters::knows_issuer(store, &cluster, &issuer)).await
    }

    async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        let cluster = cluster.clone();
        Ok(self.out_of_band(move |store| Ok(clusters::find(store, &cluster)?.identity_providers)).await?)
    }
}

#[async_trait]
impl Probe for Sandbox {
    async fn identity(
        &self,
        cluster: &ClusterArn,
        namespace: &str,
        service_account: &str,
    ) -> Result<Readiness, PortError> {
        let cluster = cluster.clone();
        let association = ObjectKey::PodIdentityAssociation {
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
        };
        let call = PendingCall::of_object(Verb::Probe, &association);
        self.call(call, move |store| associations::probe(store, &cluster, &association)).await
    }
}
