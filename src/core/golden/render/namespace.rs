//! A namespace and all that makes it a golden one: an environment's own, and an isolated slot's, from the same hand.

use super::{cluster_roles, network, ownership::*};
use crate::{
    domain::{
        Body, Desired, Limits, LimitsContainer, ObjectKey, PersonaName, PodSecurity, PodSecurityLevel, Quantities,
        Quantity, StableFacts, projection::POD_SECURITY_PREFIX,
    },
    golden::{GoldenPath, ParentNetwork, Tier, catalogue::TierLimits},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

pub(super) struct NamespaceRequest<'a> {
    pub name: &'a str,
    pub mark: Mark<'a>,
    pub facts: &'a StableFacts,
    pub path: &'a GoldenPath,
    pub tier: &'a Tier,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub pod_security_labels: &'a BTreeMap<String, String>,
    pub limits: LimitsContainer,
    pub quota: &'a Quantities,
    /// Name of the quota object, PriorityClass, resources.
    pub by_priority: Vec<(String, &'a str, Quantities)>,
    pub network: &'a ParentNetwork,
    pub subjects: &'a BTreeMap<PersonaName, Option<Vec<Value>>>,
}

pub(super) fn render(request: &NamespaceRequest<'_>) -> Vec<Desired> {
    let NamespaceRequest {
        name, mark, path, labels, annotations, pod_security_labels, limits, quota, by_priority, ..
    } = request;
    let mut objects = vec![namespace(name, mark, path, labels, annotations, pod_security_labels)];
    let inside = Inside::of(name, mark);
    objects.push(inside.object("v1", "LimitRange", "gp-defaults", json!({"spec": {"limits": [limit_range(limits)]}})));
    objects.push(inside.object("v1", "ResourceQuota", "gp-base", json!({"spec": {"hard": hard(quota)}})));
    for (name, class, resources) in by_priority {
        let spec = json!({"spec": {"hard": hard(resources), "scopeSelector": of_priority(&[class])}});
        objects.push(inside.object("v1", "ResourceQuota", name, spec));
    }
    // A pod of these classes evicts others', the cluster's own add-ons included.
    let system = of_priority(&["system-cluster-critical", "system-node-critical"]);
    let spec = json!({"spec": {"hard": {"pods": "0"}, "scopeSelector": system}});
    objects.push(inside.object("v1", "ResourceQuota", "gp-no-system-priority", spec));
    objects.extend(network::render(request, &inside));
    objects.extend(role_bindings(request, &inside));
    objects.push(default_service_account(name));
    objects
}

/// Makes objects inside of one namespace.
pub(super) struct Inside<'a> {
    namespace: &'a str,
    labels: Map<String, Value>,
}

// === impl Inside ===

impl<'a> Inside<'a> {
    pub(super) fn of(namespace: &'a str, mark: &Mark<'_>) -> Self {
        Self { namespace, labels: mark.labels() }
    }

    pub(super) fn object(&self, api_version: &str, kind: &str, name: &str, content: Value) -> Desired {
        self.maybe_object(api_version, kind, name, Some(content))
    }

    /// `None`: known by its key, its content waits.
    pub(super) fn maybe_object(&self, api_version: &str, kind: &str, name: &str, content: Option<Value>) -> Desired {
        let body = content.map(|content| {
            Body::Kube(document(api_version, kind, Some(self.namespace), name, self.labels.clone(), content))
        });
        let key = ObjectKey::kube(api_version, kind, Some(self.namespace), name);
        let container = ObjectKey::namespace_object(self.namespace);
        Desired { needs: vec![container.clone()], inside: Some(container), ..Desired::new(key, body) }
    }
}

fn namespace(
    name: &str,
    mark: &Mark<'_>,
    path: &GoldenPath,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    pod_security_labels: &BTreeMap<String, String>,
) -> Desired {
    let mut all = texts(labels.iter().chain(pod_security_labels));
    all.extend(mark.labels());
    // Bindings of admission policies select on it.
    all.insert(
        format!("{}path-version", crate::domain::projection::LABEL_PREFIX),
        Value::from(path.version.to_string()),
    );
    let mut body = document("v1", "Namespace", None, name, all, Value::Null);
    if !annotations.is_empty() {
        body["metadata"]["annotations"] = Value::Object(texts(annotations));
    }
    Desired::new(ObjectKey::namespace_object(name), Some(Body::Kube(body)))
}

pub(super) fn texts<'a>(map: impl IntoIterator<Item = (&'a String, &'a String)>) -> Map<String, Value> {
    map.into_iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

fn hard(quota: &Quantities) -> Map<String, Value> {
    quota.iter().map(|(name, quantity)| (name.clone(), Value::from(quantity.to_string()))).collect()
}

fn of_priority(classes: &[&str]) -> Value {
    json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": classes}]})
}

fn limit_range(limits: &LimitsContainer) -> Value {
    let LimitsContainer { default_memory, default_request_cpu, default_request_memory, max_memory } = limits;
    let pairs = |pairs: [(&str, &Option<Quantity>); 2]| -> Map<String, Value> {
        pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value.as_ref()?.to_string()))))
            .collect()
    };
    let mut item = json!({
        "type": "Container",
        "default": pairs([("memory", default_memory), ("", &None)]),
        "defaultRequest": pairs([("cpu", default_request_cpu), ("memory", default_request_memory)]),
    });
    if let Some(max) = max_memory {
        item["max"] = json!({"memory": max.to_string()});
    }
    item
}

/// The tier's defaults under the environment's under the namespace's. A default that was not asked for gives way to a limit
/// that was: a request is never above its limit, a default never above the maximum (LimitRange validation).
pub(super) fn limits(tier: &TierLimits, layers: &[&Limits]) -> LimitsContainer {
    let layers = || layers.iter().rev().filter_map(|limits| limits.container.as_ref());
    let pick = |field: fn(&LimitsContainer) -> Option<&Quantity>| layers().find_map(field).cloned();
    let max_memory = pick(|c| c.max_memory.as_ref());
    let at_most =
        |value: Quantity, limit: Option<&Quantity>| limit.filter(|limit| **limit < value).cloned().unwrap_or(value);
    let memory = pick(|c| c.default_memory.as_ref())
        .unwrap_or_else(|| at_most(tier.default_memory.clone(), max_memory.as_ref()));
    let request = pick(|c| c.default_request_memory.as_ref())
        .unwrap_or_else(|| at_most(tier.default_request_memory.clone(), Some(&memory)));
    LimitsContainer {
        default_request_cpu: Some(
            pick(|c| c.default_request_cpu.as_ref()).unwrap_or_else(|| tier.default_request_cpu.clone()),
        ),
        default_request_memory: Some(request),
        default_memory: Some(memory),
        max_memory,
    }
}

/// One RoleBinding for each persona that was asked for. Its roleRef can't change, so the ClusterRole is part of the name
/// where it is not the persona's own.
fn role_bindings(request: &NamespaceRequest<'_>, inside: &Inside<'_>) -> Vec<Desired> {
    let bindings = request.subjects.iter().map(|(persona, subjects)| {
        let role = request.tier.roles.get(persona).copied().unwrap_or(PersonaName::Viewer);
        let name = if role == *persona { format!("gp-{persona}") } else { format!("gp-{persona}-as-{role}") };
        let content = subjects.as_ref().map(|subjects| {
            let role_ref = json!({
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": cluster_roles::name(role)
            });
            json!({"roleRef": role_ref, "subjects": subjects})
        });
        inside.maybe_object(RBAC, "RoleBinding", &name, content)
    });
    bindings.collect()
}

/// Kubernetes makes it in every namespace; we own one field: pods that name no account get no token.
fn default_service_account(namespace: &str) -> Desired {
    let content = json!({"automountServiceAccountToken": false});
    let body = document("v1", "ServiceAccount", Some(namespace), "default", Map::new(), content);
    let container = ObjectKey::namespace_object(namespace);
    Desired {
        needs: vec![container.clone()],
        inside: Some(container),
        leave: true,
        ..Desired::new(ObjectKey::kube("v1", "ServiceAccount", Some(namespace), "default"), Some(Body::Kube(body)))
    }
}

// === Pod Security ===

/// `warn` and `audit` are never weaker than `enforce`.
pub(super) fn pod_security_labels(
    enforce: PodSecurityLevel,
    warn: PodSecurityLevel,
    audit: PodSecurityLevel,
    version: &str,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (mode, level) in [("enforce", enforce), ("warn", warn.max(enforce)), ("audit", audit.max(enforce))] {
        labels.insert(format!("{POD_SECURITY_PREFIX}{mode}"), level_text(level).to_owned());
        labels.insert(format!("{POD_SECURITY_PREFIX}{mode}-version"), format!("v{version}"));
    }
    labels
}

/// The tier's level, or a stricter one that the environment or the namespace asks for.
pub(super) fn pod_security(
    tier: &Tier,
    facts: &StableFacts,
    layers: &[Option<&PodSecurity>],
) -> BTreeMap<String, String> {
    let asked = || layers.iter().rev().flatten();
    let enforce = asked().find_map(|layer| layer.enforce).unwrap_or(tier.pod_security.enforce);
    let version = asked().find_map(|layer| layer.version.as_deref()).unwrap_or(&facts.pod_security_version);
    pod_security_labels(enforce, tier.pod_security.warn, tier.pod_security.audit, version)
}

fn level_text(level: PodSecurityLevel) -> &'static str {
    match level {
        PodSecurityLevel::Privileged => "privileged",
        PodSecurityLevel::Baseline => "baseline",
        PodSecurityLevel::Restricted => "restricted",
    }
}
