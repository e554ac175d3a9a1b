//! EKS's webhook of Pod Identity, played by an admission policy that adds to a pod what the webhook adds.

use super::{cluster::Cluster, seed::put};
use anyhow::Result;
use serde_json::{Value as Json, json};

pub const ADMISSION: &str = "admissionregistration.k8s.io/v1";

const INJECTION: &str = r#"Object{spec: Object.spec{
    volumes: [Object.spec.volumes{name: "eks-pod-identity-token", emptyDir: Object.spec.volumes.emptyDir{}}],
    containers: object.spec.containers.map(container, Object.spec.containers{name: container.name, env: [
        Object.spec.containers.env{name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://169.254.170.23/v1/credentials"}]})}}"#;

/// It never meets a pod; that it is there is all that matters.
pub fn webhook() -> Json {
    json!({"apiVersion": ADMISSION, "kind": "MutatingWebhookConfiguration", "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [{"name": "iam-for-pods.amazonaws.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": "Ignore", "clientConfig": {"url": "https://127.0.0.1:23443/mutate"},
            "objectSelector": {"matchLabels": {"never": "there"}}, "rules": [new_pods()]}]})
}

/// From now on pods of this account get an identity. The policy and its binding have the namespace's name.
pub async fn hears_of(cluster: &Cluster, namespace: &str, account: &str) -> Result<()> {
    let is_it = format!("request.namespace == '{namespace}' && object.spec.serviceAccountName == '{account}'");
    let policy = json!({"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicy", "metadata": {"name": namespace},
        "spec": {
            "failurePolicy": "Fail", "reinvocationPolicy": "Never", "matchConstraints": {"resourceRules": [new_pods()]},
            "matchConditions": [{"name": "account", "expression": is_it}],
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": INJECTION}}]}});
    let binding = json!({"apiVersion": ADMISSION, "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": namespace}, "spec": {"policyName": namespace}});
    put(cluster, policy).await?;
    put(cluster, binding).await
}

fn new_pods() -> Json {
    json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]})
}
