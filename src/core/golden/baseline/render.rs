//! Knows the resolved values and the makers.

use super::{guards, policies::ClusterPolicy, resolve::Resolved};
use crate::{
    domain::{Body, Desired, Id, ObjectKey, PersonaName, SYSTEM_NAMESPACE},
    golden::objects::{
        cluster_roles,
        document::{document, texts},
        mark::cluster_labels,
        record,
    },
};
use serde_json::{Value, json};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The namespace of the records as an administrator makes it, who grants permissions in it before there is a baseline: the
/// baseline finds its own mark on it, and sets what depends on the cluster.
pub fn home() -> Value {
    document("v1", "Namespace", None, SYSTEM_NAMESPACE, cluster_labels(), Value::Null)
}

pub fn render(resolved: &Resolved) -> Vec<Desired> {
    let namespace = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    let mut labels = cluster_labels();
    labels.extend(texts(&resolved.pod_security));
    let body = document("v1", "Namespace", None, SYSTEM_NAMESPACE, labels, Value::Null);
    let mut objects = vec![Desired::new(namespace.clone(), Some(Body::Kube(body)))];
    for persona in PersonaName::ALL {
        let name = cluster_roles::name(persona);
        let rules = cluster_roles::rules(persona, |guard| resolved.has(guard), &resolved.role_rules[&persona]);
        let content = json!({ "rules": rules });
        let body = document(RBAC, "ClusterRole", None, &name, cluster_labels(), content);
        objects.push(Desired::new(ObjectKey::kube(RBAC, "ClusterRole", None, &name), Some(Body::Kube(body))));
    }
    let guards = resolved.guards.iter().flatten();
    objects.extend(guards.flat_map(|guard| guards::render(*guard, &resolved.reserved)));
    objects.extend(resolved.policies.iter().flat_map(ClusterPolicy::render));
    let id = Id::baseline(&resolved.spec.cluster);
    objects.push(Desired { needs: vec![namespace], ..record::object(&id, cluster_labels()) });
    objects
}
