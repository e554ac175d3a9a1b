//! The port itself: each kind of object has its own file.

use super::{access_policies, associations, entries, live::Live, observe, roles};
use crate::{
    aws::{account::Aws, call::EksCluster},
    errors::invalid,
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, ClusterArn, ObjectKey, Observed},
    ports::{Apply, Deleted, Expect, Objects, PortError, Revoked, Selector},
};
use std::collections::BTreeMap;

#[async_trait]
impl Objects for Aws {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        observe::observe(EksCluster { clients: self.clients().await?, arn: cluster }, selector).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let Apply { cluster: arn, key, body, manager: _, expect, take: _ } = apply;
        let cluster = EksCluster { clients: self.clients().await?, arn };
        let body = with_default_tags(body, &self.options.default_tags);
        let live = apply_body(cluster, key, &body, &expect).await?;
        Ok(live.observation(arn))
    }

    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let Some(arn) = applies.first().map(|apply| apply.cluster) else { return vec![] };
        let clients = match self.clients().await {
            Ok(clients) => clients,
            Err(error) => return applies.iter().map(|_| Err(error.clone())).collect(),
        };
        let wanted: Vec<(&ObjectKey, &Expect)> = applies.iter().map(|apply| (apply.key, &apply.expect)).collect();
        let results = access_policies::apply(EksCluster { clients, arn }, &wanted).await;
        results.into_iter().map(|live| Ok(live?.observation(arn))).collect()
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        delete(EksCluster { clients: self.clients().await?, arn: cluster }, key, expect).await?;
        Ok(Deleted::Gone)
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        access_policies::revoke(EksCluster { clients: self.clients().await?, arn: cluster }, revoked).await
    }
}

async fn apply_body(cluster: EksCluster<'_>, key: &ObjectKey, body: &Body, expect: &Expect) -> Result<Live, PortError> {
    match (key, body) {
        (ObjectKey::Role { name }, Body::Role(role)) => roles::apply(cluster, name, role, expect).await,
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
            entries::apply(cluster, principal, entry, expect).await
        }
        (ObjectKey::AccessPolicy { .. }, Body::AccessPolicy(_)) => {
            let made = access_policies::apply(cluster, &[(key, expect)]).await.pop();
            made.unwrap_or_else(|| Err(invalid("apply", format!("{key}: nothing was returned"))))
        }
        (
            ObjectKey::PodIdentityAssociation { namespace, service_account },
            Body::PodIdentityAssociation(association),
        ) => associations::apply(cluster, (namespace, service_account), association, expect).await,
        (key, _) => Err(invalid("apply", format!("{key}: the body is of another kind than the key"))),
    }
}

pub(super) async fn delete(cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
    match key {
        ObjectKey::Role { name } => roles::delete(cluster, name, expect).await,
        ObjectKey::AccessEntry { principal } => entries::check_and_delete(cluster, principal, expect).await,
        ObjectKey::AccessPolicy { .. } => access_policies::delete(cluster, key, expect).await,
        ObjectKey::PodIdentityAssociation { namespace, service_account } => {
            associations::delete(cluster, (namespace, service_account), expect).await
        }
        ObjectKey::Kube { .. } => Err(invalid("delete", format!("{key} is in Kubernetes"))),
    }
}

/// Tags of others are never a difference, so these come and go with what is changed anyway. Ours win.
fn with_default_tags(body: &Body, defaults: &BTreeMap<String, String>) -> Body {
    let mut body = body.clone();
    let tags = match &mut body {
        Body::Role(role) => &mut role.tags,
        Body::AccessEntry(entry) => &mut entry.tags,
        Body::PodIdentityAssociation(association) => &mut association.tags,
        Body::AccessPolicy(_) | Body::Kube(_) => return body,
    };
    for (name, value) in defaults {
        tags.entry(name.clone()).or_insert_with(|| value.clone());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::AccessEntry;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_fill_and_never_win() {
        let tags = map(&[("goldenpath:managed", "true")]);
        let body = Body::AccessEntry(AccessEntry { group: "gp:p:0123456789abcdef".to_owned(), tags });
        let defaults = map(&[("cost-center", "CC1"), ("goldenpath:managed", "false")]);
        let Body::AccessEntry(entry) = with_default_tags(&body, &defaults) else { panic!("another kind") };
        assert_eq!(entry.tags, map(&[("cost-center", "CC1"), ("goldenpath:managed", "true")]));
    }
}
