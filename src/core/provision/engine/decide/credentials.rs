//! Whether pods of a slot get the credentials that its identity stands for: what gives them out is the cluster's and the account's.
//! Warnings, since it may come later, in this run or another. Pure.

use crate::{
    domain::{Facts, ObjectKey, Problem},
    golden::Blueprint,
};

const AT: [&str; 2] = ["identity", "mode"];

/// `facts`, `knows_issuer`: `None` where it was not read.
pub fn judge(blueprint: &Blueprint, facts: Option<&Facts>, knows_issuer: Option<bool>) -> Option<Problem> {
    let is_association = |key: &ObjectKey| matches!(key, ObjectKey::PodIdentityAssociation { .. });
    let is_associated = blueprint.objects.iter().any(|object| is_association(&object.key));
    if is_associated && facts.and_then(Facts::has_pod_identity_agent) == Some(false) {
        return Some(no_agent());
    }
    let issuer = blueprint.summary.issuer.as_deref().filter(|_| knows_issuer == Some(false))?;
    Some(no_provider(issuer))
}

fn no_agent() -> Problem {
    Problem::warning(
        "identity.no_agent",
        "Pods get no AWS credentials: the EKS Pod Identity agent is not on this cluster",
        "Install the add-on eks-pod-identity-agent. Else set `identity.mode` to `irsa`, or to `none` where the workload calls no \
         AWS API.",
    )
    .at(AT)
}

fn no_provider(issuer: &str) -> Problem {
    Problem::warning(
        "identity.no_oidc_provider",
        "IAM does not know the cluster's OIDC issuer, so that no pod can assume the slot's role",
        format!(
            "The role trusts tokens of {issuer}. Create an IAM OIDC provider for it (`aws_iam_openid_connect_provider` with the \
             audience sts.amazonaws.com), or set `identity.mode` to `pod_identity`."
        ),
    )
    .at(AT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures::{environment, facts, rendered, slot};
    use serde_json::json;

    #[test]
    fn what_gives_credentials_has_to_be_there() {
        let parent = environment("pay", json!({}));
        let slot = |mode: &str| rendered(&slot("pay", "ledger", json!({"identity": {"mode": mode}})), Some(&parent));
        let (associated, none) = (slot("pod_identity"), slot("none"));
        let mut irsa = slot("none");
        irsa.summary.issuer = Some("https://oidc.example/id/A".into());
        let agent = |agent| Facts { pod_identity_agent: agent, ..facts() };
        let add_on = || Facts { addons: vec!["eks-pod-identity-agent".into()], ..agent(Some(false)) };
        let mut auto = agent(Some(false));
        auto.stable.auto_mode = true;
        for (blueprint, facts, knows_issuer, expected, reason) in [
            (&associated, Some(agent(Some(false))), None, Some("identity.no_agent"), "no agent"),
            (&associated, Some(agent(None)), None, None, "it may not be read"),
            (&associated, Some(agent(Some(true))), None, None, "a DaemonSet of its chart"),
            (&associated, Some(add_on()), None, None, "an add-on"),
            (&associated, Some(auto), None, None, "Auto Mode has it built in"),
            (&associated, None, None, None, "nothing was read"),
            (&none, Some(agent(Some(false))), None, None, "nobody needs it"),
            (
                &irsa,
                Some(agent(Some(false))),
                Some(false),
                Some("identity.no_oidc_provider"),
                "the issuer is not known",
            ),
            (&irsa, None, Some(true), None, "it is"),
            (&irsa, None, None, None, "it may not be read"),
        ] {
            let found = judge(blueprint, facts.as_ref(), knows_issuer);
            assert_eq!(found.map(|problem| problem.code), expected, "{reason}");
        }
    }
}
