//! A policy as objects of the cluster. Knows the kinds and the makers.

use crate::{
    domain::{Body, Desired, ObjectKey},
    golden::objects::{document::document, mark::cluster_labels},
    kinds::{
        Kind,
        kubernetes::{validating_admission_policy, validating_admission_policy_binding},
    },
    policy::document::Installed,
};
use serde_json::{Value, json};

/// The policy goes before its bindings.
pub fn objects(installed: &Installed) -> Vec<Desired> {
    let policy = object(&validating_admission_policy::KIND, &installed.policy);
    let needs = vec![policy.key.clone()];
    let bindings = installed
        .bindings
        .iter()
        .map(|binding| Desired { needs: needs.clone(), ..object(&validating_admission_policy_binding::KIND, binding) });
    let bindings: Vec<Desired> = bindings.collect();
    [policy].into_iter().chain(bindings).collect()
}

fn object(kind: &Kind, (name, spec): &(String, Value)) -> Desired {
    let body = document(kind.api, kind.name, None, name, cluster_labels(), json!({ "spec": spec }));
    Desired::new(ObjectKey::kube(kind.api, kind.name, None, name), Some(Body::Kube(body)))
}
