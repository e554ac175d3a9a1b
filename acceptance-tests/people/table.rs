//! Who may do what, as the README promises it. One row is one attempt, with what it means.
//!
//! Writes are dry runs: authorisation comes before admission, so a right that is missing shows and nothing changes.

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
    let with = |row: Row, content| Row { content: Some(content), ..row };
    let (get, post, patch, delete) = (&Method::GET, &Method::POST, &Method::PATCH, &Method::DELETE);
    let writers = [false, true, true, true];
    let writers_in_prod = [false, false, true, true];
    vec![
        row("list pods", "everybody sees what runs", get, "/api/v1/namespaces/{ns}/pods", ALL, ALL),
        with(
            row(
                "create a Deployment",
                "changing workloads is a developer's in dev, and a deployer's everywhere",
                post,
                "/apis/apps/v1/namespaces/{ns}/deployments?dryRun=All",
                writers,
                writers_in_prod,
            ),
            || {
                let labels = json!({"app": "x"});
                let pod =
                    json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "x"}]}});
                let spec = json!({"selector": {"matchLabels": labels}, "template": pod});
                (JSON, json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}))
            },
        ),
        row(
            "exec into a pod",
            "a shell is for people who debug, not for pipelines",
            post,
            "/api/v1/namespaces/{ns}/pods/x/exec?command=sh&stdout=true",
            [false, true, false, true],
            [false, false, false, true],
        ),
        row(
            "read Secrets",
            "credentials are for those who deploy",
            get,
            "/api/v1/namespaces/{ns}/secrets",
            [false, false, true, true],
            [false, false, true, true],
        ),
        with(
            row(
                "edit the quota",
                "what bounds a tenant no tenant writes",
                patch,
                "/api/v1/namespaces/{ns}/resourcequotas/gp-base?dryRun=All",
                NOBODY,
                NOBODY,
            ),
            || (MERGE, json!({"spec": {"hard": {"pods": "1000"}}})),
        ),
        with(
            row(
                "create an allow-all NetworkPolicy",
                "policies add up: one would void the default deny",
                post,
                "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies?dryRun=All",
                NOBODY,
                NOBODY,
            ),
            || {
                let spec =
                    json!({"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]});
                let kind =
                    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "x"}});
                (
                    JSON,
                    json!({"apiVersion": kind["apiVersion"], "kind": kind["kind"], "metadata": kind["metadata"], "spec": spec}),
                )
            },
        ),
        with(
            row(
                "mint a token of a ServiceAccount",
                "it would be the AWS identity of a workload",
                post,
                "/api/v1/namespaces/{ns}/serviceaccounts/default/token",
                NOBODY,
                NOBODY,
            ),
            || (JSON, json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})),
        ),
        with(
            row(
                "bind a role",
                "access is asked for in HCL",
                post,
                "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings?dryRun=All",
                NOBODY,
                NOBODY,
            ),
            || {
                let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gp-admin"});
                (
                    JSON,
                    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "x"},
                        "subjects": [], "roleRef": role}),
                )
            },
        ),
        Row {
            headers: &[("impersonate-user", "system:admin")],
            ..row("impersonate", "nobody becomes somebody else", get, "/api/v1/namespaces/{ns}/pods", NOBODY, NOBODY)
        },
        with(
            row(
                "strip our labels from the namespace",
                "Pod Security hangs on them",
                patch,
                "/api/v1/namespaces/{ns}?dryRun=All",
                NOBODY,
                NOBODY,
            ),
            || (MERGE, json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": null}}})),
        ),
        row(
            "delete the namespace",
            "an environment goes by a plan",
            delete,
            "/api/v1/namespaces/{ns}?dryRun=All",
            NOBODY,
            NOBODY,
        ),
        row("read pods of the whole cluster", "a tenant sees itself", get, "/api/v1/pods", NOBODY, NOBODY),
        row("read Secrets of the whole cluster", "least of all these", get, "/api/v1/secrets", NOBODY, NOBODY),
        row("read nodes", "they are the platform's", get, "/api/v1/nodes", NOBODY, NOBODY),
        with(
            row(
                "edit the records",
                "who writes them says what is ours",
                patch,
                "/api/v1/namespaces/goldenpath-system/configmaps/gp-baseline?dryRun=All",
                NOBODY,
                NOBODY,
            ),
            || (MERGE, json!({"data": {"record": "{}"}})),
        ),
    ]
}
