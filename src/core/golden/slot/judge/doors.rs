//! Who else connects to a slot that names who may. Policies only ever add: a namespace of its own is rendered without the
//! environment's doors, and those of a shared one hold for all its pods, whatever their labels.

use crate::{
    domain::{Problems, SAME_ENVIRONMENT},
    golden::{parent::Parent, slot::effective::Effective},
};

pub fn judge(effective: &Effective, problems: &mut Problems) {
    let network = &effective.parent.network;
    let Some(ingress) = &effective.spec.ingress else { return };
    let is_sibling = |slot: &String| slot.rsplit('/').nth(1) == Some(effective.environment());
    // Slots of other environments would not get in without it.
    let narrows = ingress.from_slots.is_empty() || ingress.from_slots.iter().any(is_sibling);
    let mut doors = doors(&effective.parent);
    if effective.is_isolated() || !narrows || !network.default_deny.has_ingress() || doors.is_empty() {
        return;
    }
    if !network.monitoring_namespaces.is_empty() {
        doors.push("monitoring (`network.monitoring_namespaces`)");
    }
    problems.warning(
        "slot.ingress_not_narrowed",
        &["ingress"],
        "`ingress` does not close what the environment opens in the shared namespace",
        format!(
            "Still open: {}. Set `isolation = \"namespace\"` on the slot, or close them in `network` of the environment.",
            doors.join(", ")
        ),
    );
}

/// What is open in every namespace of the environment. Monitoring is no reason for a warning: it reads metrics of every pod, unless
/// the environment says otherwise.
fn doors(Parent { network, .. }: &Parent) -> Vec<&'static str> {
    let doors = [
        (
            "pods of the environment (`network.same_environment`)",
            network.egress_presets.iter().any(|name| name == SAME_ENVIRONMENT),
        ),
        ("other environments (`network.allow_from`)", !network.allow_from.is_empty()),
        (
            "address ranges (`network.ingress_cidrs`)",
            network.ingress_cidrs.as_ref().is_none_or(|ranges| !ranges.is_empty()),
        ),
        ("ingress controllers (`network.ingress_namespaces`)", !network.ingress_namespaces.is_empty()),
    ];
    doors.into_iter().filter_map(|(door, is_open)| is_open.then_some(door)).collect()
}

#[cfg(test)]
mod tests {
    use crate::golden::{Slot, Spec, fixtures::*};
    use serde_json::{Value, json};

    const ALL: [&str; 5] =
        ["same_environment", "allow_from", "ingress_cidrs", "ingress_namespaces", "monitoring_namespaces"];

    /// Each door by its name, and no other one.
    #[test]
    fn what_stays_open_is_named_where_siblings_are() {
        let siblings = || json!({"from_slots": ["payments-staging/gateway"]});
        let others = || json!({"from_slots": ["edge-staging/gateway"]});
        let closed = |mut network: Value| {
            network["same_environment"] = json!(false);
            network
        };
        let nginx = || json!({"ingress_namespaces": ["ingress-nginx"], "monitoring_namespaces": []});
        for (network, isolation, ingress, expected, reason) in [
            (
                json!({}),
                "shared",
                siblings(),
                &["same_environment", "monitoring_namespaces"][..],
                "as an environment is",
            ),
            (
                json!({}),
                "shared",
                json!({"from_slots": ["demo/payments-staging/gateway"]}),
                &["same_environment", "monitoring_namespaces"],
                "with its cluster",
            ),
            (
                json!({}),
                "shared",
                json!({"from_slots": ["edge-staging/gateway", "payments-staging/gateway"]}),
                &["same_environment", "monitoring_namespaces"],
                "one of both",
            ),
            (json!({}), "shared", json!({}), &["same_environment", "monitoring_namespaces"], "nobody is named"),
            (json!({}), "shared", others(), &[], "another environment's slot would not get in without it"),
            (json!({}), "namespace", siblings(), &[], "a namespace of its own has no such doors"),
            (
                json!({"default_deny": "ingress"}),
                "shared",
                siblings(),
                &["same_environment", "monitoring_namespaces"],
                "egress may be open",
            ),
            (closed(json!({})), "shared", siblings(), &[], "closed within; monitoring alone is the default"),
            (closed(nginx()), "shared", siblings(), &["ingress_namespaces"], "an ingress controller"),
            (closed(nginx()), "namespace", siblings(), &[], "which does not reach a namespace of its own"),
            (
                closed(json!({"ingress_cidrs": ["10.0.0.0/20"]})),
                "shared",
                siblings(),
                &["ingress_cidrs", "monitoring_namespaces"],
                "a load balancer",
            ),
            (closed(json!({"ingress_cidrs": []})), "shared", siblings(), &[], "no range is no door"),
            (
                closed(json!({"allow_from": ["env:edge-staging"]})),
                "shared",
                siblings(),
                &["allow_from", "monitoring_namespaces"],
                "another environment",
            ),
        ] {
            // The one that closes ingress alone.
            let tier = if network["default_deny"] == "ingress" { "dev" } else { "staging" };
            let spec = environment(
                json!({"name": "payments-staging", "tier": tier, "network": network, "quota": {"slots_percent": 50}}),
            );
            let slot =
                slot(json!({"environment": "demo/payments-staging", "isolation": isolation, "ingress": ingress}));
            let problems = judged(&Spec::of::<Slot>(slot), &facts(), Some(&parent(&spec, &facts())));
            let found = problems.iter().find(|problem| problem.code == "slot.ingress_not_narrowed");
            assert_eq!(found.is_some(), !expected.is_empty(), "{reason}: {problems:?}");
            let Some(found) = found else { continue };
            assert_well_written(found, reason);
            let named: Vec<&str> =
                ALL.into_iter().filter(|door| found.detail.contains(&format!("`network.{door}`"))).collect();
            assert_eq!(named, expected, "{reason}: {found}");
        }
    }

    /// What an environment does not close needs no opening, and another warning says so.
    #[test]
    fn an_environment_that_is_open_has_no_doors() {
        let spec = environment(json!({"network": {"default_deny": "egress"}}));
        let slot = slot(json!({"ingress": {"from_slots": ["payments-dev/gateway"]}}));
        let problems = judged(&Spec::of::<Slot>(slot), &facts(), Some(&parent(&spec, &facts())));
        assert!(problems.iter().all(|problem| problem.code != "slot.ingress_not_narrowed"), "{problems:?}");
    }
}
