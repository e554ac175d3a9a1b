//! A namespace and all that makes it a golden one: an environment's own, and an isolated slot's, by the same maker.

use super::{
    cluster_roles,
    document::{Inside, document, texts},
    mark::Mark,
    network::{self, NetworkRules},
};
use crate::domain::{
    BASE_QUOTA, Body, Desired, LABEL_PREFIX, LimitsContainer, ObjectKey, PersonaName, Quantities, Quantity,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// What all namespaces of one resource have alike.
#[derive(Clone, Debug)]
pub struct NamespaceTerms {
    pub mark: Mark,
    pub path_version: String,
    pub network: NetworkRules,
    pub bindings: Vec<Binding>,
}

/// Of one persona.
#[derive(Clone, Debug)]
pub struct Binding {
    pub persona: PersonaName,
    /// Whose ClusterRole it gets here.
    pub role: PersonaName,
    /// `None` waits for another resource of the run.
    pub subjects: Option<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub struct GoldenNamespace {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub limits: LimitsContainer,
    pub quota: Quantities,
    pub by_priority: Vec<PriorityQuota>,
}

#[derive(Clone, Debug)]
pub struct PriorityQuota {
    /// Of the ResourceQuota.
    pub name: String,
    /// The PriorityClass.
    pub class: String,
    pub hard: Quantities,
}

pub fn render(terms: &NamespaceTerms, namespace: &GoldenNamespace) -> Vec<Desired> {
    let name = namespace.name.as_str();
    let inside = Inside::own(name, terms.mark.labels());
    let quota = |name: &str, spec: Value| inside.object("v1", "ResourceQuota", name, json!({ "spec": spec }));
    let limits = json!({"spec": {"limits": [limit_range(&namespace.limits)]}});
    let mut objects = vec![
        namespace_object(terms, namespace),
        inside.object("v1", "LimitRange", "gp-defaults", limits),
        quota(BASE_QUOTA, json!({"hard": hard(&namespace.quota)})),
    ];
    objects.extend(namespace.by_priority.iter().map(|PriorityQuota { name, class, hard: resources }| {
        quota(name, json!({"hard": hard(resources), "scopeSelector": of_priority(&[class])}))
    }));
    // A pod of these classes evicts others', the cluster's own add-ons included.
    let system = of_priority(&["system-cluster-critical", "system-node-critical"]);
    objects.push(quota("gp-no-system-priority", json!({"hard": {"pods": "0"}, "scopeSelector": system})));
    objects.extend(network::render(&terms.network, &inside));
    objects.extend(terms.bindings.iter().map(|binding| role_binding(binding, &inside)));
    objects.push(default_service_account(name));
    objects
}

fn namespace_object(terms: &NamespaceTerms, namespace: &GoldenNamespace) -> Desired {
    let GoldenNamespace { name, labels, annotations, .. } = namespace;
    let mut labels = texts(labels);
    labels.extend(terms.mark.labels());
    // Bindings of admission policies select on it.
    labels.insert(format!("{LABEL_PREFIX}path-version"), Value::from(terms.path_version.as_str()));
    let mut body = document("v1", "Namespace", None, name, labels, Value::Null);
    if !annotations.is_empty() {
        body["metadata"]["annotations"] = Value::Object(texts(annotations));
    }
    Desired::new(ObjectKey::namespace_object(name), Some(Body::Kube(body)))
}

fn hard(quota: &Quantities) -> Map<String, Value> {
    quota.iter().map(|(name, quantity)| (name.clone(), Value::from(quantity.to_string()))).collect()
}

fn of_priority(classes: &[&str]) -> Value {
    json!({"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": classes}]})
}

fn limit_range(limits: &LimitsContainer) -> Value {
    let LimitsContainer { default_memory, default_request_cpu, default_request_memory, max_memory } = limits;
    let pairs = |pairs: &[(&str, &Option<Quantity>)]| -> Map<String, Value> {
        pairs
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), Value::from(value.as_ref()?.to_string()))))
            .collect()
    };
    let requests = pairs(&[("cpu", default_request_cpu), ("memory", default_request_memory)]);
    let mut item = json!({"type": "Container", "defaultRequest": requests});
    for (field, memory) in [("default", default_memory), ("max", max_memory)] {
        if memory.is_some() {
            item[field] = Value::Object(pairs(&[("memory", memory)]));
        }
    }
    item
}

/// Its roleRef can't change, so the ClusterRole is part of the name where it is not the persona's own.
fn role_binding(Binding { persona, role, subjects }: &Binding, inside: &Inside<'_>) -> Desired {
    let name = if role == persona { format!("gp-{persona}") } else { format!("gp-{persona}-as-{role}") };
    let content = subjects.as_ref().map(|subjects| {
        let role_ref = json!({
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": cluster_roles::name(*role)
        });
        json!({"roleRef": role_ref, "subjects": subjects})
    });
    inside.maybe_object(RBAC, "RoleBinding", &name, content)
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
        ..Desired::new(ObjectKey::default_account(namespace), Some(Body::Kube(body)))
    }
}
