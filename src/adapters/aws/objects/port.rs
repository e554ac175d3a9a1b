//! The port itself: each kind of object has its own file.

use super::{access_policies, calls_of, kind_calls::mismatch, observe};
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
        let calls = calls_of(key).ok_or_else(|| mismatch(key))?;
        Ok(calls.apply(cluster, key, &body, &expect).await?.observation(arn))
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
        let calls = calls_of(key).ok_or_else(|| invalid("delete", format!("{key} is in Kubernetes")))?;
        calls.delete(EksCluster { clients: self.clients().await?, arn: cluster }, key, expect).await?;
        Ok(Deleted::Gone)
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        access_policies::revoke(EksCluster { clients: self.clients().await?, arn: cluster }, revoked).await
    }
}

/// Tags of others are never a difference, so these come and go with what is changed anyway. Ours win.
fn with_default_tags(body: &Body, defaults: &BTreeMap<String, String>) -> Body {
    let mut body = body.clone();
    if let Some(tags) = body.tags_mut() {
        for (name, value) in defaults {
            tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
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
        let body = Body::AccessEntry(AccessEntry::new("gp:p:0123456789abcdef", tags));
        let defaults = map(&[("cost-center", "CC1"), ("goldenpath:managed", "false")]);
        let Body::AccessEntry(entry) = with_default_tags(&body, &defaults) else { panic!("another kind") };
        assert_eq!(entry.tags, map(&[("cost-center", "CC1"), ("goldenpath:managed", "true")]));
    }
}
