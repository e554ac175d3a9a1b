//! Which half of a cluster's facts a rendering sees, and whether it is still the cluster that it was. Pure.

use crate::{
    domain::{Class, ClusterRef, Id, Problem, StableFacts},
    golden::serves_guards,
    ports::PortError,
    provision::engine::failure::Failure,
};

/// But for the Pod Security version, which stays that of the cluster when it was made. A baseline moves once: when an upgrade
/// of the cluster brings it guards.
pub fn pin_pod_security(id: &Id, mut facts: StableFacts, remembered: Option<&StableFacts>) -> StableFacts {
    if let Some(StableFacts { pod_security_version: made, .. }) = remembered {
        let gains_guards = !serves_guards(made) && serves_guards(&facts.pod_security_version);
        if id.owner().is_some() || !gains_guards {
            facts.pod_security_version.clone_from(made);
        }
    }
    facts
}

/// EKS gives each cluster an issuer of its own: another one under the same name is another cluster.
pub fn replacement(remembered: Option<&StableFacts>, now: &StableFacts) -> Option<Problem> {
    let (before, issuer) = (remembered?.oidc_issuer.as_ref()?, now.oidc_issuer.as_ref()?);
    (before != issuer).then(|| {
        Problem::warning(
            "cluster.replaced",
            format!("{} is not the cluster that this was made on", now.cluster_arn),
            format!(
                "Its OIDC issuer is {issuer} and was {before}: it was deleted and created again under the same name. What was in it \
                 is gone, and the next apply recreates it. Update every trust policy that names the old issuer."
            ),
        )
        .at(["cluster"])
    })
}

/// Another target is an error and never "gone": a wrong profile must not empty a state.
pub fn same_target(id: &str, state: Option<&str>, provider: &str) -> Result<(), Problem> {
    match state {
        Some(state) if state != provider => Err(Problem::error(
            "target.other",
            format!("{id} is in another target than the one this provider is configured for"),
            format!(
                "The state belongs to target {state}, and this provider is configured for {provider}. Nothing was changed. \
                 Correct the provider's configuration (profile, context or sandbox path)."
            ),
        )),
        _ => Ok(()),
    }
}

pub fn unreadable(cluster: &ClusterRef, error: PortError) -> Problem {
    let is_gone = error.class == Class::NotFound;
    let problem = Failure::call("read the facts of", format!("cluster {cluster}"), error).problem();
    let problem = match is_gone {
        // Never taken for gone by itself: another region or account says the same.
        true => Problem {
            detail: "Check its name, the region and the account. If it was deleted for good, everything in it was deleted too: \
                     destroy these resources with -refresh=false, which removes what is left in IAM."
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
    use crate::provision::engine::fixtures::facts;

    #[test]
    fn a_cluster_is_known_by_its_issuer() {
        let with = |issuer: Option<&str>| StableFacts { oidc_issuer: issuer.map(str::to_owned), ..facts().stable };
        for (before, now, is_reported, reason) in [
            (Some("https://a"), Some("https://a"), false, "the same"),
            (Some("https://a"), Some("https://b"), true, "made again under its name"),
            (None, Some("https://b"), false, "it was not known"),
            (Some("https://a"), None, false, "it is not known now"),
        ] {
            assert_eq!(replacement(Some(&with(before)), &with(now)).is_some(), is_reported, "{reason}");
        }
        assert_eq!(replacement(None, &with(Some("https://a"))), None, "an import knows nothing before");
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
