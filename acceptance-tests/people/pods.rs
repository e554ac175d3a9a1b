//! Which pods a tier admits: by server-side dry run, with ResourceQuota, LimitRange and Pod Security acting as they do.

use super::{
    fixture::{DEV, PROD, People, STAGING},
    table,
};
use crate::check::none;
use acceptance_tests::servers::api::ApiCall;
use anyhow::Result;
use goldenpath_core::golden::promises;
use hyper::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;

struct Pod {
    name: &'static str,
    reason: &'static str,
    object: Json,
    /// Namespaces that do not admit it.
    refused: &'static [&'static str],
}

/// What the level `restricted` requires of a container.
fn restricted_context() -> Json {
    json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"}})
}

fn container(resources: Json) -> Json {
    json!({"name": "main", "image": "registry.example/app:1", "securityContext": restricted_context(), "resources": resources})
}

fn pod(spec: Json) -> Json {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": spec})
}

fn service(kind: &str, more: Json) -> Json {
    let mut spec = json!({"type": kind, "ports": [{"port": 80}], "selector": {"app": "x"}});
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "probe"}, "spec": spec})
}

fn pods() -> Vec<Pod> {
    let with = |resources: Json| pod(json!({"containers": [container(resources)]}));
    let case = |name, reason, object, refused| Pod { name, reason, object, refused };
    let beside = {
        let mut beside = container(json!({}));
        beside["name"] = "proxy".into();
        beside
    };
    let sidecar = {
        let mut sidecar = beside.clone();
        sidecar["restartPolicy"] = "Always".into();
        sidecar
    };
    let main = || container(json!({}));
    let too_much = json!({"requests": {"memory": "500Gi"}, "limits": {"memory": "500Gi"}});
    let without_node_ports = json!({"allocateLoadBalancerNodePorts": false});
    let requests = json!({"requests": {"cpu": "50m", "memory": "64Mi"}});
    let large = json!({"requests": {"memory": "600Mi"}});
    let first = {
        let mut first = container(large.clone());
        first["name"] = "migrate".into();
        json!({"initContainers": [first], "containers": [main()]})
    };
    let limits = json!({"limits": {"cpu": "100m", "memory": "128Mi"}});
    let native = json!({"initContainers": [sidecar], "containers": [main()]});
    let two = json!({"containers": [main(), beside]});
    vec![
        case("with nothing set", "the tier's defaults fill it in", with(json!({})), &[]),
        case("with requests only", "no limit is needed", with(requests), &[]),
        case("with a large request", "no default limit is below it", with(large.clone()), &[]),
        case("with limits only", "requests equal them, as Kubernetes has it", with(limits), &[]),
        case("with a sidecar", "a second container, which nothing is set of", pod(two), &[]),
        case("with a native sidecar", "an init container that goes on running", pod(native), &[]),
        case("with an init container", "it ends before the others begin", pod(first), &[]),
        case("over the quota", "more memory than the environment has", with(too_much), &[DEV, STAGING, PROD]),
        case("a Service of type ClusterIP", "the usual", service("ClusterIP", json!({})), &[]),
        case(
            "a LoadBalancer with node ports",
            "as charts ask for it; dev has none",
            service("LoadBalancer", json!({})),
            &[DEV],
        ),
        case(
            "a LoadBalancer without node ports",
            "staging has one, prod two, dev none",
            service("LoadBalancer", without_node_ports),
            &[DEV],
        ),
    ]
}

pub async fn are_admitted(people: Arc<People>) -> Result<()> {
    let mut wrong = vec![];
    for (namespace, tier) in [(DEV, "dev"), (STAGING, "staging"), (PROD, "prod")] {
        for case in pods() {
            // By its quota, and not because something of the object is wrong.
            let refused = case.refused.contains(&namespace).then_some(&["exceeded quota"][..]);
            wrong.extend(
                mismatch(&people, namespace, &case.object, refused)
                    .await?
                    .map(|how| format!("{} {how} ({})", case.name, case.reason)),
            );
        }
        let level = table::tier(tier)?.pod_security.enforce;
        for row in promises::admission() {
            let how = mismatch(&people, namespace, &row.object, row.refusal(level)).await?;
            wrong.extend(how.map(|how| format!("{} {how} ({})", row.name, row.reason)));
        }
    }
    none(wrong)
}

/// What is not as expected. `refused`: the words of which a refusal has one.
async fn mismatch(people: &People, namespace: &str, object: &Json, refused: Option<&[&str]>) -> Result<Option<String>> {
    let kind = if object["kind"] == "Pod" { "pods" } else { "services" };
    let path = format!("/api/v1/namespaces/{namespace}/{kind}?dryRun=All");
    let content = Some(("application/json", object.clone()));
    // By somebody who may create both in each tier, and is exempt from no guard.
    let call = ApiCall { method: Method::POST, path: &path, content, headers: &[] };
    let reply = people.call(&people.tokens["deployer"], call).await?;
    let message = reply.document["message"].as_str().unwrap_or_default();
    let is_right = match refused {
        None => reply.status == 201,
        Some(words) => reply.status != 201 && words.iter().any(|word| message.contains(word)),
    };
    Ok((!is_right).then(|| format!("in {namespace}: {} {message}", reply.status)))
}
