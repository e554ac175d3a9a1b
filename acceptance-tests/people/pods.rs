//! Which pods a tier admits: by server-side dry run, with ResourceQuota, LimitRange and Pod Security acting as they do.

use super::{DEV, Made, PROD};
use acceptance_tests::servers::api::Ask;
use anyhow::{Result, bail};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;

struct Pod {
    name: &'static str,
    reason: &'static str,
    object: Json,
    dev: bool,
    prod: bool,
}

/// What the level `restricted` asks of a container.
fn hardened() -> Json {
    json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"}})
}

fn container(resources: Json) -> Json {
    json!({"name": "main", "image": "registry.example/app:1", "securityContext": hardened(), "resources": resources})
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
    let case = |name, reason, object, dev, prod| Pod { name, reason, object, dev, prod };
    let mut plain = container(json!({}));
    plain["securityContext"] = json!({});
    let mut privileged = container(json!({}));
    privileged["securityContext"] = json!({"privileged": true});
    let sidecar = {
        let mut sidecar = container(json!({}));
        sidecar["name"] = "proxy".into();
        sidecar["restartPolicy"] = "Always".into();
        sidecar
    };
    vec![
        case("with nothing set", "the tier's defaults fill it in", with(json!({})), true, true),
        case(
            "with requests only",
            "limits come from the defaults",
            with(json!({"requests": {"cpu": "50m", "memory": "64Mi"}})),
            true,
            true,
        ),
        case(
            "with limits only",
            "requests equal them, as Kubernetes has it",
            with(json!({"limits": {"cpu": "100m", "memory": "128Mi"}})),
            true,
            true,
        ),
        case(
            "with a sidecar",
            "an init container that goes on running",
            pod(json!({"initContainers": [sidecar], "containers": [container(json!({}))]})),
            true,
            true,
        ),
        case(
            "without a security context",
            "`baseline` lets it in, `restricted` does not",
            pod(json!({"containers": [plain]})),
            true,
            false,
        ),
        case("that is privileged", "in no tier", pod(json!({"containers": [privileged]})), false, false),
        case(
            "with a path of the host",
            "in no tier",
            pod(json!({"containers": [container(json!({}))], "volumes": [{"name": "h", "hostPath": {"path": "/"}}]})),
            false,
            false,
        ),
        case(
            "of a system priority",
            "it would evict everybody else",
            pod(json!({"priorityClassName": "system-node-critical", "containers": [container(json!({}))]})),
            false,
            false,
        ),
        case(
            "over the quota",
            "more memory than the environment has",
            with(json!({"requests": {"memory": "500Gi"}, "limits": {"memory": "500Gi"}})),
            false,
            false,
        ),
        case("a Service of type ClusterIP", "the usual", service("ClusterIP", json!({})), true, true),
        case("a Service of type NodePort", "every node would listen", service("NodePort", json!({})), false, false),
        case(
            "a LoadBalancer with node ports",
            "its node ports count against services.nodeports",
            service("LoadBalancer", json!({})),
            false,
            false,
        ),
        case(
            "a LoadBalancer without node ports",
            "prod has two, dev none",
            service("LoadBalancer", json!({"allocateLoadBalancerNodePorts": false})),
            false,
            true,
        ),
    ]
}

pub async fn admitted(made: Arc<Made>) -> Result<()> {
    let mut wrong = vec![];
    for case in pods() {
        for (namespace, expected) in [(DEV, case.dev), (PROD, case.prod)] {
            let kind = if case.object["kind"] == "Pod" { "pods" } else { "services" };
            let path = format!("/api/v1/namespaces/{namespace}/{kind}?dryRun=All");
            let ask = Ask {
                method: Method::POST,
                path: &path,
                content: Some(("application/json", case.object.clone())),
                headers: &[],
            };
            // By the administrator: it is admission that is asked here, not RBAC.
            let answer = made.ask(&made.administrator, ask).await?;
            if (answer.status == 201) != expected {
                let word = if expected { "is refused" } else { "is admitted" };
                wrong.push(format!(
                    "{} {word} in {namespace} ({}): {}",
                    case.name, case.reason, answer.document["message"]
                ));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}
