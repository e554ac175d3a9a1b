//! An environment by itself: what can be wrong with a request as a whole. Each rule names the field and the next step; all
//! of them are applied. What concerns one part of the request stands with its type. Knows the names.

mod quota;

use super::names::{namespace_name, namespaces};
use crate::{
    domain::{EnvironmentSpec, Problems},
    golden::{
        checks::{check_drift, check_namespace_length},
        namespace_checks::check_keys,
    },
};

/// A plan that nobody can read is no plan; Kubernetes itself bounds neither.
const MOST_NAMESPACES: usize = 20;

pub fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
    check_drift(spec.drift.as_ref(), problems);
    if let Some(owner) = &spec.owner {
        owner.check(problems);
    }
    check_namespaces(spec, problems);
    quota::check(spec, problems);
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
        check_keys([&namespace.labels, &namespace.annotations], &at, problems);
        if let Some(limits) = &namespace.limits {
            limits.check(&at, problems);
        }
        if let Some(pod_security) = &namespace.pod_security {
            pod_security.check(&at, problems);
        }
        let (outer, inner) = (spec.pod_security.as_ref(), namespace.pod_security.as_ref());
        if let (Some(outer), Some(inner)) = (outer.and_then(|p| p.enforce), inner.and_then(|p| p.enforce))
            && inner < outer
        {
            problems.error(
                "environment.pod_security_weaker",
                &[at[0], at[1], "pod_security", "enforce"],
                "A namespace's Pod Security level can only be stricter than the environment's",
                "Raise the level, or lower the environment's as far as the tier allows.",
            );
        }
    }
}
