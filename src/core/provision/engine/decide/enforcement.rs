//! Whether network rules are enforced: by what the cluster says, not by what is assumed. Pure.

use crate::{
    domain::{Problem, TierClass},
    golden::Summary,
};

/// On a cluster where nothing is known to enforce NetworkPolicies. `network.engine` names what does, if EKS does not know of it.
pub fn judge(summary: &Summary) -> Option<Problem> {
    let make = if summary.class == Some(TierClass::Prod) { Problem::error } else { Problem::warning };
    summary.assumes_enforcement.then(|| {
        make(
            "network.not_enforced",
            "Nothing enforces network rules on this cluster, as far as EKS knows".to_owned(),
            "Turn on the network policies of the add-on vpc-cni (`enableNetworkPolicy`), or name in `network.engine` what enforces them: \
             cilium, calico, or vpc_cni where it is no add-on."
                .to_owned(),
        )
        .at(["network", "engine"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures::{environment, rendered};
    use serde_json::json;

    #[test]
    fn rules_that_nothing_enforces_are_no_rules() {
        let owner = json!({"contact": "a@b", "cost_center": "C"});
        for (request, expected, reason) in [
            (json!({}), Some(false), "a warning in dev"),
            (json!({"tier": "prod", "owner": owner}), Some(true), "refused in prod"),
            (json!({"network": {"engine": "auto"}}), Some(false), "an assumption, too"),
            (json!({"network": {"engine": "cilium"}}), None, "somebody says what enforces them"),
        ] {
            let summary = rendered(&environment("pay", request), None).summary;
            assert_eq!(judge(&summary).map(|problem| problem.is_error()), expected, "{reason}");
        }
    }
}
