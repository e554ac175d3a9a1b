//! The four ClusterRoles, pinned and not aggregated.
//!
//! The built-in `edit` may write NetworkPolicies, make tokens of service accounts, impersonate them and read Secrets; `admin`
//! adds RoleBindings; charts aggregate into both behind our back. None of ours does any of it: what bounds a tenant
//! (NetworkPolicies, quotas, limits, bindings, service accounts' tokens) no tenant writes.

use crate::domain::PersonaName;
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

/// Viewer reads; developer adds writes to workloads and exec; deployer has those writes and Secrets, no exec; admin has both.
pub fn rules(persona: PersonaName) -> Vec<Value> {
    let (workloads, exec, secrets) = match persona {
        PersonaName::Viewer => (false, false, false),
        PersonaName::Developer => (true, true, false),
        PersonaName::Deployer => (true, false, true),
        PersonaName::Admin => (true, true, true),
    };
    let parts: [(bool, Table, &[&str]); 7] = [
        (true, SEEN, READ),
        (workloads, WORKLOADS, WRITE),
        (workloads, EVICT, &["create"]),
        (exec, EXEC, &["create", "get"]),
        (exec, DEBUG, &["patch", "update"]),
        (secrets, SECRETS, READ),
        (secrets, SECRETS, WRITE),
    ];
    parts
        .into_iter()
        .filter(|(granted, ..)| *granted)
        .flat_map(|(_, table, verbs)| {
            table.iter().map(move |(group, resources)| {
                let resources: Vec<&str> = resources.split_whitespace().collect();
                json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
            })
        })
        .collect()
}

pub fn name(persona: PersonaName) -> String {
    format!("gp-{persona}")
}

#[cfg(test)]
mod tests;
