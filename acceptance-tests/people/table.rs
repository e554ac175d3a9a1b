//! Who may do what, as the README promises it. One row is one attempt, with what it means.
//!
//! Writes are dry runs: authorisation comes before admission, so a missing permission shows and nothing changes.

use hyper::Method;
use serde_json::{Value as Json, json};

/// Personas in the order of the columns.
pub const PERSONAS: [&str; 4] = ["viewer", "developer", "deployer", "admin"];

pub struct Row {
    pub name: &'static str,
    pub reason: &'static str,
    pub method: Method,
    /// `{ns}` is the namespace.
    pub path: &'static str,
    pub content: Option<fn() -> (&'static str, Json)>,
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether each persona may, in an environment of class dev.
    pub dev: [bool; 4],
    /// And in one of class prod, where a developer looks on.
    pub prod: [bool; 4],
}

const NOBODY: [bool; 4] = [false; 4];
const ALL: [bool; 4] = [true; 4];
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

pub fn rows() -> Vec<Row> {
    let row = |name, reason, method: &Method, path, dev, prod| Row {
        name,
        reason,
        method: method.clone(),
        path,
        content: None,
        headers: &[],
        dev,
        prod,
    };
    // Dry runs of what a tenant may never do.
    let never = |name, reason, method: &Method, path, content| Row {
        content: Some(content),
        ..row(name, reason, method, path, NOBODY, NOBODY)
    };
    let (get, post, patch, delete) = (&Method::GET, &Method::POST, &Method::PATCH, &Method::DELETE);
    let (in_dev, in_prod) = ([false, true, true, true], [false, false, true, true]);
    let deployments = "/apis/apps/v1/namespaces/{ns}/deployments?dryRun=All";
    let workloads = "changing workloads is a developer's in dev, and a deployer's everywhere";
    let exec = "/api/v1/namespaces/{ns}/pods/x/exec?command=sh&stdout=true";
    let shell = "a shell is for people who debug, not for pipelines";
    let (deployers, no_developers) = ([false, false, true, true], [false, false, false, true]);
    let quota = "/api/v1/namespaces/{ns}/resourcequotas/gp-base?dryRun=All";
    let policies = "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies?dryRun=All";
    let token = "/api/v1/namespaces/{ns}/serviceaccounts/default/token";
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings?dryRun=All";
    let namespace = "/api/v1/namespaces/{ns}?dryRun=All";
    let record = "/api/v1/namespaces/goldenpath-system/configmaps/gp-baseline?dryRun=All";
    let pods = "/api/v1/namespaces/{ns}/pods";
    let impersonate = &[("impersonate-user", "system:admin")];
    vec![
        row("list pods", "everybody sees what runs", get, pods, ALL, ALL),
        Row { content: Some(deployment), ..row("create a Deployment", workloads, post, deployments, in_dev, in_prod) },
        row("exec into a pod", shell, post, exec, [false, true, false, true], no_developers),
        row(
            "read Secrets",
            "credentials are for those who deploy",
            get,
            "/api/v1/namespaces/{ns}/secrets",
            deployers,
            deployers,
        ),
        never("edit the quota", "what bounds a tenant no tenant writes", patch, quota, || {
            (MERGE, json!({"spec": {"hard": {"pods": "1000"}}}))
        }),
        never(
            "create an allow-all NetworkPolicy",
            "policies add up: one would void the default deny",
            post,
            policies,
            || {
                let spec =
                    json!({"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]});
                new("networking.k8s.io/v1", "NetworkPolicy", json!({"spec": spec}))
            },
        ),
        never("mint a token of a ServiceAccount", "it would be the AWS identity of a workload", post, token, || {
            (JSON, json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}))
        }),
        never("bind a role", "access is declared in HCL", post, bindings, || {
            let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gp-admin"});
            new("rbac.authorization.k8s.io/v1", "RoleBinding", json!({"subjects": [], "roleRef": role}))
        }),
        Row { headers: impersonate, ..row("impersonate", "nobody becomes somebody else", get, pods, NOBODY, NOBODY) },
        never("strip our labels from the namespace", "Pod Security hangs on them", patch, namespace, || {
            (MERGE, json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": null}}}))
        }),
        row("delete the namespace", "an environment goes by a plan", delete, namespace, NOBODY, NOBODY),
        row("read pods of the whole cluster", "a tenant sees itself", get, "/api/v1/pods", NOBODY, NOBODY),
        row("read Secrets of the whole cluster", "least of all these", get, "/api/v1/secrets", NOBODY, NOBODY),
        row("read nodes", "they are the platform's", get, "/api/v1/nodes", NOBODY, NOBODY),
        never("edit the records", "who writes them says what is ours", patch, record, || {
            (MERGE, json!({"data": {"record": "{}"}}))
        }),
    ]
}

fn deployment() -> (&'static str, Json) {
    let labels = json!({"app": "x"});
    let pod = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "x"}]}});
    new("apps/v1", "Deployment", json!({"spec": {"selector": {"matchLabels": labels}, "template": pod}}))
}

/// An object named `x`, with what else it has.
fn new(api_version: &str, kind: &str, mut more: Json) -> (&'static str, Json) {
    more["apiVersion"] = api_version.into();
    more["kind"] = kind.into();
    more["metadata"] = json!({"name": "x"});
    (JSON, more)
}
