//! Documents: an empty one, and whether the API server would take one: served kind, identity, known fields, names, what may not change. Pure.
//!
//! `fieldValidation=Strict` goes as deep as the top of the kinds that we render: below, a field's spelling is the concern of
//! the tests against a real API server.

use super::names;
use crate::options::ClusterOptions;
use goldenpath_core::{
    domain::{ObjectKey, plural},
    kinds::{self, group_of},
};
use serde_json::{Value, json};

/// Groups that every EKS cluster serves; `""` is the core group.
const GROUPS: [&str; 16] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
];
/// Auto Mode brings these.
const AUTO_MODE: [&str; 3] = ["eks.amazonaws.com", "karpenter.sh", "networking.k8s.aws"];

const METADATA: [&str; 9] = [
    "annotations",
    "creationTimestamp",
    "finalizers",
    "generateName",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
];

/// Of kinds that golden paths do not render: (kind, its fields besides apiVersion, kind and metadata)
const FIELDS: [(&str, &[&str]); 3] = [
    ("ClusterRoleBinding", &["roleRef", "subjects"]),
    ("Role", &["rules"]),
    ("Secret", &["data", "immutable", "stringData", "type"]),
];

pub fn is_served(cluster: &ClusterOptions, api_version: &str) -> bool {
    let group = group_of(api_version);
    GROUPS.contains(&group)
        || (cluster.auto_mode && AUTO_MODE.contains(&group))
        || cluster.crds.iter().any(|crd| crd.split_once('.').is_some_and(|(_, of)| of == group))
}

/// What a new object has before anything is applied to it.
pub fn skeleton(key: &ObjectKey) -> Value {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return json!({});
    };
    let mut metadata = json!({"name": name});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.as_str().into();
    }
    if kind == "Namespace" {
        // The API server's own label.
        metadata["labels"] = json!({"kubernetes.io/metadata.name": name});
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

pub fn check(key: &ObjectKey, document: &Value) -> Result<(), String> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Ok(());
    };
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    for (pointer, expected) in [
        ("/apiVersion", Some(api_version.as_str())),
        ("/kind", Some(kind.as_str())),
        ("/metadata/name", Some(name.as_str())),
        ("/metadata/namespace", namespace.as_deref()),
    ] {
        if text(pointer) != expected {
            let found = text(pointer).unwrap_or("nothing");
            return Err(format!("BadRequest: {pointer} of {key} is {found:?}: it does not match the URL"));
        }
    }
    if names::is_cluster_scoped(key) == namespace.is_some() && (namespace.is_some() || is_builtin(api_version)) {
        return Err(format!(
            "the server could not find the requested resource ({key}: wrong scope for {})",
            plural(kind)
        ));
    }
    names::check_name(key, name)
        .map_err(|rule| format!("{kind} {name:?} is invalid: metadata.name: Invalid value: {name:?}: {rule}"))?;
    strict(key, document)?;
    for (place, is_label) in [("/metadata/labels", true), ("/metadata/annotations", false)] {
        let Some(map) = document.pointer(place).and_then(Value::as_object) else {
            continue;
        };
        for (label, value) in map {
            let at = place.replace('/', ".");
            let invalid =
                |rule: &str| format!("{kind} {name:?} is invalid: {}: Invalid value: {label:?}: {rule}", &at[1..]);
            names::check_label_key(label).map_err(invalid)?;
            let Some(value) = value.as_str() else {
                return Err(invalid("must be a string"));
            };
            if is_label {
                names::check_label_value(value).map_err(|rule| invalid(&format!("{value:?}: {rule}")))?;
            }
        }
    }
    Ok(())
}

fn is_builtin(api_version: &str) -> bool {
    GROUPS.contains(&group_of(api_version))
}

fn strict(key: &ObjectKey, document: &Value) -> Result<(), String> {
    let of_others = || FIELDS.iter().find(|(kind, _)| *kind == key.kind()).map(|(_, fields)| *fields);
    let known = kinds::of(key).map(|kind| kind.roots).or_else(of_others);
    let top = document.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let unknown_top = known.and_then(|fields| {
        top.into_iter().find(|name| !["apiVersion", "kind", "metadata"].contains(name) && !fields.contains(name))
    });
    let metadata = document.get("metadata").and_then(Value::as_object);
    let unknown_metadata =
        metadata.and_then(|metadata| metadata.keys().find(|name| !METADATA.contains(&name.as_str())));
    match (unknown_top, unknown_metadata) {
        (Some(name), _) => Err(format!("strict decoding error: unknown field {name:?}")),
        (_, Some(name)) => Err(format!("strict decoding error: unknown field \"metadata.{name}\"")),
        (None, None) => Ok(()),
    }
}

pub fn immutable(key: &ObjectKey, before: &Value, after: &Value) -> Result<(), String> {
    let kept = match (kinds::of(key), key.kind()) {
        (Some(kind), _) => kind.immutable,
        (None, "ClusterRoleBinding") => &["/roleRef"],
        (None, _) => &[],
    };
    match kept.iter().find(|field| before.pointer(field) != after.pointer(field)) {
        Some(field) => Err(format!(
            "{} is invalid: {}: Invalid value: field is immutable ({key}): delete it and create it again",
            key.kind(),
            field[1..].replace('/', ".")
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::pointer;

    #[test]
    fn wrong_documents_are_refused_with_the_reason() {
        let config_map = ObjectKey::kube("v1", "ConfigMap", Some("a"), "b");
        let good = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "a"}, "data": {"k": "v"}});
        assert_eq!(check(&config_map, &good), Ok(()));
        let with = |pointer: &str, value: Value| {
            let mut changed = good.clone();
            pointer::set(&mut changed, pointer, value);
            changed
        };
        for (changed, expected, reason) in [
            (with("/metadata/name", json!("c")), "does not match the URL", "the key is the URL"),
            (with("/kind", json!("Secret")), "does not match the URL", "so is the kind"),
            (with("/spec", json!({})), "unknown field \"spec\"", "strict at the top"),
            (with("/metadata/label", json!({})), "unknown field \"metadata.label\"", "strict in metadata"),
            (with("/metadata/labels", json!({"a": "x y"})), "a valid label", "label values"),
            (with("/metadata/labels", json!({"a": 1})), "must be a string", "labels are strings"),
            (with("/metadata/annotations", json!({"a b": "x"})), "name part", "annotation keys"),
        ] {
            let said = check(&config_map, &changed).expect_err(reason);
            assert!(said.contains(expected), "{reason}: {said}");
        }
        let nowhere = ObjectKey::kube("v1", "ConfigMap", None, "b");
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}});
        assert!(check(&nowhere, &body).is_err(), "a ConfigMap lives in a namespace");
    }

    #[test]
    fn groups_are_served_by_cluster() {
        let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("a cluster");
        let mut cluster = ClusterOptions::new(arn);
        assert!(is_served(&cluster, "v1") && is_served(&cluster, "networking.k8s.io/v1"));
        assert!(!is_served(&cluster, "cilium.io/v2") && !is_served(&cluster, "networking.k8s.aws/v1alpha1"));
        cluster.crds = vec!["ciliumnetworkpolicies.cilium.io".to_owned()];
        cluster.auto_mode = true;
        assert!(is_served(&cluster, "cilium.io/v2") && is_served(&cluster, "networking.k8s.aws/v1alpha1"));
    }

    #[test]
    fn a_role_binding_keeps_its_role() {
        let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "RoleBinding", Some("a"), "b");
        let (before, after) = (json!({"roleRef": {"name": "x"}}), json!({"roleRef": {"name": "y"}}));
        assert!(immutable(&key, &before, &after).is_err());
        assert!(immutable(&key, &before, &before).is_ok());
    }
}
