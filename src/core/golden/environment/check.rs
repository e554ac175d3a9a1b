//! An environment by itself: what can be wrong with a request as a whole. Each rule names the field and the next step; all
//! of them are applied. Knows the names and the forms.

mod access;
mod network;
mod quota;

use super::names::{namespace_name, namespaces};
use crate::{
    domain::{AdoptMode, Contact, EnvironmentSpec, Limits, PodSecurity, Problems},
    golden::{
        checks::{check_bytes, check_drift, check_namespace_length},
        forms,
        namespace_checks::check_keys,
    },
};

/// A plan that nobody can read is no plan; Kubernetes itself bounds neither.
const MOST_NAMESPACES: usize = 20;

pub fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
    check_drift(spec.drift.as_ref(), problems);
    if let Some(owner) = &spec.owner {
        check_owner(owner, problems);
    }
    check_namespaces(spec, problems);
    quota::check(spec, problems);
    check_limits(spec.limits.as_ref(), &[], problems);
    check_pod_security(spec.pod_security.as_ref(), &[], problems);
    if let Some(network) = &spec.network {
        network::check(spec.name.as_str(), network, problems);
    }
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        access::check(name, persona, problems);
    }
    if let Some(adopt) = &spec.adopt {
        if adopt.mode == AdoptMode::Fail && !adopt.take_fields.is_empty() {
            problems.error(
                "environment.adopt_fields_unused",
                &["adopt", "take_fields"],
                "Fields are only taken while adopting",
                "Set `adopt.mode = \"if_marked\"`, or leave `take_fields` out.",
            );
        }
        for pointer in adopt.take_fields.iter().filter(|pointer| !pointer.starts_with('/')) {
            problems.error(
                "environment.adopt_field_form",
                &["adopt", "take_fields"],
                format!("{pointer:?} is not a JSON pointer"),
                "Write a pointer such as /spec/hard/pods (RFC 6901).",
            );
        }
    }
}

fn check_owner(owner: &Contact, problems: &mut Problems) {
    let Contact { contact, cost_center, slack, oncall, data_class, docs } = owner;
    // These become tags of AWS objects as well.
    for (field, value) in
        [("contact", Some(contact)), ("cost_center", Some(cost_center)), ("data_class", data_class.as_ref())]
    {
        if value.is_some_and(|value| !forms::is_tag_value(value)) {
            problems.error(
                "environment.owner_form",
                &["owner", field],
                format!("`owner.{field}` cannot be a tag of AWS resources"),
                "Use 1 to 256 letters, digits, spaces and _ . : / = + - @ (IAM, Tag).",
            );
        }
    }
    for (field, value) in [("slack", slack), ("oncall", oncall), ("docs", docs)] {
        if value.as_ref().is_some_and(|value| value.is_empty() || value.chars().any(char::is_control)) {
            problems.error(
                "environment.owner_form",
                &["owner", field],
                format!("`owner.{field}` is empty or has control characters"),
                "Write one line, or leave it out.",
            );
        }
    }
}

fn check_namespaces(spec: &EnvironmentSpec, problems: &mut Problems) {
    let all = namespaces(spec);
    if all.is_empty() || all.len() > MOST_NAMESPACES {
        problems.error(
            "environment.namespace_count",
            &["namespaces"],
            format!("An environment has 1 to {MOST_NAMESPACES} namespaces, and this one has {}", all.len()),
            "Leave `namespaces` out for one namespace, or split the environment.",
        );
    }
    for (key, namespace) in &all {
        let at = ["namespaces", key.as_str()];
        let name = namespace_name(&spec.name, key);
        let next = "Shorten the environment's name or the key.";
        check_namespace_length("environment.namespace_length", &name, &at, next, problems);
        check_keys([&namespace.labels, &namespace.annotations], &at, problems);
        check_limits(namespace.limits.as_ref(), &at, problems);
        check_pod_security(namespace.pod_security.as_ref(), &at, problems);
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

fn check_limits(limits: Option<&Limits>, at: &[&str], problems: &mut Problems) {
    let Some(container) = limits.and_then(|limits| limits.container.as_ref()) else {
        return;
    };
    let at = |field| [at, &["limits", "container", field]].concat();
    for (field, value) in [
        ("default_memory", &container.default_memory),
        ("default_request_cpu", &container.default_request_cpu),
        ("default_request_memory", &container.default_request_memory),
        ("max_memory", &container.max_memory),
    ] {
        if value.as_ref().is_some_and(|value| value.is_negative() || value.is_zero()) {
            problems.error(
                "environment.limit_not_positive",
                &at(field),
                format!("`limits.container.{field}` must be more than 0"),
                "Raise it, or leave it out for the tier's default.",
            );
        } else if let Some(value) = value.as_ref().filter(|_| field.ends_with("memory")) {
            check_bytes(field, value, &at(field), problems);
        }
    }
    for (low, high, names) in [
        (&container.default_request_memory, &container.default_memory, ["default_request_memory", "default_memory"]),
        (&container.default_memory, &container.max_memory, ["default_memory", "max_memory"]),
        (&container.default_request_memory, &container.max_memory, ["default_request_memory", "max_memory"]),
    ] {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            problems.error(
                "environment.limits_order",
                &at(names[0]),
                format!("{} of {} is more than {} of {}", names[0], low.original(), names[1], high.original()),
                "Kubernetes refuses such a LimitRange. Lower the first or raise the second.",
            );
        }
    }
}

fn check_pod_security(pod_security: Option<&PodSecurity>, at: &[&str], problems: &mut Problems) {
    if let Some(version) = pod_security.and_then(|p| p.version.as_deref())
        && !forms::is_minor_version(version)
    {
        problems.error(
            "environment.pod_security_version",
            &[at, &["pod_security", "version"]].concat(),
            format!("{version:?} is not a version of Pod Security"),
            "`latest` would change under running workloads. Write a minor version of Kubernetes, such as 1.36.",
        );
    }
}
