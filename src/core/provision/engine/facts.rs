//! What is known of a cluster: asked once per connection, and which half of it a rendering sees.

use super::failure::Failure;
use crate::{
    domain::{Class, ClusterRef, Facts, IdentityProvider, Problem, Spec, StableFacts},
    ports::{Clusters, PortError},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Mutex;

/// Facts and targets by cluster as it was written. Errors are not kept: a token may be renewed meanwhile.
pub(super) struct Known {
    clusters: Arc<dyn Clusters>,
    facts: Mutex<HashMap<ClusterRef, Facts>>,
    targets: Mutex<HashMap<ClusterRef, String>>,
    only: Mutex<Option<Option<ClusterRef>>>,
    policies: Mutex<HashMap<String, bool>>,
}

// === impl Known ===

impl Known {
    pub(super) fn new(clusters: Arc<dyn Clusters>) -> Self {
        Self {
            clusters,
            facts: Mutex::default(),
            targets: Mutex::default(),
            only: Mutex::default(),
            policies: Mutex::default(),
        }
    }

    pub(super) async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        let mut known = self.facts.lock().await;
        if let Some(facts) = known.get(cluster) {
            return Ok(facts.clone());
        }
        let facts = self.clusters.facts(cluster).await?;
        known.insert(cluster.clone(), facts.clone());
        Ok(facts)
    }

    pub(super) async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        let mut known = self.targets.lock().await;
        if let Some(target) = known.get(cluster) {
            return Ok(target.clone());
        }
        let target = self.clusters.target(cluster).await?;
        known.insert(cluster.clone(), target.clone());
        Ok(target)
    }

    pub(super) async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        let mut known = self.only.lock().await;
        if let Some(only) = &*known {
            return Ok(only.clone());
        }
        let only = self.clusters.only().await?;
        *known = Some(only.clone());
        Ok(only)
    }

    /// Only a "yes" is remembered: a missing boundary is made by someone else and then asked for again.
    pub(super) async fn policy_exists(&self, facts: &StableFacts, arn: &str) -> Result<bool, PortError> {
        let mut known = self.policies.lock().await;
        if known.get(arn).copied().unwrap_or(false) {
            return Ok(true);
        }
        let exists = self.clusters.policy_exists(&facts.cluster_arn, arn).await?;
        known.insert(arn.to_owned(), exists);
        Ok(exists)
    }

    pub(super) async fn identity_providers(&self, cluster: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        self.clusters.identity_providers(cluster).await
    }
}

/// `facts` of the request are pinned by core; else those of the last read or apply hold. The Pod Security version is that of
/// the cluster when the environment was made, whatever the cluster is now (`security.md` 10).
pub(super) fn stable(spec: &Spec, remembered: Option<&StableFacts>, fetched: Option<&Facts>) -> Option<StableFacts> {
    let pinned = match spec {
        Spec::Baseline(_) => None,
        Spec::Environment(spec) => spec.facts.as_ref(),
        Spec::Slot(spec) => spec.facts.as_ref(),
    };
    let mut facts = pinned.map(|facts| &facts.stable).or(remembered).or(fetched.map(|facts| &facts.stable))?.clone();
    if let Some(remembered) = remembered {
        facts.pod_security_version.clone_from(&remembered.pod_security_version);
    }
    Some(facts)
}

/// After a read: what the cluster is now, but for what stays as it was at create.
pub(super) fn refreshed(remembered: Option<&StableFacts>, now: &Facts) -> StableFacts {
    let mut facts = now.stable.clone();
    if let Some(remembered) = remembered {
        facts.pod_security_version.clone_from(&remembered.pod_security_version);
    }
    facts
}

/// EKS gives each cluster an issuer of its own: another one under the same name is another cluster.
pub(super) fn replaced(remembered: Option<&StableFacts>, now: &StableFacts) -> Option<Problem> {
    let (before, issuer) = (remembered?.oidc_issuer.as_ref()?, now.oidc_issuer.as_ref()?);
    (before != issuer).then(|| {
        Problem::warning(
            "cluster.replaced",
            format!("{} is not the cluster that this was made on", now.cluster_arn),
            format!(
                "its OIDC issuer is {issuer} and was {before}: it was deleted and made again under the same name. What lay in it is \
                 gone, and the next apply makes it anew; trust that others give to the old issuer has to be given again"
            ),
        )
        .at(["cluster"])
    })
}

/// Another target is an error and never "gone": a wrong profile must not empty a state.
pub(super) fn same_target(id: &str, state: Option<&str>, provider: &str) -> Result<(), Problem> {
    match state {
        Some(state) if state != provider => Err(Problem::error(
            "target.other",
            format!("{id} lives in another target than this provider points at"),
            format!(
                "state belongs to target {state}, this provider points at {provider}: correct the provider's \
                 configuration (profile, context or sandbox path); nothing was changed"
            ),
        )),
        _ => Ok(()),
    }
}

pub(super) fn unreadable(cluster: &ClusterRef, error: PortError) -> Problem {
    let is_gone = error.class == Class::NotFound;
    let problem = Failure::call("reading the facts of", format!("cluster {cluster}"), error).problem();
    let problem = match is_gone {
        // Never taken for gone by itself: another region or account says the same.
        true => Problem {
            detail: "check its name, the region and the account. If it was deleted for good, what lay in it went along: remove \
                     what is left in IAM by destroying these resources with -refresh=false"
                .to_owned(),
            ..problem
        },
        false => problem,
    };
    problem.at(["cluster"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::testing::facts;

    #[test]
    fn a_cluster_is_known_by_its_issuer() {
        let with = |issuer: Option<&str>| StableFacts { oidc_issuer: issuer.map(str::to_owned), ..facts().stable };
        for (before, now, told, reason) in [
            (Some("https://a"), Some("https://a"), false, "the same"),
            (Some("https://a"), Some("https://b"), true, "made again under its name"),
            (None, Some("https://b"), false, "it was not known"),
            (Some("https://a"), None, false, "it cannot be told now"),
        ] {
            assert_eq!(replaced(Some(&with(before)), &with(now)).is_some(), told, "{reason}");
        }
        assert_eq!(replaced(None, &with(Some("https://a"))), None, "an import knows nothing before");
    }

    #[test]
    fn only_another_target_is_an_error() {
        for (state, provider, refused, reason) in [
            (None, "a", false, "a create knows no target yet"),
            (Some("a"), "a", false, "the same"),
            (Some("a"), "b", true, "a wrong profile"),
        ] {
            assert_eq!(same_target("demo/pay", state, provider).is_err(), refused, "{reason}");
        }
    }
}
