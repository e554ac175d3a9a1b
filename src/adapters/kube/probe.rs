//! Whether a pod of a ServiceAccount would get credentials: one is sent as a dry run, and the response shows it.
//!
//! EKS serves a webhook that puts the address and the token of the Pod Identity agent into each new pod whose account has an
//! association. It keeps associations in a cache of its own, one beside each API server, so each probe uses a
//! connection of its own: the next one may reach another server. Nothing is stored and no image is pulled.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection, JSON},
    kinds::{self, Resource},
};
use goldenpath_core::{
    domain::Class,
    ports::{PortError, Readiness},
};
use http::Method;
use serde_json::{Value, json};

const PODS: Resource = kinds::resource("v1", "Pod", "pods", true);
pub(super) const WEBHOOKS: Resource = kinds::resource(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    false,
);
/// EKS's own, in every cluster.
pub(super) const WEBHOOK: &str = "pod-identity-webhook";
/// What it adds to a pod.
const VARIABLE: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const VOLUME: &str = "eks-pod-identity-token";

pub(super) async fn identity(
    connection: &Connection,
    namespace: &str,
    service_account: &str,
) -> Result<Readiness, PortError> {
    let path = format!("{}?dryRun=All", PODS.collection(Some(namespace)));
    let content = (JSON, pod(namespace, service_account));
    let request = ApiRequest { is_last: true, ..ApiRequest::with(Method::POST, "POST Pod (dry run)", path, content) };
    match connection.document(&request).await {
        Ok(pod) if has_identity(&pod) => Ok(Readiness::Ready),
        Ok(_) => without_identity(connection).await,
        Err(ApiError { error, .. }) if error.class.may_retry() => Err(error),
        // A full quota, an admission policy, a missing permission: it says nothing about the identity.
        Err(ApiError { error, .. }) => {
            tracing::info!(%error, namespace, service_account, "the identity of pods cannot be probed");
            Ok(Readiness::Inconclusive)
        }
    }
}

/// Where there is no such webhook there is nothing to wait for. A caller that may not read it relies on EKS having it everywhere.
async fn without_identity(connection: &Connection) -> Result<Readiness, PortError> {
    let request = ApiRequest::get("GET MutatingWebhookConfiguration", WEBHOOKS.object(None, WEBHOOK));
    match connection.send(&request).await.map_err(PortError::from) {
        Ok(_) => Ok(Readiness::NotReady),
        Err(error) if error.class == Class::NotFound => Ok(Readiness::Inconclusive),
        Err(error) if error.class == Class::Denied => Ok(Readiness::NotReady),
        Err(error) => Err(error),
    }
}

/// The least that Pod Security's level `restricted` accepts; resources are left to the namespace's own defaults.
fn pod(namespace: &str, service_account: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": "gp-identity-", "namespace": namespace},
        "spec": {
            "serviceAccountName": service_account,
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65535, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "pause",
                "image": "pause",
                "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}

fn has_identity(pod: &Value) -> bool {
    let named = |list: Option<&Value>, name: &str| {
        let list = list.and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|item| item["name"] == name))
    };
    named(pod.pointer("/spec/containers/0/env"), VARIABLE) && named(pod.pointer("/spec/volumes"), VOLUME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_an_address_and_a_token() {
        let env = json!([{"name": "OTHER"}, {"name": VARIABLE, "value": "http://169.254.170.23/v1/credentials"}]);
        let volumes = json!([{"name": VOLUME, "projected": {}}]);
        for (env, volumes, expected, reason) in [
            (env.clone(), volumes.clone(), true, "both"),
            (json!(null), volumes, false, "no address"),
            (env, json!([{"name": "aws-iam-token"}]), false, "the token of IRSA"),
            (json!(null), json!(null), false, "as it was sent"),
        ] {
            let mut pod = pod("pay", "ledger");
            pod["spec"]["containers"][0]["env"] = env;
            pod["spec"]["volumes"] = volumes;
            assert_eq!(has_identity(&pod), expected, "{reason}");
        }
    }
}
