//! The four ClusterRoles, pinned and not aggregated.
//!
//! The built-in `edit` may write NetworkPolicies, make tokens of service accounts, impersonate them and read Secrets; `admin`
//! adds RoleBindings; charts aggregate into both behind our back. None of ours does any of it: quotas, limits and service
//! accounts' tokens no tenant writes, and of what else bounds one (NetworkPolicies, bindings) only what a guard keeps inside.

use crate::{
    domain::{Guard, PersonaName},
    golden::catalogue::RoleRule,
};
use serde_json::{Value, json};

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];

/// API groups with their resources, one word each.
type Table = &'static [(&'static str, &'static str)];

/// What anybody in an environment may look at. Secrets are not among them.
const SEEN: Table = &[
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces persistentvolumeclaims \
         persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers \
         replicationcontrollers/scale resourcequotas resourcequotas/status serviceaccounts services \
         services/status",
    ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status \
         replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("discovery.k8s.io", "endpointslices"),
    ("events.k8s.io", "events"),
    ("metrics.k8s.io", "pods"),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    ("rbac.authorization.k8s.io", "rolebindings roles"),
];

/// What runs a workload. Writing any of it is bounded by quota, Pod Security and network rules.
const WORKLOADS: Table = &[
    ("", "configmaps persistentvolumeclaims pods replicationcontrollers replicationcontrollers/scale services"),
    ("apps", "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    ("networking.k8s.io", "ingresses"),
    ("policy", "poddisruptionbudgets"),
];

/// Into a running pod. `get` is what a WebSocket client needs, `create` what the API checks.
const EXEC: Table = &[("", "pods/attach pods/exec pods/portforward")];
const DEBUG: Table = &[("", "pods/ephemeralcontainers")];
const EVICT: Table = &[("", "pods/eviction")];
const SECRETS: Table = &[("", "secrets")];

/// What charts bring along. A ServiceAccount may do nothing by itself; a Role grants no more than its writer has (RBAC's own
/// rule against escalation).
const INSTALLED: Table = &[("", "serviceaccounts"), ("rbac.authorization.k8s.io", "roles")];
/// Each only where the guard is that keeps them inside of the environment.
const GUARDED: [(Guard, Table); 2] = [
    (Guard::RoleBindings, &[("rbac.authorization.k8s.io", "rolebindings")]),
    (Guard::Network, &[("networking.k8s.io", "networkpolicies")]),
];

/// Viewer reads; developer adds writes to workloads and exec; deployer has those writes, Secrets and what charts bring, no exec;
/// admin has both. `granted` is what golden paths add.
pub fn rules<'a>(
    persona: PersonaName,
    is_on: impl Fn(Guard) -> bool,
    granted: impl IntoIterator<Item = &'a RoleRule>,
) -> Vec<Value> {
    let (workloads, exec, deploys) = match persona {
        PersonaName::Viewer => (false, false, false),
        PersonaName::Developer => (true, true, false),
        PersonaName::Deployer => (true, false, true),
        PersonaName::Admin => (true, true, true),
    };
    let guarded = GUARDED.into_iter().map(|(guard, table)| (deploys && is_on(guard), table, WRITE));
    let parts: [(bool, Table, &[&str]); 8] = [
        (true, SEEN, READ),
        (workloads, WORKLOADS, WRITE),
        (workloads, EVICT, &["create"]),
        (exec, EXEC, &["create", "get"]),
        (exec, DEBUG, &["patch", "update"]),
        (deploys, SECRETS, READ),
        (deploys, SECRETS, WRITE),
        (deploys, INSTALLED, WRITE),
    ];
    let own = parts.into_iter().chain(guarded).filter(|(granted, ..)| *granted).flat_map(|(_, table, verbs)| {
        table.iter().map(move |(group, resources)| {
            let resources: Vec<&str> = resources.split_whitespace().collect();
            json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
        })
    });
    let granted = granted.into_iter().map(
        |RoleRule { groups, resources, verbs }| json!({"apiGroups": groups, "resources": resources, "verbs": verbs}),
    );
    own.chain(granted).collect()
}

pub fn name(persona: PersonaName) -> String {
    format!("gp-{persona}")
}

#[cfg(test)]
mod tests;
