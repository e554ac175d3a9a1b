//! Whether network rules are enforced: by what is seen of the cluster, not by what is assumed. Pure.

use crate::{
    domain::{Facts, NetworkEngine, Problem, TierClass},
    golden::{SaidEngine, Summary},
};

const AT: [&str; 2] = ["network", "engine"];

/// By the fact alone. Where it says otherwise, or can't be read, `network.engine` overrules it with a reason, which is shown; the engine
/// `none` has nothing to overrule it with.
pub fn judge(summary: &Summary, facts: &Facts) -> Option<Problem> {
    let SaidEngine { engine, reason } = summary.enforcement.as_ref()?;
    let said = engine.filter(|engine| *engine != NetworkEngine::None).zip(reason.as_deref());
    match (facts.network_policy_enforced, said) {
        (Some(true), _) => None,
        (_, Some((engine, reason))) => Some(overruling(engine, reason)),
        (Some(false), None) => Some(no_enforcement(summary.class, facts.stable.auto_mode)),
        (None, None) => Some(unknown_enforcement(summary.class)),
    }
}

/// Production is refused what nobody sees to hold.
fn make_of(class: Option<TierClass>) -> fn(&'static str, String, String) -> Problem {
    match class {
        Some(TierClass::Prod) => Problem::error,
        _ => Problem::warning,
    }
}

fn no_enforcement(class: Option<TierClass>, auto_mode: bool) -> Problem {
    let make = make_of(class);
    let next = match auto_mode {
        true => {
            "EKS Auto Mode does not by itself. Apply the ConfigMap amazon-vpc-cni to kube-system, with \
             `enable-network-policy-controller: \"true\"` in it."
        }
        false => {
            "The add-on vpc-cni has `enableNetworkPolicy` off, and neither Cilium (DaemonSet cilium in kube-system) nor Calico \
             (calico-node in calico-system or kube-system) is seen running. Turn one of them on. If something else enforces \
             them, name it in `network.engine`, and say why that holds in `network.engine_reason`."
        }
    };
    make("network.not_enforced", "Nothing enforces network rules on this cluster".to_owned(), next.to_owned()).at(AT)
}

fn unknown_enforcement(class: Option<TierClass>) -> Problem {
    let make = make_of(class);
    let next = "What would say so may not be read. Grant the role goldenpath-cluster-facts of `permissions --kubernetes`, or say in \
                `network.engine` what enforces them, and why that holds in `network.engine_reason`.";
    let summary = "Not known: whether anything enforces network rules on this cluster";
    make("network.enforcement_unknown", summary.to_owned(), next.to_owned()).at(AT)
}

fn overruling(engine: NetworkEngine, reason: &str) -> Problem {
    Problem::warning(
        "network.engine_overrules",
        format!("{} is said to enforce network rules, and is not seen to", engine.as_str()),
        format!("The reason given is: {reason}. Remove `engine_reason` once `doctor` sees what enforces them."),
    )
    .at(["network", "engine_reason"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures::{environment, facts, rendered};
    use serde_json::json;

    #[test]
    fn rules_that_nothing_enforces_are_no_rules() {
        let owner = json!({"contact": "a@b", "cost_center": "C"});
        let prod = |network| json!({"tier": "prod", "owner": owner, "network": network});
        let none_for = |reason| json!({"network": {"engine": "none", "engine_reason": reason}});
        let none = || none_for(json!(null));
        let cilium = json!({"engine": "cilium"});
        let why = json!({"engine": "cilium", "engine_reason": "ticket OPS-12"});
        for (request, enforced, expected, reason) in [
            (json!({}), Some(false), Some(("network.not_enforced", false)), "a warning in dev"),
            (prod(json!({})), Some(false), Some(("network.not_enforced", true)), "refused in prod"),
            (prod(json!({})), Some(true), None, "seen"),
            (json!({}), None, Some(("network.enforcement_unknown", false)), "what may not be read is a warning in dev"),
            (
                prod(json!({})),
                None,
                Some(("network.enforcement_unknown", true)),
                "refused in prod: nobody has seen it hold",
            ),
            (prod(json!({"engine": "auto"})), Some(false), Some(("network.not_enforced", true)), "an assumption, too"),
            (prod(cilium.clone()), Some(false), Some(("network.not_enforced", true)), "an engine without a reason"),
            (prod(cilium.clone()), None, Some(("network.enforcement_unknown", true)), "likewise"),
            (prod(cilium), Some(true), None, "nothing to overrule"),
            (none(), Some(true), None, "something does, whatever the request says"),
            (none(), Some(false), Some(("network.not_enforced", false)), "by the fact, which it says too"),
            (none(), None, Some(("network.enforcement_unknown", false)), "it says of nothing that it enforces"),
            (none_for(json!("OPS-12")), None, Some(("network.enforcement_unknown", false)), "whatever its reason"),
            (
                prod(why.clone()),
                Some(false),
                Some(("network.engine_overrules", false)),
                "with a reason, which is shown",
            ),
            (prod(why), None, Some(("network.engine_overrules", false)), "likewise"),
        ] {
            let summary = rendered(&environment("pay", request), None).summary;
            let found = judge(&summary, &Facts { network_policy_enforced: enforced, ..facts() });
            let seen = found.as_ref().map(|problem| (problem.code, problem.is_error()));
            assert_eq!(seen, expected, "{reason}");
            assert!(
                seen.is_none_or(|(code, _)| !code.ends_with("overrules"))
                    || found.is_some_and(|found| found.detail.contains("OPS-12")),
                "{reason}"
            );
        }
    }
}
