//! An environment by itself: what can be wrong with a request as a whole. Each rule names the field and the next step; all
//! of them are applied. What concerns one part of the request stands with its type. Knows the names.

use super::names::{namespace_name, namespaces, priority_quota_name};
use crate::{
    domain::{BASE_QUOTA, EnvironmentSpec, Problems, Quantities},
    golden::{
        checks::{check_drift, check_namespace_length},
        quota::{check_part, part},
    },
};
use std::collections::BTreeMap;

/// A plan that nobody can read is no plan; Kubernetes itself bounds neither.
const MOST_NAMESPACES: usize = 20;

pub fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
    check_drift(spec.drift.as_ref(), problems);
    if let Some(owner) = &spec.owner {
        owner.check(problems);
    }
    check_namespaces(spec, problems);
    if let Some(quota) = &spec.quota {
        quota.check(problems);
        check_priorities(spec, &quota.by_priority, problems);
    }
    if let Some(limits) = &spec.limits {
        limits.check(&[], problems);
    }
    if let Some(pod_security) = &spec.pod_security {
        pod_security.check(&[], problems);
    }
    if let Some(network) = &spec.network {
        network.check(spec.name.as_str(), problems);
    }
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        persona.check(name, problems);
    }
    if let Some(adopt) = &spec.adopt {
        adopt.check(problems);
    }
}

fn check_namespaces(spec: &EnvironmentSpec, problems: &mut Problems) {
    let all = namespaces(spec);
    if all.is_empty() || all.len() > MOST_NAMESPACES {
        problems.error(
            "environment.namespace_count",
            &["namespaces"],
            format!("`namespaces` must have 1 to {MOST_NAMESPACES} keys, and has {}", all.len()),
            "Leave `namespaces` out for one namespace, or split the environment.",
        );
    }
    for (key, namespace) in &all {
        let at = ["namespaces", key.as_str()];
        let name = namespace_name(&spec.name, key);
        let next = "Shorten the environment's name or the key.";
        check_namespace_length("environment.namespace_length", &name, &at, next, problems);
        namespace.check(spec.pod_security.as_ref(), &at, problems);
    }
}

/// Each class has an object of its own, in each namespace.
fn check_priorities(spec: &EnvironmentSpec, by_priority: &BTreeMap<String, Quantities>, problems: &mut Problems) {
    let parts = namespaces(spec).len();
    let mut names: BTreeMap<String, &str> =
        [(BASE_QUOTA.to_owned(), ""), ("gp-no-system-priority".to_owned(), "")].into();
    for (class, resources) in by_priority {
        let at = ["quota", "by_priority", class.as_str()];
        if names.insert(priority_quota_name(class), class).is_some() {
            problems.error(
                "environment.priority_class_twice",
                &at,
                format!(
                    "The quota of {class:?} would have the name {}, which is taken: rename one of the classes",
                    priority_quota_name(class)
                ),
                "Rename one of the PriorityClasses.",
            );
        }
        for (resource, whole) in resources {
            let at = [at[0], at[1], at[2], resource.as_str()];
            check_part(resource, whole, &part(resource, whole, parts), parts, &at, problems);
        }
    }
}
