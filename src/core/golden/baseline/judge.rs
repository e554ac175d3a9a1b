//! What is missing of the guards. Knows the resolved values.

use super::resolve::Resolved;
use crate::domain::{Guard, Problems};

pub fn judge(resolved: &Resolved, problems: &mut Problems) {
    let Some(made) = &resolved.guards else {
        problems.warning(
            "guards.unsupported",
            &["guards"],
            "The cluster can't have guards",
            "It is older than Kubernetes 1.30 and serves no ValidatingAdmissionPolicy. Everything else is created. \
             Upgrade the cluster: the next plan of the baseline adds them.",
        );
        return;
    };
    for guard in Guard::ALL.iter().filter(|guard| !made.contains(guard)) {
        let name = guard.as_str();
        problems.warning(
            "guards.off",
            &["guards", name],
            format!("The guard `{name}` is off"),
            format!("Nothing keeps tenants from {}. Remove `guards.{name}` to enable it.", opens(*guard)),
        );
    }
}

/// What tenants may do without it.
fn opens(guard: Guard) -> &'static str {
    match guard {
        Guard::TokenSecrets => "minting tokens of ServiceAccounts that never expire",
        Guard::Services => "taking over foreign addresses with externalIPs, and opening ports of all nodes",
        Guard::ClusterRoles => "being bound to a gp- ClusterRole in a system namespace, by whoever runs the provider",
        Guard::Namespaces => "changing the labels that decide who may do what, if they may write namespaces",
        Guard::Pods => "placing pods on any node, whatever its taints",
        Guard::RoleBindings => {
            "granting strangers access to their namespaces, where something else than gp- ClusterRoles lets them write RoleBindings"
        }
        Guard::Network => {
            "opening their namespaces to everybody, where something else than gp- ClusterRoles lets them write NetworkPolicies"
        }
        Guard::Quotas => {
            "raising or deleting quotas and limits, where something else than gp- ClusterRoles lets them write these"
        }
        Guard::Ingress => "serving hosts of others, and joining their load balancers",
        Guard::Classes => "using any class of ingress and storage, whatever the golden path lists",
        Guard::Replicas => "running more replicas than the share of a slot",
    }
}
