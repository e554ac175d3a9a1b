//! Samples of Kubernetes' kinds.

use super::sample::{Names, Sample};
use goldenpath_core::{
    domain::{Body, ObjectKey},
    kinds::{Kind, kubernetes::namespace},
};
use serde_json::{Value, json};

/// What a kind declares besides its name and labels, and another value for one field of it.
struct Content {
    rest: Value,
    owned: &'static str,
    other: Value,
}

fn content(kind: &str) -> Option<Content> {
    let content = |rest: Value, owned, other: Value| Some(Content { rest, owned, other });
    match kind {
        "Namespace" => content(
            json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}),
            "/metadata/labels/pod-security.kubernetes.io~1enforce",
            json!("baseline"),
        ),
        "ClusterRole" => content(
            json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
            "/rules",
            json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]),
        ),
        "ResourceQuota" => {
            content(json!({"spec": {"hard": {"pods": "10", "requests.cpu": "2"}}}), "/spec/hard/pods", json!("11"))
        }
        "LimitRange" => content(
            json!({"spec": {"limits": [{"type": "Container", "defaultRequest": {"cpu": "100m"}}]}}),
            "/spec/limits",
            json!([{"type": "Container", "defaultRequest": {"cpu": "200m"}}]),
        ),
        "NetworkPolicy" => content(
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}),
            "/spec/policyTypes",
            json!(["Ingress"]),
        ),
        "ApplicationNetworkPolicy" => content(
            json!({"spec": {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "a"}}, "policyTypes": ["Egress"],
                            "egress": [{"to": [{"domainNames": ["api.example.com"]}],
                                        "ports": [{"port": 443, "protocol": "TCP"}]}]}}),
            "/spec/egress",
            json!([{"to": [{"domainNames": ["*.example.com"]}], "ports": [{"port": 443, "protocol": "TCP"}]}]),
        ),
        "CiliumNetworkPolicy" => content(
            json!({"spec": {"endpointSelector": {"matchLabels": {"app.kubernetes.io/name": "a"}},
                            "enableDefaultDeny": {"egress": false}, "egress": [{"toEntities": ["host"]}]}}),
            "/spec/egress",
            json!([{"toEntities": ["cluster"]}]),
        ),
        "RoleBinding" => content(
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                   "subjects": group("gp:p:0123456789abcdef")}),
            "/subjects",
            group("gp:p:fedcba9876543210"),
        ),
        "ServiceAccount" => {
            content(json!({"automountServiceAccountToken": false}), "/automountServiceAccountToken", json!(true))
        }
        "ConfigMap" => content(json!({"data": {"record": "{}"}}), "/data/record", json!("{\"a\":1}")),
        "PodDisruptionBudget" => content(
            json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "a"}}}}),
            "/spec/maxUnavailable",
            json!(2),
        ),
        "HorizontalPodAutoscaler" => content(
            json!({"spec": {"minReplicas": 2, "maxReplicas": 4,
                            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
                            "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                                         "target": {"type": "Utilization", "averageUtilization": 70}}}]}}),
            "/spec/maxReplicas",
            json!(6),
        ),
        "ValidatingAdmissionPolicy" => content(
            json!({"spec": {"failurePolicy": "Fail", "validations": [{"expression": "false", "message": "no"}],
                            "variables": [{"name": "a", "expression": "object"}],
                            "matchConstraints": {"matchPolicy": "Equivalent", "namespaceSelector": {},
                                "objectSelector": {}, "resourceRules": [
                                {"apiGroups": ["example.com"], "apiVersions": ["v1"], "operations": ["CREATE"],
                                 "resources": ["widgets"], "scope": "*"}]}}}),
            "/spec/validations",
            json!([{"expression": "true", "message": "no"}]),
        ),
        "ValidatingAdmissionPolicyBinding" => content(
            json!({"spec": {"policyName": "gp-sample", "validationActions": ["Deny"], "matchResources":
                            {"matchPolicy": "Equivalent", "objectSelector": {},
                             "namespaceSelector": {"matchLabels": {"example.com/a": "b"}}}}}),
            "/spec/policyName",
            json!("gp-other"),
        ),
        _ => None,
    }
}

fn group(name: &str) -> Value {
    json!([{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}])
}

pub(super) fn sample(names: &Names<'_>, kind: &Kind) -> Option<Sample> {
    let Content { rest, owned, other } = content(kind.name)?;
    let name = match kind.name {
        name if name == namespace::KIND.name => names.environment.clone(),
        _ if !kind.is_namespaced() => format!("gp-{}", names.environment),
        _ => "gp-sample".to_owned(),
    };
    let place = kind.is_namespaced().then_some(names.environment.as_str());
    let mut document = names.document(kind, place, &name);
    merge(&mut document, rest);
    let mut changed = document.clone();
    if let Some(field) = changed.pointer_mut(owned) {
        *field = other.clone();
    }
    let (foreign, needs) = match place {
        Some(_) => ("/metadata/annotations/example.com~1note", vec![names.namespace_need()]),
        None => ("/metadata/labels/example.com~1cost", vec![]),
    };
    Some(Sample {
        key: ObjectKey::kube(kind.api, kind.name, place, &name),
        body: Body::Kube(document),
        changed: Some(Body::Kube(changed)),
        owned,
        edited: Some((owned, other)),
        foreign: Some((foreign, json!("shared"))),
        needs,
    })
}

impl Names<'_> {
    fn document(&self, kind: &Kind, namespace: Option<&str>, name: &str) -> Value {
        let labels = json!({"app.kubernetes.io/managed-by": "goldenpath", "goldenpath.internal/managed": "true",
            "goldenpath.internal/environment": self.environment});
        let mut metadata = json!({"name": name, "labels": labels});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        json!({"apiVersion": kind.api, "kind": kind.name, "metadata": metadata})
    }

    fn namespace_need(&self) -> (ObjectKey, Body) {
        let name = &self.environment;
        (ObjectKey::namespace_object(name), Body::Kube(self.document(&namespace::KIND, None, name)))
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
