//! The namespace that manifests are for: with it the guards judge them too, as they would at admission.

use goldenpath_core::{
    domain::{Guard, yaml},
    policy::{document::Policy, guards},
};
use serde_json::Value;

/// Of an environment.
#[derive(Debug)]
pub(super) struct Home {
    pub name: String,
    pub document: Value,
}

// === impl Home ===

impl Home {
    /// As `kubectl get namespace <name> -o yaml` prints it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let document = yaml::read(text).map_err(|error| error.to_string())?;
        let text = |path: &str| document.pointer(path).and_then(Value::as_str);
        let is_namespace = text("/kind") == Some("Namespace") && text("/apiVersion") == Some("v1");
        let Some(name) = text("/metadata/name").filter(|_| is_namespace).map(str::to_owned) else {
            return Err("no Namespace: print one with `kubectl get namespace <name> -o yaml`".to_owned());
        };
        if document.pointer("/metadata/labels/goldenpath.internal~1environment").is_none() {
            return Err(format!(
                "{name} is not a namespace of an environment: it has no label goldenpath.internal/environment"
            ));
        }
        Ok(Self { name, document })
    }

    /// What holds in environments. Two guards look at the whole cluster, and at what no tenant makes.
    pub(super) fn guards(&self) -> impl Iterator<Item = &Policy> {
        let is_inside = |guard: &Guard| !matches!(guard, Guard::ClusterRoles | Guard::Namespaces);
        guards().iter().filter(move |(guard, _)| is_inside(guard)).map(|(_, policy)| policy)
    }

    /// Whether an object is for it: one without a namespace goes where it is applied.
    pub(super) fn has(&self, namespace: Option<&str>) -> bool {
        namespace.is_none_or(|namespace| namespace == self.name)
    }
}
