//! Objects that a path makes besides the built-in ones, and what it changes of those. Both are said in the document, never found out on
//! a cluster.

use super::{
    mentions,
    parameters::Parameters,
    template::{Condition, Template},
};
use crate::{domain::TierName, kinds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// One object for each namespace, environment or slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the manifest, for messages and for `after`.
    pub name: String,
    #[serde(default)]
    pub each: Each,
    /// Absent: in all tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub tiers: Option<Vec<TierName>>,
    /// A CEL expression: the object is only created where it is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub when: Option<Condition>,
    /// Names of manifests above this one that are created before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// A Kubernetes object. `{{ ... }}` in a value is CEL over `spec`, `facts`, `parameters`, `tier`, `environment` and `namespace`; one
    /// that is a whole value keeps its type.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub manifest: Template,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Each {
    /// Once in each of the environment's own namespaces, not those of isolated slots.
    #[default]
    Namespace,
    /// Once: in the namespace of the environment that it names, or of a kind in `cluster_kinds`.
    Environment,
    /// Once for each slot, in the slot's namespace.
    Slot,
}

/// Leaves out or changes built-in objects of a kind and name, of environments and of slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Such as `LimitRange` or `NetworkPolicy`.
    pub kind: String,
    /// Name of the object, in which `*` and `?` match as in IAM.
    pub name: String,
    /// Absent: in all tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub tiers: Option<Vec<TierName>>,
    /// `false` leaves it out. The guardrails judge what remains.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Merged over the object, with `spec` alone: maps are merged, everything else is replaced, null removes a field. With the
    /// placeholders of manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    pub set: Option<Template>,
}

fn yes() -> bool {
    true
}

/// Kinds that no manifest is of, whoever lists them, and why.
const NEVER: [(&str, &str); 10] = [
    ("Namespace", "namespaces are the environment's own: a team asks for them in `namespaces`"),
    ("Secret", "its content would stand in plans and in state; use an operator that fetches secrets"),
    ("ClusterRole", "it would grant power over the cluster"),
    ("ClusterRoleBinding", "it would grant power over the cluster"),
    ("ValidatingAdmissionPolicy", "it holds for the whole cluster; write a document of kind Policy"),
    ("ValidatingAdmissionPolicyBinding", "it holds for the whole cluster; write a document of kind Policy"),
    ("MutatingAdmissionPolicy", "it holds for the whole cluster"),
    ("MutatingAdmissionPolicyBinding", "it holds for the whole cluster"),
    ("ValidatingWebhookConfiguration", "it holds for the whole cluster"),
    ("MutatingWebhookConfiguration", "it holds for the whole cluster"),
];

/// Names of objects that the built-in part of a path makes.
const BUILT_IN: &str = "gp-";

// === impl Manifest ===

impl Manifest {
    pub fn is_in(&self, tier: &TierName) -> bool {
        self.tiers.as_ref().is_none_or(|tiers| tiers.contains(tier))
    }

    /// What is wrong with it, each at its field.
    fn check(&self, cluster_kinds: &[String], earlier: &[Self]) -> Vec<(&'static str, String)> {
        let written = self.manifest.original();
        let text = |pointer: &str| written.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (api, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        let mut found = vec![];
        let mut add = |field, reason: &str| found.push((field, reason.to_owned()));
        for (field, value) in [("manifest.apiVersion", api), ("manifest.kind", kind)] {
            if value.is_empty() || value.contains("{{") {
                add(field, "it is a text without placeholders: which kinds there are depends on no request");
            }
        }
        if name.is_empty() {
            add("manifest.metadata", "it has no name");
        }
        if name.starts_with(BUILT_IN) {
            add("manifest.metadata.name", "names that begin with gp- are those of the built-in objects");
        }
        if let Some((_, reason)) = NEVER.iter().find(|(never, _)| *never == kind) {
            add("manifest.kind", &format!("{kind} can't be a manifest: {reason}"));
        }
        let metadata = written.pointer("/metadata").and_then(Value::as_object);
        let known = ["name", "namespace", "labels", "annotations"];
        for (other, _) in metadata.into_iter().flatten().filter(|(field, _)| !known.contains(&field.as_str())) {
            add("manifest.metadata", &format!("{other} is not among {}", known.join(", ")));
        }
        let is_cluster_wide = cluster_kinds.contains(&format!("{api} {kind}"));
        let has_namespace = written.pointer("/metadata/namespace").is_some();
        match self.each {
            Each::Environment if is_cluster_wide || has_namespace => {}
            Each::Environment => {
                add("manifest.metadata", "it says in which namespace it is, or `cluster_kinds` lists its kind");
            }
            Each::Namespace | Each::Slot if is_cluster_wide => {
                add("each", "a kind of the whole cluster is made once for an `environment`");
            }
            Each::Namespace | Each::Slot if has_namespace => {
                add("manifest.metadata.namespace", "it is filled in: leave it out");
            }
            Each::Namespace | Each::Slot => {}
        }
        for name in self.after.iter().filter(|name| !earlier.iter().any(|earlier| earlier.name == **name)) {
            add("after", &format!("no manifest before this one is called {name}"));
        }
        found
    }
}

// === impl Tuning ===

impl Tuning {
    /// What depends on a parameter of slots is of their objects alone.
    pub fn is_of_slots(&self, parameters: &Parameters) -> bool {
        let mut expressions = self.set.iter().flat_map(Template::expressions);
        expressions.any(|expression| mentions::parameter_of_slots(expression, parameters).is_some())
    }
}

/// Each field that is wrong, from the document's root on.
pub(super) fn check(manifests: &[Manifest], objects: &[Tuning], cluster_kinds: &[String]) -> Vec<(String, String)> {
    let mut found = vec![];
    for (at, manifest) in manifests.iter().enumerate() {
        let (earlier, _) = manifests.split_at(at);
        if earlier.iter().any(|other| other.name == manifest.name) {
            found.push((format!("manifests.{at}.name"), "another manifest has that name".to_owned()));
        }
        let of_one = manifest.check(cluster_kinds, earlier).into_iter();
        found.extend(of_one.map(|(field, reason)| (format!("manifests.{at}.{field}"), reason)));
    }
    let tunable: BTreeSet<&str> = kinds::all().filter(|kind| kind.is_tunable).map(|kind| kind.name).collect();
    for (at, Tuning { kind, enabled, set, .. }) in objects.iter().enumerate() {
        if !tunable.contains(kind.as_str()) {
            let names: Vec<&str> = tunable.iter().copied().collect();
            let reason = format!("only these can be switched off or changed: {}", names.join(", "));
            found.push((format!("objects.{at}.kind"), reason));
        }
        if *enabled == set.is_none() {
            found.push((format!("objects.{at}"), "write either `enabled: false` or `set`".to_owned()));
        }
        let roots = set.as_ref().and_then(|set| set.original().as_object());
        for (root, _) in roots.into_iter().flatten().filter(|(root, _)| *root != "spec") {
            found.push((format!("objects.{at}.set.{root}"), "only `spec` can be changed".to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_manifest_is_an_ordinary_object_of_the_environment() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
        let with = |pointer: &str, name: &str, value: Value| {
            let mut config = config.clone();
            config.pointer_mut(pointer).and_then(Value::as_object_mut).expect("there").insert(name.into(), value);
            json!({"name": "m", "manifest": config})
        };
        let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "x"}});
        let webhook = json!("ValidatingWebhookConfiguration");
        let mutation = json!("MutatingAdmissionPolicy");
        for (manifest, field, reason) in [
            (json!({"name": "m", "manifest": config}), None, "as it should be"),
            (with("", "kind", json!("{{ spec.kind }}")), Some("manifests.0.manifest.kind"), "a kind by request"),
            (with("", "kind", json!("Secret")), Some("manifests.0.manifest.kind"), "a secret in a plan"),
            (with("", "kind", webhook), Some("manifests.0.manifest.kind"), "power over the cluster"),
            (with("", "kind", mutation), Some("manifests.0.manifest.kind"), "the same, in CEL"),
            (
                with("/metadata", "name", json!("gp-base")),
                Some("manifests.0.manifest.metadata.name"),
                "a built-in name",
            ),
            (
                with("/metadata", "finalizers", json!([])),
                Some("manifests.0.manifest.metadata"),
                "what blocks a removal",
            ),
            (with("/metadata", "namespace", json!("x")), Some("manifests.0.manifest.metadata.namespace"), "filled in"),
            (
                json!({"name": "m", "each": "environment", "manifest": config}),
                Some("manifests.0.manifest.metadata"),
                "in which namespace?",
            ),
            (json!({"name": "m", "each": "environment", "manifest": class}), None, "a listed kind of the cluster"),
            (json!({"name": "m", "each": "slot", "manifest": class}), Some("manifests.0.each"), "one for each slot"),
            (json!({"name": "m", "after": ["n"], "manifest": config}), Some("manifests.0.after"), "after nothing"),
        ] {
            let manifest: Manifest = serde_json::from_value(manifest).expect(reason);
            let found = check(&[manifest], &[], &["storage.k8s.io/v1 StorageClass".to_owned()]);
            let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, Vec::from_iter(field), "{reason}: {found:?}");
        }
    }

    #[test]
    fn only_what_gives_no_access_is_changed() {
        for (tuning, field, reason) in [
            (json!({"kind": "LimitRange", "name": "*", "set": {"spec": {}}}), None, "a change"),
            (json!({"kind": "NetworkPolicy", "name": "gp-allow-monitoring", "enabled": false}), None, "off"),
            (json!({"kind": "RoleBinding", "name": "*", "enabled": false}), Some("objects.0.kind"), "who may do what"),
            (json!({"kind": "LimitRange", "name": "*"}), Some("objects.0"), "nothing"),
            (
                json!({"kind": "LimitRange", "name": "*", "set": {"metadata": {}}}),
                Some("objects.0.set.metadata"),
                "whose it is",
            ),
        ] {
            let tuning: Tuning = serde_json::from_value(tuning).expect(reason);
            let found = check(&[], &[tuning], &[]);
            let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, Vec::from_iter(field), "{reason}: {found:?}");
        }
    }
}
