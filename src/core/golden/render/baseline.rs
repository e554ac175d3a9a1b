//! What a cluster needs once: the namespace of the records, the four ClusterRoles, its own record.

use super::{cluster_roles, namespace::pod_security_labels, ownership::*, record};
use crate::{
    domain::{
        BaselineOutputs, BaselineSpec, Body, Desired, Id, Late, ObjectKey, Outputs, PersonaName, PodSecurityLevel,
        Spec, StableFacts, projection::SYSTEM_NAMESPACE,
    },
    golden::{Blueprint, GoldenPath, Resolved},
};
use serde_json::{Value, json};

/// The namespace of the records as an administrator makes it, who gives rights in it before there is a baseline: the baseline finds its own
/// mark on it, and sets what depends on the cluster.
pub fn home() -> Value {
    document("v1", "Namespace", None, SYSTEM_NAMESPACE, cluster_labels(), Value::Null)
}

pub(super) fn render(spec: &BaselineSpec, facts: &StableFacts, path: &GoldenPath) -> Blueprint {
    let namespace = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    let mut labels = cluster_labels();
    let level = PodSecurityLevel::Restricted;
    labels.extend(
        pod_security_labels(level, level, level, &facts.pod_security_version)
            .into_iter()
            .map(|(k, v)| (k, Value::from(v))),
    );
    let body = document("v1", "Namespace", None, SYSTEM_NAMESPACE, labels, Value::Null);
    let mut objects = vec![Desired::new(namespace, Some(Body::Kube(body)))];
    for persona in PersonaName::ALL {
        let name = cluster_roles::name(persona);
        let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, &name);
        let content = json!({"rules": cluster_roles::rules(persona)});
        let body = document("rbac.authorization.k8s.io/v1", "ClusterRole", None, &name, cluster_labels(), content);
        objects.push(Desired::new(key, Some(Body::Kube(body))));
    }
    let id = Id::Baseline(spec.cluster.name().to_owned());
    objects.push(Desired {
        needs: vec![ObjectKey::namespace_object(SYSTEM_NAMESPACE)],
        ..record::desired(&id, cluster_labels())
    });
    Blueprint {
        objects,
        resolved: Resolved {
            team: String::new(),
            golden_path: path.name.clone(),
            golden_path_version: path.version.to_string(),
            golden_path_digest: path.digest.clone(),
            class: None,
            deletion_protection: false,
            namespaces: vec![],
            boundaries: vec![],
        },
        outputs: Outputs::Baseline(BaselineOutputs {
            id: Some(Late::Now(Spec::Baseline(spec.clone()).id().to_string())),
            ..BaselineOutputs::default()
        }),
        problems: vec![],
    }
}
